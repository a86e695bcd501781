//! How the tokenizer cuts the prompt: its tokens with their ids, bytes and places, and the merges that made them.
//!
//! ```text
//! ╭ Tokens of the prompt ──────────────────────────────╮
//! │  id  token  bytes        place                     │
//! │ 280  ·cat   20 63 61 74  3..7                      │
//! │                                                    │
//! │ word   rank  makes  pieces                         │
//! │ ·cat                · c a t                        │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::tui::action::Scope;
use crate::tui::app::{App, Drawn};
use crate::tui::kit::{fit, popup, put, row, scrollbar};
use crate::tui::popups::tokens::lines::WIDTH;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

pub fn draw(app: &App, lines: &[String], scroll: u16, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let title = Line::from(Span::styled("Tokens of the prompt", theme.strong));
    let size = Size::new(WIDTH + 6, area.height.saturating_sub(2).min(48));
    let inside = popup::open(app, Scope::Tokens, title, size, area, buf, drawn);
    if lines.is_empty() {
        put(buf, inside, Span::styled("cutting the prompt…", theme.accent));
        return;
    }
    let height = inside.height as usize;
    let first = (scroll as usize).min(lines.len().saturating_sub(height));
    drawn.entries = (first, height);
    for (y, line) in lines.iter().skip(first).take(height).enumerate() {
        let place = row(inside, y as u16);
        put(buf, place, Span::styled(fit(line, place.width.saturating_sub(1) as usize), theme.text));
    }
    scrollbar(buf, inside, first, lines.len(), theme.dim, theme.rule);
}
