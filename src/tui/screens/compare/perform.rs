//! What the keys do in the table of the Compare screen.

use super::tree::TreeRow;
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
    let phase = app.one_phase();
    let Some(compared) = app.studies.compare.as_ref().and_then(Studied::compared) else { return };
    let rows: Vec<TreeRow> = compared.rows(&app.screens.compare, phase).iter().map(|row| row.branch).collect();
    let at = app.screens.compare.index(&rows);
    let Some(row) = rows.get(app.moved(act, at, rows.len())).copied() else { return };
    let path = row.path.to_owned();
    match act {
        Act::OpenAll => {
            let paths: Vec<String> = compared.paths().into_iter().map(str::to_owned).collect();
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            return app.screens.compare.open_all(&paths);
        }
        Act::CloseAll => return app.screens.compare.close_all(),
        _ => {}
    }
    app.screens.compare.selected = path.clone();
    match act {
        Act::Open if row.openable => app.screens.compare.twist(&path),
        Act::Close => app.screens.compare.close(&path),
        _ => {}
    }
}
