//! The list of a popup, with a line to type in above it: the palette and the model picker look alike.

use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{below, put, row, scrollbar, scrolled, skip};
use crate::tui::popups::picker::Picker;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// A line of the list.
pub struct Entry<'a> {
    pub line: Line<'a>,
    /// Its number among those that can be chosen; `None` for a heading.
    pub index: Option<usize>,
}

/// Draws the line to type in, then the entries with the selected one in view.
pub fn draw(
    app: &App,
    picker: &Picker,
    hint: &str,
    entries: &[Entry],
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let theme = &app.theme;
    let typed = if picker.input.is_empty() {
        Span::styled(hint.to_owned(), theme.faint)
    } else {
        Span::styled(crate::tui::kit::fit_end(&picker.input, area.width.saturating_sub(3) as usize), theme.strong)
    };
    let width = if picker.input.is_empty() { 0 } else { typed.content.width() as u16 };
    put(buf, area, Line::from_iter([Span::styled("› ", theme.accent), typed]));
    if area.height > 0 && area.width > 3 {
        drawn.cursor = Some(Position::new(area.x + 2 + width.min(area.width - 3), area.y));
    }
    self::entries(app, entries, picker.selected, below(area, 2), buf, drawn);
}

/// Draws entries with the chosen one in view.
pub fn entries(app: &App, entries: &[Entry], chosen: usize, list: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let selected = entries.iter().position(|entry| entry.index == Some(chosen)).unwrap_or(0);
    // With the first entry, its heading is to be seen as well.
    let shown = if chosen == 0 { 0 } else { selected };
    let first = scrolled(drawn.entries.0, shown, list.height as usize, entries.len());
    drawn.entries = (first, list.height as usize);
    for (y, entry) in entries.iter().skip(first).take(list.height as usize).enumerate() {
        let line = row(list, y as u16);
        if entry.index == Some(chosen) {
            buf.set_style(line.intersection(buf.area), theme.selected);
            put(buf, line, Span::styled("▌", theme.accent));
        }
        put(buf, skip(line, 2), entry.line.clone());
        if let Some(index) = entry.index {
            drawn.hits.push((line, Hit::Entry(index)));
        }
    }
    scrollbar(buf, list, first, entries.len(), theme.dim, theme.rule);
}
