//! What each action of the table does.

use super::action::{Act, Scope};
use super::app::{App, Engine, Popup, Screen};
use super::live::State;
use super::picker::Picker;
use super::points::Grouping;
use super::update::{Effect, Manner};
use crate::model::{Toggle, Toggles};
use crate::profile::Step;
use crate::trace::Phase;
use crate::units::Nanos;

impl App {
    /// Does an action, if it can be done; says why not otherwise.
    pub fn perform(&mut self, act: Act) -> Vec<Effect> {
        if let Some(why_not) = self.why_not(act) {
            self.say(why_not, false);
            return Vec::new();
        }
        match self.popup.take() {
            Some(popup) => self.in_popup(popup, act),
            None => self.on_screen(act),
        }
    }

    fn on_screen(&mut self, act: Act) -> Vec<Effect> {
        match act {
            Act::Run => return self.start(Manner::Timed),
            Act::TraceRun => return self.start(Manner::Traced),
            Act::Step => return self.start(Manner::Stepped),
            Act::MeasurePeaks => return self.measure_peaks(),
            Act::Cancel => return self.cancel(),
            Act::Interrupt if self.why_not(Act::Cancel).is_none() => return self.cancel(),
            Act::Quit | Act::Interrupt => return vec![Effect::Quit(None)],
            Act::Save => return self.save(),
            Act::Repaint => return vec![Effect::Repaint],
            Act::Suspend => return vec![Effect::Suspend],
            Act::EditPrompt => self.popup = Some(Popup::Prompt),
            Act::Toggles => self.popup = Some(Popup::Toggles { draft: self.toggles.clone(), row: 0 }),
            Act::Models => self.popup = Some(Popup::Models(Picker::default())),
            Act::Find if self.chart().is_some() => self.popup = Some(Popup::Find(Picker::default())),
            Act::Palette => self.popup = Some(Popup::Palette(Picker::default())),
            Act::Help => self.popup = Some(Popup::Help { scroll: 0 }),
            Act::Blocks => self.screen = Screen::Blocks,
            Act::Timeline => self.screen = Screen::Timeline,
            Act::Roofline => self.screen = Screen::Roofline,
            Act::Memory => self.screen = Screen::Memory,
            Act::Generate => self.screen = Screen::Generate,
            Act::SingleStep => self.screen = Screen::SingleStep,
            Act::NextScreen => self.turn(1),
            Act::PreviousScreen => self.turn(Screen::ALL.len() - 1),
            Act::StepPart => return self.go_on(Step::Part),
            Act::StepBlock => return self.go_on(Step::Block),
            Act::StepPass => return self.go_on(Step::Pass),
            Act::StepOn => return self.go_on(Step::Run),
            act => match self.screen {
                Screen::Blocks => self.on_blocks(act),
                Screen::Timeline => self.on_timeline(act),
                Screen::Roofline | Screen::Memory => self.on_list(act),
                Screen::Generate => self.on_generate(act),
                Screen::SingleStep => {}
            },
        }
        Vec::new()
    }

    fn turn(&mut self, by: usize) {
        self.screen = Screen::ALL[(self.screen as usize + by) % Screen::ALL.len()];
    }

    fn cancel(&mut self) -> Vec<Effect> {
        if let Some(live) = self.live.as_mut().filter(|live| live.is_going_on()) {
            live.state = State::Cancelling;
        } else if let Some(measuring) = &mut self.measuring {
            measuring.cancelled = true;
        } else {
            self.load_cancelled = true;
        }
        self.run_when_loaded = None;
        vec![Effect::Cancel]
    }

    fn go_on(&mut self, step: Step) -> Vec<Effect> {
        if let Some(live) = &mut self.live {
            live.state = State::Running;
            live.stepping = step != Step::Run;
        }
        vec![Effect::Step(step)]
    }

    fn save(&mut self) -> Vec<Effect> {
        let Some(live) = &self.live else { return Vec::new() };
        if let Some(file) = &live.file {
            let text = format!("this run is saved already, as {file}");
            self.say(text, false);
            return Vec::new();
        }
        let name = format!("blockscope-run-{}.jsonl", stamp(live.run.header.created));
        vec![Effect::Save { name, run: Box::new(live.run.clone()) }]
    }

