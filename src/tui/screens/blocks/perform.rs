//! What the keys do on the Blocks screen.

use crate::arch::path::parent_of;
use crate::record::Phase;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Engine};

impl App {
    pub(in crate::tui) fn on_blocks(&mut self, act: Act) {
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
}
