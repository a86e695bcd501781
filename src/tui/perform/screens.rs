//! What the keys do on the screens: rows, points and tokens are gone through.

use crate::arch::path::parent_of;
use crate::record::Phase;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Engine, Popup, Screen};
use crate::tui::effect::Effect;
use crate::tui::grouped_list::Grouping;

impl App {
    pub(super) fn on_blocks(&mut self, act: Act) {
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
                if let Some(parent) = parent_of(&node.path) {
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
            Act::Findings => self.show_findings(),
            _ => {}
        }
    }

    /// The list of the Roofline or the Memory screen.
    pub(super) fn on_list(&mut self, act: Act) {
        match act {
            Act::Phase => self.turn_phase(),
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
    pub(in crate::tui) fn select(&mut self, name: String) {
        if self.screen == Screen::Memory { &mut self.memory } else { &mut self.roofline }.selected = name;
    }

    /// Opens what is closed, closes what is open.
    pub(in crate::tui) fn twist(&mut self, path: &str) {
        if !self.outline.open.remove(path) {
            self.outline.open.insert(path.to_owned());
        }
    }

    /// Every finding of the phase, in full.
    fn show_findings(&mut self) {
        let Some(sums) = self.sums() else {
            let key = action::key_of(&[Scope::Everywhere], Act::TraceRun);
            return self.say(format!("findings are made of traced runs: press {key}"), false);
        };
        let said: Vec<&str> = sums.findings.iter().map(|finding| finding.text.as_str()).collect();
        let how = "Shares are measured, in traced passes. Savings are modelled, the most that they could be, and they overlap.";
        let text = match said.as_slice() {
            [] => "Nothing stands out.".to_owned(),
            _ => format!("{}\n\n{how}", said.join("\n\n")),
        };
        let title = format!("Findings · {}", self.one_phase().name());
        self.notice(&title, text, false);
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

    pub(super) fn on_generate(&mut self, act: Act) {
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
    pub(in crate::tui) fn wheel(&mut self, by: isize) -> Vec<Effect> {
        match (&mut self.popup, self.screen) {
            (None, Screen::Generate) => self.scroll_text(by),
            (
                None
                | Some(
                    Popup::Toggles { .. }
                    | Popup::Candidate(_)
                    | Popup::Values { .. }
                    | Popup::Models(_)
                    | Popup::Find(_)
                    | Popup::Jump(_)
                    | Popup::Changing(_)
                    | Popup::Glossary(_)
                    | Popup::Palette(_),
                ),
                _,
            ) => {
                // In a list the selection moves, a row at a time.
                let act = if by < 0 { Act::Up } else { Act::Down };
                let rows = if self.popup.is_none() { by.unsigned_abs() } else { 1 };
                return (0..rows).flat_map(|_| self.perform(act)).collect();
            }
            (
                Some(
                    Popup::Help { scroll }
                    | Popup::Tokens { scroll, .. }
                    | Popup::Effect { scroll }
                    | Popup::Notice { scroll, .. },
                ),
                _,
            ) => {
                *scroll = (self.drawn.entries.0 as u16).saturating_add_signed(by as i16);
            }
            (Some(Popup::Prompt), _) => self.form.text.scroll((by as i16, 0)),
        }
        Vec::new()
    }
}
