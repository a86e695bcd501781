//! What the keys do on the Matrix screen.

use crate::tui::action::Act;
use crate::tui::app::App;

impl App {
    pub(in crate::tui) fn on_matrix(&mut self, act: Act) {
        match act {
            Act::Phase => self.turn_phase(),
            Act::Left | Act::Right => self.ranking.turn(act == Act::Right),
            Act::Reverse => self.ranking.reversed = !self.ranking.reversed,
            Act::Grouping => self.ranking.plot = !self.ranking.plot,
            _ => {
                let Some(studied) = &self.studies.matrix else { return };
                let rows = self.ranking.order(studied.ranked(), self.one_phase());
                let at = rows.iter().position(|row| row.arm == self.ranking.selected).unwrap_or(0);
                if let Some(arm) = rows.get(self.moved(act, at, rows.len())).map(|row| row.arm) {
                    self.ranking.selected = arm;
                }
            }
        }
    }
}
