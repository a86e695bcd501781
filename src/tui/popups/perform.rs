//! What the keys do in the popups.

use crate::arch::{Toggle, Toggles};
use crate::tui::action::{Act, Scope};
use crate::tui::app::{App, Popup, Screen};
use crate::tui::effect::Effect;
use crate::tui::manner::Manner;
use crate::tui::popups::picker::Picker;

impl App {
    pub(in crate::tui) fn in_popup(&mut self, popup: Popup, act: Act) -> Vec<Effect> {
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
            (Popup::Candidate(candidate), act) => self.in_candidate(candidate, act),
            (Popup::Values { row }, act) => self.in_values(row, act),
            (Popup::Changing(changing), act) => self.in_changing(changing, act),
            (Popup::Tokens { lines, .. }, _) => {
                self.popup = Some(Popup::Tokens { lines, scroll: scrolled });
                Vec::new()
            }
            (Popup::Effect { .. }, _) => {
                self.popup = Some(Popup::Effect { scroll: scrolled });
                Vec::new()
            }
            (Popup::Jump(picker), act) => self.in_jump(picker, act, by),
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
            (Popup::Glossary(mut picker), _) => {
                picker.go(by, picker.terms().len());
                self.popup = Some(Popup::Glossary(picker));
                Vec::new()
            }
            (Popup::Palette(mut picker), act) => {
                let actions = picker.actions(&[Scope::On(self.screen), Scope::Everywhere]);
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

    /// To a head where all of them are seen, else to a position.
    fn in_jump(&mut self, mut picker: Picker, act: Act, by: isize) -> Vec<Effect> {
        let is_of_heads = self.jumps_to_heads();
        let Some(seen) = &self.explorer else { return Vec::new() };
        let places = if is_of_heads { picker.heads(&seen.scores) } else { picker.positions(&seen.text.tokens) };
        match (places.get(picker.selected), act) {
            (Some(&head), Act::Accept | Act::AcceptKey) if is_of_heads => {
                self.selection.selected = seen.scores[head].at
            }
            (Some(&position), Act::Accept) => self.selection.query = position,
            (Some(&position), Act::AcceptKey) => self.selection.key = position,
            _ => {
                picker.go(by, places.len());
                self.popup = Some(Popup::Jump(picker));
            }
        }
        Vec::new()
    }

    /// Whether what is gone to are heads.
    pub(in crate::tui) fn jumps_to_heads(&self) -> bool {
        self.screen == Screen::Heads && !self.selection.is_on_one()
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
            Act::Left | Act::Right => match self.next_value(&draft, toggle, act == Act::Right) {
                Ok(next) => draft = next,
                Err(why_not) => self.say(why_not, true),
            },
            Act::Accept | Act::AcceptAndRun => {
                if let Some(why_not) = self.card().and_then(|card| draft.check(&card.model).err()) {
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

    /// These toggles with the next value of one of them (or the one before) that can be had; what cannot is passed
    /// over.
    ///
    /// # Errors
    /// Why no other can be had.
    pub(in crate::tui) fn next_value(
        &self,
        toggles: &Toggles,
        toggle: Toggle,
        forwards: bool,
    ) -> Result<Toggles, String> {
        let values = toggle.values();
        let n = values.len();
        let at = values.iter().position(|value| *value == toggles.get(toggle)).unwrap_or(0);
        let others = (1..n).map(|by| if forwards { at + by } else { at + n - by } % n);
        let mut why_not = None;
        for to in others {
            match self.with_value(toggles, toggle, &values[to]) {
                Ok(changed) => return Ok(changed),
                Err(error) => why_not = why_not.or(Some(error)),
            }
        }
        // Where there is one value only, it stays.
        why_not.map_or_else(|| Ok(toggles.clone()), Err)
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
            changed.check(&card.model).map_err(|error| error.to_string())?;
        }
        Ok(changed)
    }

    /// A click on a value of the toggle panel.
    pub(in crate::tui) fn choose_value(&mut self, at: usize, value: &str) {
        let Some(&toggle) = Toggle::ALL.get(at) else { return };
        let changed = match &self.popup {
            Some(Popup::Toggles { draft, .. }) => self.with_value(draft, toggle, value),
            Some(Popup::Candidate(candidate)) => self.with_value(&candidate.toggles, toggle, value),
            _ => return,
        };
        match (&mut self.popup, changed) {
            (_, Err(why_not)) => self.say(why_not, true),
            (Some(Popup::Toggles { draft, row }), Ok(changed)) => (*draft, *row) = (changed, at),
            (Some(Popup::Candidate(candidate)), Ok(changed)) => {
                (candidate.toggles, candidate.row) = (changed, at);
            }
            _ => {}
        }
    }

    /// A click on an entry of a list: it is taken at once.
    pub(in crate::tui) fn click_entry(&mut self, entry: usize) -> Vec<Effect> {
        match &mut self.popup {
            None => {
                self.open_lesson(entry);
                Vec::new()
            }
            Some(Popup::Models(picker) | Popup::Find(picker) | Popup::Jump(picker) | Popup::Palette(picker)) => {
                picker.selected = entry;
                self.perform(Act::Accept)
            }
            Some(Popup::Changing(changing)) => {
                changing.row = entry;
                Vec::new()
            }
            Some(Popup::Glossary(picker)) => {
                picker.selected = entry;
                Vec::new()
            }
            Some(Popup::Values { row }) => {
                *row = entry;
                self.perform(Act::Accept)
            }
            _ => Vec::new(),
        }
    }
}
