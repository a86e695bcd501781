//! What is drawn around a screen, and what screens share: header, tabs, footer, empty states, columns.
//!
//! ```text
//! header   Blockscope  model · device · toggles                what is running
//! tabs    ─ 1 Blocks ── 2 Timeline ── 3 Roofline ── 4 Memory ── 5 Generate ── …
//! body     the lesson │ the screen                       (popups lie over it)
//! footer   what can be done here                    : palette  ? help  q quit
//! ```

pub mod choices;
pub mod columns;
pub mod empty;
mod footer;
pub mod header;
pub mod unstudied;
pub mod untraced;

#[cfg(test)]
mod tests;

use super::action::{self, Act, Scope};
use super::app::{App, Drawn, Popup};
use super::{popups, screens};
use crate::tui::kit::{below, put, row, wrap};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The least size at which the screens make sense.
pub const LEAST: (u16, u16) = (60, 16);

/// Draws everything. Nothing changes but where things lie and how far they are scrolled.
pub fn draw(app: &mut App, area: Rect, buf: &mut Buffer) {
    let mut drawn = std::mem::take(&mut app.drawn);
    drawn.hits.clear();
    drawn.cursor = None;
    drawn.axis = Rect::ZERO;
    buf.set_style(area.intersection(buf.area), app.theme.ground);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(app, area, buf);
    } else {
        whole(app, area, buf, &mut drawn);
    }
    app.drawn = drawn;
}

fn whole(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    header::draw(app, row(area, 0), buf);
    footer::tabs(app, row(area, 1), buf, drawn);
    let body = screens::learn::view::beside(app, Rect { height: area.height - 3, ..below(area, 2) }, buf, drawn);
    screens::draw(app, body, buf, drawn);
    footer::strip(app, row(area, area.height - 1), buf, drawn);
    if app.popup.is_some() {
        // What lies under a popup steps back, and cannot be clicked.
        buf.set_style(below(area, 1).intersection(buf.area), app.theme.veil());
        drawn.hits.clear();
        drawn.axis = Rect::ZERO;
    }
    let over = Rect { height: area.height - 2, ..below(area, 1) };
    match &app.popup {
        None => {}
        Some(Popup::Prompt) => popups::prompt::view::draw(app, over, buf, drawn),
        Some(Popup::Toggles { draft, row }) => popups::toggles::draw(app, draft, *row, over, buf, drawn),
        Some(Popup::Candidate(candidate)) => popups::candidate::view::draw(app, candidate, over, buf, drawn),
        Some(Popup::Values { row }) => popups::values::draw(app, *row, over, buf, drawn),
        Some(Popup::Models(picker)) => popups::models::draw(app, picker, over, buf, drawn),
        Some(Popup::Find(picker)) => popups::find::draw(app, picker, over, buf, drawn),
        Some(Popup::Jump(picker)) => popups::jump::draw(app, picker, over, buf, drawn),
        Some(Popup::Changing(changing)) => popups::changing::view::draw(app, changing, over, buf, drawn),
        Some(Popup::Tokens { lines, scroll }) => popups::tokens::view::draw(app, lines, *scroll, over, buf, drawn),
        Some(Popup::Effect { scroll }) => popups::effect::draw(app, *scroll, over, buf, drawn),
        Some(Popup::Palette(picker)) => popups::palette::draw(app, picker, over, buf, drawn),
        Some(Popup::Glossary(picker)) => popups::glossary::draw(app, picker, over, buf, drawn),
        Some(Popup::Help { scroll }) => popups::help::draw(app, *scroll, over, buf, drawn),
        Some(Popup::Notice { .. }) => popups::notice::draw(app, over, buf, drawn),
    }
    footer::toast(app, over, buf);
}

fn too_small(app: &App, area: Rect, buf: &mut Buffer) {
    let quit = action::key_of(&[Scope::Everywhere], Act::Quit);
    let text = format!(
        "Blockscope needs {} × {} characters; this window has {} × {}. Make it larger, or press {quit} to leave.",
        LEAST.0, LEAST.1, area.width, area.height
    );
    let lines = wrap(&text, area.width);
    let top = area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, line) in lines.iter().enumerate() {
        put(buf, row(area, top + y as u16), Line::from(Span::styled(line, app.theme.text)).centered());
    }
}