    fn on_blocks(&mut self, act: Act) {
        let nodes = self.nodes();
        let at = self.outline.index(&nodes);
        let page = self.drawn.rows.1.max(2) as isize - 1;
        let to = |by: isize| at.saturating_add_signed(by).min(nodes.len().saturating_sub(1));
        let target = match act {
            Act::Up => to(-1),
            Act::Down => to(1),
            Act::PageUp => to(-page),
            Act::PageDown => to(page),
            Act::First => 0,
            Act::Last => nodes.len().saturating_sub(1),
            _ => at,
        };
        let Some(node) = nodes.get(target) else { return };
        self.outline.selected = node.path.clone();
        match act {
            Act::Open => self.twist(&node.path),
            Act::Close if node.open => drop(self.outline.open.remove(&node.path)),
            Act::Close => {
                if let Some(parent) = super::parts::parent(&node.path) {
                    self.outline.selected = parent.to_owned();
                }
            }
            Act::OpenAll => {
                let card = match &self.engine {
                    Engine::Ready(card) => Some(&**card),
                    Engine::Loading { previous, .. } => previous.as_deref(),
                    Engine::Viewer | Engine::Empty => None,
                };
                self.outline.open_all(self.live.as_ref(), card);
            }
            Act::CloseAll => self.outline.open.clear(),
            Act::Phase => {
                self.outline.follows = false;
                self.outline.phase = match self.outline.phase {
                    Some(Phase::Prefill) => Some(Phase::Decode),
                    Some(Phase::Decode) => None,
                    None => Some(Phase::Prefill),
                };
            }
            Act::PerStep => self.outline.per_step = !self.outline.per_step,
            Act::Slowest => self.reveal_slowest(),
            _ => {}
        }
    }

    /// The list of the Roofline or the Memory screen.
    fn on_list(&mut self, act: Act) {
        match act {
            Act::Phase => {
                self.outline.follows = false;
                self.outline.phase = match self.one_phase() {
                    Phase::Prefill => Some(Phase::Decode),
                    Phase::Decode => Some(Phase::Prefill),
                };
            }
            Act::Grouping => {
                let (listed, groupings) = match self.screen {
                    Screen::Memory => (&mut self.memory, 2),
                    _ => (&mut self.roofline, Grouping::ALL.len()),
                };
                listed.grouping = Grouping::ALL[(listed.grouping as usize + 1) % groupings];
            }
            _ => {
                let names = self.listed();
                let at = if self.screen == Screen::Memory { &self.memory } else { &self.roofline }
                    .index(names.iter().copied());
                let page = self.drawn.listed.1.max(2) as isize - 1;
                let to = |by: isize| at.saturating_add_signed(by).min(names.len().saturating_sub(1));
                let target = match act {
                    Act::Up => to(-1),
                    Act::Down => to(1),
                    Act::PageUp => to(-page),
                    Act::PageDown => to(page),
                    Act::First => 0,
                    Act::Last => to(isize::MAX),
                    _ => return,
                };
                if let Some(name) = names.get(target).map(|&name| name.to_owned()) {
                    self.select(name);
                }
            }
        }
    }

    /// The names of the rows of the present list.
    fn listed(&self) -> Vec<&str> {
        let Some(sums) = self.sums() else { return Vec::new() };
        match self.screen {
            Screen::Memory => sums.memory.rows(self.memory.grouping).iter().map(|row| row.name.as_str()).collect(),
            _ => sums.points(self.roofline.grouping).iter().map(|point| point.name.as_str()).collect(),
        }
    }

    /// Selects a row of the present list.
    pub(super) fn select(&mut self, name: String) {
        if self.screen == Screen::Memory { &mut self.memory } else { &mut self.roofline }.selected = name;
    }

    /// Opens what is closed, closes what is open.
    pub(super) fn twist(&mut self, path: &str) {
        if !self.outline.open.remove(path) {
            self.outline.open.insert(path.to_owned());
        }
    }

    fn reveal_slowest(&mut self) {
        let Some(live) = &self.live else { return };
        let leaves = (0..live.run.parts.len() as u32).filter(|&part| live.tally.children(Some(part)).is_empty());
        let timed = leaves.filter_map(|part| Some((live.tally.row(part, self.outline.phase)?.typical, part)));
        if let Some((_, part)) = timed.max() {
            let path = live.run.parts[part as usize].path.clone();
            self.outline.reveal(&path);
        }
    }

