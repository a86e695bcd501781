//! What the keys do on the Sweep screen: points are gone through.

use super::points::places;
use crate::tui::action::Act;
use crate::tui::app::App;
use crate::tui::studies::Studied;

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    act == Act::Choose || app.study().is_some()
}

pub fn perform(app: &mut App, act: Act) {
    if act == Act::Phase {
        return app.turn_phase();
    }
    let n = points(app).len();
    app.screens.sweep.point = app.moved(act, app.screens.sweep.point.min(n.saturating_sub(1)), n);
}

/// Selects a point of the sweep.
pub fn select_point(app: &mut App, series: usize, point: usize) {
    app.screens.sweep.point =
        points(app).iter().position(|place| *place == (series, point)).unwrap_or(app.screens.sweep.point);
}

fn points(app: &App) -> Vec<(usize, usize)> {
    app.studies.sweep.as_ref().and_then(Studied::sweep).map(places).unwrap_or_default()
}
