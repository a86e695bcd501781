//! What the keys do in the list of the Memory screen.

use crate::tui::action::Act;
use crate::tui::app::App;

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    app.sums().is_some() || act == Act::Phase && app.live.is_some()
}

pub fn perform(app: &mut App, act: Act) {
    if act == Act::Phase {
        return app.turn_phase();
    }
    let names: Vec<String> = app.sums().map_or_else(Vec::new, |sums| {
        sums.memory.rows(app.screens.memory.grouping).iter().map(|row| row.name.clone()).collect()
    });
    app.screens.memory.perform(act, &names, app.drawn.listed.1, 2);
}