    fn on_generate(&mut self, act: Act) {
        let Some(at) = self.selected_token() else {
            if act == Act::Colour {
                self.reading.coloured = !self.reading.coloured;
            }
            return;
        };
        let last = self.tokens().len() - 1;
        let line = |by: isize| {
            let page = &self.drawn.page;
            let (line, x) = (page.line_of(at)?, page.column_of(at)?);
            page.token_near(line.checked_add_signed(by)?, x)
        };
        let page = self.drawn.lines.1.max(2) as isize - 1;
        let selected = match act {
            Act::Left => at.saturating_sub(1),
            Act::Right => (at + 1).min(last),
            Act::Up => line(-1).unwrap_or(at),
            Act::Down => line(1).unwrap_or(at),
            Act::First => 0,
            Act::PageUp => return self.scroll_text(-page),
            Act::PageDown => return self.scroll_text(page),
            Act::Follow => {
                self.reading.selected = None;
                self.reading.scroll = None;
                return;
            }
            Act::Colour => {
                self.reading.coloured = !self.reading.coloured;
                return;
            }
            _ => return,
        };
        self.reading.selected = Some(selected);
        self.reading.scroll = None;
    }

    fn scroll_text(&mut self, by: isize) {
        let (first, height) = self.drawn.lines;
        let most = self.drawn.page.lines.len().saturating_sub(height);
        self.reading.scroll = Some(first.saturating_add_signed(by).min(most));
    }

    /// The mouse wheel: so many lines down.
    pub(super) fn wheel(&mut self, by: isize) -> Vec<Effect> {
        match (&mut self.popup, self.screen) {
            (None, Screen::Generate) => self.scroll_text(by),
            (None | Some(Popup::Toggles { .. } | Popup::Models(_) | Popup::Find(_) | Popup::Palette(_)), _) => {
                // In a list the selection moves, a row at a time.
                let act = if by < 0 { Act::Up } else { Act::Down };
                let rows = if self.popup.is_none() { by.unsigned_abs() } else { 1 };
                return (0..rows).flat_map(|_| self.perform(act)).collect();
            }
            (Some(Popup::Help { scroll } | Popup::Notice { scroll, .. }), _) => {
                *scroll = (self.drawn.entries.0 as u16).saturating_add_signed(by as i16);
            }
            (Some(Popup::Prompt), _) => self.form.text.scroll((by as i16, 0)),
        }
        Vec::new()
    }

    fn in_popup(&mut self, popup: Popup, act: Act) -> Vec<Effect> {
        let page = self.drawn.entries.1.max(2) as isize - 1;
        let by = match act {
            Act::Up => -1,
            Act::Down => 1,
            Act::PageUp => -page,
            Act::PageDown => page,
            _ => 0,
        };
        // From where it was drawn: past the end there is nowhere to come back from.
        let scrolled = (self.drawn.entries.0 as u16).saturating_add_signed(by as i16);
        match (popup, act) {
            (_, Act::Dismiss | Act::Interrupt) => Vec::new(),
            (_, Act::Quit) => vec![Effect::Quit(None)],
            (Popup::Prompt, act) => self.in_prompt(act),
            (Popup::Toggles { draft, row }, act) => self.in_toggles(draft, row, act),
            (Popup::Models(mut picker), act) => {
                let choices = picker.models(&self.cached);
                match choices.get(picker.selected) {
                    Some(choice) if act == Act::Accept => return self.load(choice.source.clone()),
                    _ => picker.go(by, choices.len()),
                }
                self.popup = Some(Popup::Models(picker));
                Vec::new()
            }
            (Popup::Find(mut picker), act) => {
                let names = self.chart().map(|chart| picker.names(chart)).unwrap_or_default();
                match names.get(picker.selected) {
                    Some(group) if act == Act::Accept => {
                        self.seek(group.name);
                        return Vec::new();
                    }
                    _ => picker.go(by, names.len()),
                }
                self.popup = Some(Popup::Find(picker));
                Vec::new()
            }
            (Popup::Palette(mut picker), act) => {
                let actions = picker.actions(&[self.screen.scope(), Scope::Everywhere]);
                match actions.get(picker.selected) {
                    Some(action) if act == Act::Accept => return self.perform(action.act),
                    _ => picker.go(by, actions.len()),
                }
                self.popup = Some(Popup::Palette(picker));
                Vec::new()
            }
            (Popup::Help { .. }, _) => {
                self.popup = Some(Popup::Help { scroll: scrolled });
                Vec::new()
            }
            (Popup::Notice { .. }, Act::Models | Act::Toggles) => self.on_screen(act),
            (Popup::Notice { title, text, bad, .. }, _) => {
                self.popup = Some(Popup::Notice { title, text, bad, scroll: scrolled });
                Vec::new()
            }
        }
    }

    fn in_prompt(&mut self, act: Act) -> Vec<Effect> {
        match act {
            Act::AcceptAndRun => return self.perform(Act::Run),
            Act::NextField => self.form.go(true),
            Act::PreviousField => self.form.go(false),
            _ => {}
        }
        self.popup = Some(Popup::Prompt);
        Vec::new()
    }

