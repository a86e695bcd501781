//! A notice that must be read: what went wrong, or what should be known, and what to do next.
//!
//! ```text
//! ╭ ✗ The model could not be opened ───────────────────╮
//! │ models/x.gguf: expected the magic number GGUF,     │
//! │ found PK: this is a zip archive …                  │
//! │ m choose a model  Esc close                        │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::tui::action::Scope;
use crate::tui::app::{App, Drawn, Popup};
use crate::tui::kit::{popup, put, row, scrollbar, wrap};
use crate::tui::sanitize;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

/// An error may list thousands of tensors; nobody reads more lines than this.
const MOST_CHARS: usize = 20_000;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let Some(Popup::Notice { title, text, bad, scroll }) = &app.popup else { return };
    let theme = &app.theme;
    let (mark, style) = if *bad { ("✗ ", theme.bad) } else { ("! ", theme.warn) };
    let title = Line::from_iter([Span::styled(mark, style), Span::styled(title.clone(), theme.strong)]);
    let width = area.width.saturating_sub(8).min(92);
    let cut: String = text.chars().take(MOST_CHARS).collect();
    let lines = wrap(&sanitize::prose(&cut), width.saturating_sub(6));
    let height = (lines.len() as u16 + 4).clamp(7, area.height.saturating_sub(2).max(7));
    let inside = popup::open(app, Scope::Failure, title, Size::new(width, height), area, buf, drawn);
    let first = (*scroll as usize).min(lines.len().saturating_sub(inside.height as usize));
    drawn.entries = (first, inside.height as usize);
    for (y, line) in lines.iter().skip(first).take(inside.height as usize).enumerate() {
        put(buf, row(inside, y as u16), Span::styled(line, theme.text.patch(theme.popup)));
    }
    scrollbar(buf, inside, first, lines.len(), theme.dim, theme.rule);
}
