//! What the keys do on the Generate screen: tokens are gone through.

use crate::tui::action::Act;
use crate::tui::app::App;

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    !matches!(act, Act::Left | Act::Right | Act::Colour | Act::Follow) || !app.tokens().is_empty()
}

pub fn perform(app: &mut App, act: Act) {
    let Some(at) = app.selected_token() else {
        if act == Act::Colour {
            app.screens.generate.coloured = !app.screens.generate.coloured;
        }
        return;
    };
    let last = app.tokens().len() - 1;
    let line = |by: isize| {
        let page = &app.drawn.page;
        let (line, x) = (page.line_of(at)?, page.column_of(at)?);
        page.token_near(line.checked_add_signed(by)?, x)
    };
    let page = app.drawn.lines.1.max(2) as isize - 1;
    let selected = match act {
        Act::Left => at.saturating_sub(1),
        Act::Right => (at + 1).min(last),
        Act::Up => line(-1).unwrap_or(at),
        Act::Down => line(1).unwrap_or(at),
        Act::First => 0,
        Act::PageUp => return scroll_text(app, -page),
        Act::PageDown => return scroll_text(app, page),
        Act::Follow => {
            app.screens.generate.selected = None;
            app.screens.generate.scroll = None;
            return;
        }
        Act::Colour => {
            app.screens.generate.coloured = !app.screens.generate.coloured;
            return;
        }
        _ => return,
    };
    app.screens.generate.selected = Some(selected);
    app.screens.generate.scroll = None;
}

pub fn scroll_text(app: &mut App, by: isize) {
    let (first, height) = app.drawn.lines;
    let most = app.drawn.page.lines.len().saturating_sub(height);
    app.screens.generate.scroll = Some(first.saturating_add_signed(by).min(most));
}
