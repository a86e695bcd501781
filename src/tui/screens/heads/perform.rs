//! What the keys do on the Heads screen: among all heads, and in the pattern of one.

use crate::record::explored::Component;
use crate::tui::action::Act;
use crate::tui::app::App;
use crate::tui::explorer::{HeadsView, Order, next_filter};

pub fn perform(app: &mut App, act: Act) {
    match app.selection.shows {
        _ if app.selection.is_on_one() => on_head(app, act),
        HeadsView::Worth => on_worth(app, act),
        _ => on_heads(app, act),
    }
}

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    match act {
        Act::Transpose | Act::ZoomIn | Act::Whole | Act::NextFound => app.has_seen() && app.selection.is_on_one(),
        Act::Close => app.has_seen() && app.selection.shows != HeadsView::All,
        Act::Open => app.has_seen() && !app.selection.is_on_one(),
        Act::Grouping | Act::Filter => app.has_seen() && app.selection.shows == HeadsView::All,
        Act::AllOn | Act::ShowEffect => !app.selection.changes.is_empty(),
        Act::Difference => app.selection.is_on_one() && app.selection.pinned.is_some(),
        Act::Repeat => true,
        _ => app.has_seen(),
    }
}

/// All heads as thumbnails.
fn on_heads(app: &mut App, act: Act) {
    let Some(explorer) = &app.explorer else { return };
    let order = explorer.order(&app.selection);
    let at = explorer.index(app.selection.selected).and_then(|head| order.iter().position(|&other| other == head));
    let (at, across) = (at.unwrap_or(0), app.drawn.rows.1.max(1));
    let page = across * app.drawn.listed.1.max(1);
    let last = order.len().saturating_sub(1);
    let to = match act {
        Act::Left => at.saturating_sub(1),
        Act::Right => (at + 1).min(last),
        Act::Up => at.checked_sub(across).unwrap_or(at),
        Act::Down if at + across <= last => at + across,
        Act::PageUp => at.saturating_sub(page),
        Act::PageDown => (at + page).min(last),
        Act::First => 0,
        Act::Last => last,
        _ => at,
    };
    if let Some(scores) = order.get(to).and_then(|&head| explorer.scores.get(head)) {
        app.selection.selected = scores.at;
    }
    match act {
        Act::Open if !order.is_empty() => app.selection.shows = HeadsView::One,
        Act::Filter => {
            app.selection.filter = next_filter(app.selection.filter);
            select_first(app);
        }
        Act::Colour => app.selection.scale = app.selection.scale.next(),
        act => app.on_text(act),
    }
}

/// Selects the first head in the order chosen.
pub fn select_first(app: &mut App) {
    let Some(explorer) = &app.explorer else { return };
    let first = explorer.order(&app.selection).first().and_then(|&head| explorer.scores.get(head));
    app.selection.selected = first.map_or(app.selection.selected, |scores| scores.at);
}

/// Another order, the first in it selected; by place the selected one stays.
pub fn sort_heads(app: &mut App) {
    app.selection.order = app.selection.order.next(app.selection.pinned.is_some());
    // By place, the selected one is where it always is.
    if app.selection.order != Order::Place && app.selection.shows == HeadsView::All {
        select_first(app);
    }
}

/// The pattern of one head.
fn on_head(app: &mut App, act: Act) {
    let Some(explorer) = &app.explorer else { return };
    let last = explorer.text.tokens.len().saturating_sub(1);
    let (order, selected) = (explorer.order(&app.selection), app.selection.selected);
    let neighbour = |by: isize| {
        let head = explorer.index(selected)?;
        let at = order.iter().position(|&other| other == head)?.checked_add_signed(by)?;
        Some(explorer.scores.get(*order.get(at)?)?.at)
    };
    let selection = &mut app.selection;
    // Down the screen are queries, unless it is turned.
    let (down, across) = if selection.columns {
        (&mut selection.key, &mut selection.query)
    } else {
        (&mut selection.query, &mut selection.key)
    };
    let page = (selection.cells.0.max(2) - 1) * selection.bin;
    let step = selection.bin;
    let moved = |at: usize, by: isize| at.saturating_add_signed(by).min(last);
    match act {
        Act::Up => *down = moved(*down, -(step as isize)),
        Act::Down => *down = moved(*down, step as isize),
        Act::Left => *across = moved(*across, -(step as isize)),
        Act::Right => *across = moved(*across, step as isize),
        Act::PageUp => *down = moved(*down, -(page as isize)),
        Act::PageDown => *down = moved(*down, page as isize),
        Act::First => *down = 0,
        Act::Last => *down = last,
        Act::Close => selection.shows = HeadsView::All,
        Act::Transpose => selection.columns = !selection.columns,
        Act::Colour => selection.scale = selection.scale.next(),
        Act::Difference => selection.difference = !selection.difference,
        Act::ZoomIn => selection.bin = (selection.bin / 2).max(1),
        Act::Whole => {
            let cells = selection.cells.0.min(selection.cells.1).max(1);
            selection.bin = (last + 1).div_ceil(cells).next_power_of_two();
        }
        Act::ZoomOut if selection.bin * selection.cells.0.max(1) <= last => selection.bin *= 2,
        Act::NextFound => selection.selected = neighbour(1).unwrap_or(selection.selected),
        Act::PreviousFound => selection.selected = neighbour(-1).unwrap_or(selection.selected),
        act => app.on_text(act),
    }
}

/// What heads matter beside what they cost.
fn on_worth(app: &mut App, act: Act) {
    let Some(explorer) = &app.explorer else { return };
    let heads = explorer.weighed();
    let is_it = |component: Component| component == Component::Head(app.selection.selected);
    let at = heads.iter().position(|it| is_it(it.component)).unwrap_or(0);
    let to = app.moved(act, at, heads.len());
    if let Some(Component::Head(head)) = heads.get(to).map(|it| it.component) {
        app.selection.selected = head;
    }
    match act {
        Act::Open if !heads.is_empty() => app.selection.shows = HeadsView::One,
        Act::Close => app.selection.shows = HeadsView::All,
        act => app.on_text(act),
    }
}

/// A click selects a head; a second one goes in.
pub fn click_head(app: &mut App, index: usize) {
    let Some(scores) = app.explorer.as_ref().and_then(|seen| seen.scores.get(index)) else { return };
    if app.selection.selected == scores.at {
        app.selection.shows = HeadsView::One;
    }
    app.selection.selected = scores.at;
}
