//! What the keys do on the Matrix screen.

use crate::tui::action::Act;
use crate::tui::app::App;

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    act == Act::Choose || app.study().is_some()
}

pub fn perform(app: &mut App, act: Act) {
    match act {
        Act::Phase => app.turn_phase(),
        Act::Left | Act::Right => app.screens.matrix.turn(act == Act::Right),
        Act::Reverse => app.screens.matrix.reversed = !app.screens.matrix.reversed,
        Act::Grouping => app.screens.matrix.plot = !app.screens.matrix.plot,
        _ => {
            let Some(studied) = &app.studies.matrix else { return };
            let rows = app.screens.matrix.order(studied.ranked(), app.one_phase());
            let at = rows.iter().position(|row| row.arm == app.screens.matrix.selected).unwrap_or(0);
            if let Some(arm) = rows.get(app.moved(act, at, rows.len())).map(|row| row.arm) {
                app.screens.matrix.selected = arm;
            }
        }
    }
}
