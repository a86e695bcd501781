//! How rows are gone through, on any screen: by keys and by the mouse wheel.

use crate::record::Phase;
use crate::tui::action::Act;
use crate::tui::app::{App, Popup, Screen};
use crate::tui::effect::Effect;
use crate::tui::going::moved;
use crate::tui::screens;

impl App {
    /// The other phase, on a screen that shows one.
    pub(in crate::tui) fn turn_phase(&mut self) {
        self.shown.follows = false;
        self.shown.phase = match self.one_phase() {
            Phase::Prefill => Some(Phase::Decode),
            Phase::Decode => Some(Phase::Prefill),
        };
    }

    /// Where an action leads in the screen's list, of `n` from `at`.
    pub(in crate::tui) fn moved(&self, act: Act, at: usize, n: usize) -> usize {
        moved(act, at, n, self.drawn.listed.1)
    }

    /// The mouse wheel: so many lines down.
    pub(in crate::tui) fn wheel(&mut self, by: isize) -> Vec<Effect> {
        match (&mut self.popup, self.screen) {
            (None, Screen::Generate) => screens::generate::perform::scroll_text(self, by),
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
