//! The lessons: a lesson stands left of whatever screen it speaks of; the Learn screen lists them, and shows what is
//! computed by hand.
//!
//! ```text
//! ╭──────────────────────┬────────────────────────────╮
//! │  7 Attention is … 3/6│ the Heads screen, or       │
//! │                      │ an example, step by step,  │
//! │ text                 │ or the list of lessons     │
//! │ ▸ what to do         │                            │
//! │ [ ] page  y lessons  │                            │
//! ╰──────────────────────┴────────────────────────────╯
//! ```

mod example;
mod lines;
mod list;
mod page;
mod panel;
mod prediction;
mod room;
mod text;

use crate::learn::Stage;
use crate::tui::app::{App, Drawn, Screen};
use crate::tui::kit::{put, row, skip, take};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use room::{BESIDE, LESSON, TEXT};

/// Draws the open lesson at the left of the body, and returns what is left for the screen. Where there is no room for
/// both, the lesson has the Learn screen to itself.
pub fn beside(app: &App, body: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> Rect {
    drawn.lesson = (0, 0, 0);
    let Some(opened) = &app.screens.learn.open else { return body };
    if app.screen == Screen::Learn && app.screens.learn.shows_list() {
        return body;
    }
    if body.width < BESIDE {
        return body;
    }
    let width = (body.width * 2 / 5).clamp(LESSON, TEXT.1 + 4);
    panel::draw(app, opened, take(body, width - 1), buf, drawn);
    let edge = skip(take(body, width), width - 1);
    for y in 0..edge.height {
        put(buf, row(edge, y), Span::styled("│", app.theme.rule));
    }
    skip(body, width + 1)
}

/// The Learn screen.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    match &app.screens.learn.open {
        Some(opened) if !app.screens.learn.shows_list() => {
            if drawn.lesson.1 == 0 {
                return panel::draw(app, opened, area, buf, drawn);
            }
            match opened.lesson().stage {
                Stage::Text => text::draw(app, area, buf),
                Stage::Worked(worked) => example::draw(app, opened, worked, area, buf, drawn),
                Stage::Screen(_) => {}
            }
        }
        _ => list::draw(app, area, buf, drawn),
    }
}