    fn in_toggles(&mut self, mut draft: Toggles, row: usize, act: Act) -> Vec<Effect> {
        let n = Toggle::ALL.len();
        let row = match act {
            Act::Up => (row + n - 1) % n,
            Act::Down => (row + 1) % n,
            _ => row.min(n - 1),
        };
        let toggle = Toggle::ALL[row];
        match act {
            Act::Left | Act::Right => {
                let values = toggle.values();
                let n = values.len();
                let at = values.iter().position(|value| *value == draft.get(toggle)).unwrap_or(0);
                // The next value that can be had; what cannot is passed over.
                let others = (1..n).map(|by| if act == Act::Left { at + n - by } else { at + by } % n);
                let changed: Vec<_> = others.map(|to| self.with_value(&draft, toggle, &values[to])).collect();
                match changed.iter().find_map(|changed| changed.as_ref().ok()) {
                    Some(next) => draft = next.clone(),
                    None => changed
                        .into_iter()
                        .find_map(Result::err)
                        .into_iter()
                        .for_each(|why_not| self.say(why_not, true)),
                }
            }
            Act::Accept | Act::AcceptAndRun => {
                if let Some(why_not) = self.card().and_then(|card| draft.check(&card.spec).err()) {
                    self.say(why_not.to_string(), true);
                } else {
                    return self.apply(draft, act == Act::AcceptAndRun);
                }
            }
            _ => {}
        }
        self.popup = Some(Popup::Toggles { draft, row });
        Vec::new()
    }

    /// Rebuilds the model with other toggles, and runs it if asked to.
    fn apply(&mut self, toggles: Toggles, run: bool) -> Vec<Effect> {
        let same = toggles == self.toggles;
        self.toggles = toggles;
        match self.source.clone() {
            Some(source) if !same => {
                self.run_when_loaded = run.then_some(Manner::Timed);
                self.load(source)
            }
            _ if run => self.perform(Act::Run),
            _ => Vec::new(),
        }
    }

    /// These toggles with one of them changed.
    ///
    /// # Errors
    /// Why the loaded model cannot run so.
    pub fn with_value(&self, toggles: &Toggles, toggle: Toggle, value: &str) -> Result<Toggles, String> {
        let mut changed = toggles.clone();
        changed.set(toggle, value).map_err(|error| error.to_string())?;
        if let Some(card) = self.card() {
            changed.check(&card.spec).map_err(|error| error.to_string())?;
        }
        Ok(changed)
    }

    /// A click on a value of the toggle panel.
    pub(super) fn choose_value(&mut self, at: usize, value: &str) {
        let (Some(Popup::Toggles { draft, .. }), Some(&toggle)) = (&self.popup, Toggle::ALL.get(at)) else { return };
        let (draft, changed) = (draft.clone(), self.with_value(draft, toggle, value));
        let draft = changed.unwrap_or_else(|why_not| {
            self.say(why_not, true);
            draft
        });
        self.popup = Some(Popup::Toggles { draft, row: at });
    }

    /// A click on an entry of a list: it is taken at once.
    pub(super) fn click_entry(&mut self, entry: usize) -> Vec<Effect> {
        match &mut self.popup {
            Some(Popup::Models(picker) | Popup::Find(picker) | Popup::Palette(picker)) => {
                picker.selected = entry;
                self.perform(Act::Accept)
            }
            _ => Vec::new(),
        }
    }
}

/// `20261123-201500`, in UTC, from seconds since 1970.
pub(super) fn stamp(seconds: u64) -> String {
    let (year, month, day) = date(seconds / 86_400);
    let time = seconds % 86_400;
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", time / 3600, time / 60 % 60, time % 60)
}

/// `2026-11-23 20:15 UTC`.
pub fn moment(seconds: u64) -> String {
    let (year, month, day) = date(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", seconds % 86_400 / 3600, seconds / 60 % 60)
}

/// Year, month and day of a day since 1970: 400 years have 146 097 days, and counted from March the leap day is last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * era + year_of_era + carry, month, day)
}

/// How long something has been going on.
pub(super) fn elapsed(since: Nanos, now: Nanos) -> String {
    format!("{:.1} s", (now - since).seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_right() {
        assert_eq!(stamp(0), "19700101-000000");
        assert_eq!(stamp(1_795_464_900), "20261123-201500");
        assert_eq!(moment(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(moment(1_735_689_599), "2024-12-31 23:59 UTC");
    }
}
