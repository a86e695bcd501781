//! What the keys do in the list of the Roofline screen.

use crate::tui::action::Act;
use crate::tui::app::App;
use crate::tui::grouped_list::Grouping;

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    act == Act::MeasurePeaks || app.sums().is_some() || act == Act::Phase && app.live.is_some()
}

pub fn perform(app: &mut App, act: Act) {
    if act == Act::Phase {
        return app.turn_phase();
    }
    let names: Vec<String> = app.sums().map_or_else(Vec::new, |sums| {
        sums.points(app.screens.roofline.grouping).iter().map(|point| point.name.clone()).collect()
    });
    app.screens.roofline.perform(act, &names, app.drawn.listed.1, Grouping::ALL.len());
}
