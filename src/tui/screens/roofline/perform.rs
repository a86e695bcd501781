//! What the keys do in the list of the Roofline screen.

use crate::tui::action::Act;
use crate::tui::app::App;
use crate::tui::grouped_list::Grouping;

impl App {
    pub(in crate::tui) fn on_roofline(&mut self, act: Act) {
        if act == Act::Phase {
            return self.turn_phase();
        }
        let names: Vec<String> = self.sums().map_or_else(Vec::new, |sums| {
            sums.points(self.roofline.grouping).iter().map(|point| point.name.clone()).collect()
        });
        self.roofline.perform(act, &names, self.drawn.listed.1, Grouping::ALL.len());
    }
}
