//! What the keys do on the Lens screen.

use crate::tui::action::Act;
use crate::tui::app::App;

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    match act {
        Act::AllOn | Act::ShowEffect => !app.selection.changes.is_empty(),
        Act::NextFound | Act::Versus | Act::Neurons => app.has_seen() && app.selection.drilled,
        _ => app.has_seen(),
    }
}

pub fn perform(app: &mut App, act: Act) {
    let Some(explorer) = &app.explorer else { return };
    let last = explorer.text.tokens.len().saturating_sub(1);
    let (places, chosen) = (2 * explorer.text.n_layers, explorer.chosen(&app.selection));
    let selection = &mut app.selection;
    let page = app.drawn.listed.1.max(2) - 1;
    selection.place = selection.place.min(places);
    let before = (selection.place, selection.query);
    match act {
        Act::Open => selection.drilled = !selection.drilled,
        Act::Close => selection.drilled = false,
        Act::Left => selection.query = selection.query.saturating_sub(1),
        Act::Right => selection.query = (selection.query + 1).min(last),
        Act::First => selection.query = 0,
        Act::Last => selection.query = last,
        Act::Up => selection.place = selection.place.saturating_sub(1),
        Act::Down => selection.place = (selection.place + 1).min(places),
        Act::PageUp => selection.place = selection.place.saturating_sub(page),
        Act::PageDown => selection.place = (selection.place + page).min(places),
        Act::Colour => selection.figure = selection.figure.next(),
        Act::NextFound => selection.choice += 1,
        Act::PreviousFound => selection.choice = selection.choice.saturating_sub(1),
        Act::Versus => selection.versus = if selection.versus.is_some() { None } else { chosen },
        Act::Neurons => selection.neurons = !selection.neurons,
        act => return app.on_text(act),
    }
    if (selection.place, selection.query) != before {
        selection.choice = 0;
    }
}
