//! What the keys do on the Sweep screen: points are gone through.

use super::points::places;
use crate::tui::action::Act;
use crate::tui::app::App;
use crate::tui::studies::Studied;

impl App {
    pub(in crate::tui) fn on_sweep(&mut self, act: Act) {
        if act == Act::Phase {
            return self.turn_phase();
        }
        let n = self.points().len();
        self.point = self.moved(act, self.point.min(n.saturating_sub(1)), n);
    }

    /// Selects a point of the sweep.
    pub(in crate::tui) fn select_point(&mut self, series: usize, point: usize) {
        self.point = self.points().iter().position(|place| *place == (series, point)).unwrap_or(self.point);
    }

    fn points(&self) -> Vec<(usize, usize)> {
        self.studies.sweep.as_ref().and_then(Studied::sweep).map(places).unwrap_or_default()
    }
}
