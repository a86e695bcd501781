//! What the keys do in the list of the Memory screen.

use crate::tui::action::Act;
use crate::tui::app::App;

impl App {
    pub(in crate::tui) fn on_memory(&mut self, act: Act) {
        if act == Act::Phase {
            return self.turn_phase();
        }
        let names: Vec<String> = self.sums().map_or_else(Vec::new, |sums| {
            sums.memory.rows(self.memory.grouping).iter().map(|row| row.name.clone()).collect()
        });
        self.memory.perform(act, &names, self.drawn.listed.1, 2);
    }
}
