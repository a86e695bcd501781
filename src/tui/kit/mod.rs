//! Small things to draw with: lines of text, numbers, bars, a chart, popups, running text.

pub mod axes;
pub mod bar;
pub mod heat;
pub mod list;
pub mod plot;
pub mod popup;
pub mod prose;
pub mod stack;
pub mod whisker;

use crate::units::Nanos;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Row `i` of an area; empty if there is none.
pub fn row(area: Rect, i: u16) -> Rect {
    let inside = u16::from(i < area.height);
    Rect { y: area.y.saturating_add(i), height: inside, ..area }
}

/// An area without its first `by` columns.
pub fn skip(area: Rect, by: u16) -> Rect {
    let by = by.min(area.width);
    Rect { x: area.x + by, width: area.width - by, ..area }
}

/// An area without its first `by` rows.
pub fn below(area: Rect, by: u16) -> Rect {
    let by = by.min(area.height);
    Rect { y: area.y + by, height: area.height - by, ..area }
}

/// The first `width` columns of an area.
pub fn take(area: Rect, width: u16) -> Rect {
    Rect { width: area.width.min(width), ..area }
}

/// Draws a line at the left of an area's first row, and returns how wide it is there. One that is cut ends with `…`.
pub fn put<'a>(buf: &mut Buffer, area: Rect, line: impl Into<Line<'a>>) -> u16 {
    let line = line.into();
    let row = row(area, 0).intersection(buf.area);
    (&line).render(row, buf);
    let is_cut = || line.to_string().trim_end().width() > usize::from(row.width);
    if line.width() > usize::from(row.width) && !row.is_empty() && is_cut() {
        mark_cut(buf, row);
    }
    (line.width() as u16).min(area.width)
}

/// Says that a row goes on beyond its end. A character of two columns that would be halved makes room.
fn mark_cut(buf: &mut Buffer, row: Rect) {
    let last = row.right() - 1;
    if row.width > 1 && buf[(last - 1, row.y)].symbol().width() > 1 {
        buf[(last - 1, row.y)].set_symbol(" ");
    }
    buf[(last, row.y)].set_symbol("…");
}

/// Draws a line at the right of an area's first row.
pub fn put_right<'a>(buf: &mut Buffer, area: Rect, line: impl Into<Line<'a>>) {
    let line = line.into();
    let width = (line.width() as u16).min(area.width);
    let left = area.x + area.width - width;
    line.render(Rect { x: left, width, ..row(area, 0) }, buf);
}

/// A quantity with its unit in a quieter style: `34.1 ms`.
pub fn quantity<'a>(text: &str, number: Style, unit: Style) -> Vec<Span<'a>> {
    match text.split_once(' ') {
        Some((value, rest)) => vec![Span::styled(value.to_owned(), number), Span::styled(format!(" {rest}"), unit)],
        None => vec![Span::styled(text.to_owned(), number)],
    }
}

/// From one time to another, with the unit once where it is the same: `616 – 624 ms`.
pub fn span(low: Nanos, high: Nanos) -> String {
    let (low, high) = (low.to_string(), high.to_string());
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((value, unit)), Some((_, other))) if unit == other => format!("{value} – {high}"),
        _ => format!("{low} – {high}"),
    }
}

/// Three significant digits: `492`, `20.1`, `0.43`.
pub fn figure(x: f64) -> String {
    match x.abs() {
        x0 if !x0.is_finite() => "–".into(),
        x0 if x0 >= 999.5 => count(x),
        x0 if x0 >= 99.95 => format!("{x:.0}"),
        x0 if x0 >= 9.995 => format!("{x:.1}"),
        _ => format!("{x:.2}"),
    }
}

fn count(x: f64) -> String {
    let sign = if x < 0.0 { "-" } else { "" };
    format!("{sign}{}", crate::units::count(x.abs().min(1e18) as u64))
}

/// Cut to a width in columns, with `…` for what is missing.
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut cut, mut used) = (String::new(), 1);
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > width {
            break;
        }
        cut.push_str(grapheme);
    }
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// Cut at its beginning: of a path, the end says more.
pub fn fit_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut kept, mut used) = (Vec::new(), 1);
    for grapheme in text.graphemes(true).rev() {
        used += grapheme.width();
        if used > width {
            break;
        }
        kept.push(grapheme);
    }
    let start = if width > 0 { "…" } else { "" };
    kept.iter().rev().fold(start.to_owned(), |text, grapheme| text + grapheme)
}

/// Harmless text broken into lines of a width, at spaces where there are any.
pub fn wrap(text: &str, width: u16) -> Vec<String> {
    let page = prose::Page::wrap([(None, text)], width.max(1));
    let line = |line: &Vec<prose::Piece>| {
        let shown: String = line.iter().filter(|piece| !piece.line_break).map(|piece| piece.text.as_str()).collect();
        shown.trim_end().to_owned()
    };
    page.lines.iter().map(line).collect()
}

/// A rule with a title in it: `── Candidates ───────`.
pub fn titled_rule(buf: &mut Buffer, area: Rect, title: Line, rule: Style) {
    put(buf, area, Span::styled("─".repeat(area.width as usize), rule));
    if title.width() > 0 {
        let width = (title.width() as u16 + 2).min(area.width.saturating_sub(2));
        let place = Rect { width, ..skip(row(area, 0), 2) };
        put(buf, place, Span::raw(" ".repeat(width as usize)));
        put(buf, skip(place, 1), title);
    }
}

/// A thin bar at the right of a list that says which part of it is seen.
pub fn scrollbar(buf: &mut Buffer, area: Rect, first: usize, n: usize, style: Style, track: Style) {
    let height = area.height as usize;
    if n <= height || height == 0 || area.width == 0 {
        return;
    }
    let length = (height * height / n).clamp(1, height);
    let start = (first * (height - length)).div_ceil((n - height).max(1)).min(height - length);
    let column = skip(area, area.width - 1);
    for y in 0..height {
        let inside = y >= start && y < start + length;
        let (symbol, style) = if inside { ("┃", style) } else { ("│", track) };
        put(buf, row(column, y as u16), Span::styled(symbol, style));
    }
}

/// The first row to show so that `selected` is seen, moving as little as can be.
pub fn scrolled(first: usize, selected: usize, height: usize, n: usize) -> usize {
    let most = n.saturating_sub(height);
    let lowest = (selected + 1).saturating_sub(height);
    first.clamp(lowest.min(selected), selected).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_by_columns() {
        assert_eq!(fit("block", 5), "block");
        assert_eq!(fit("blocks", 5), "bloc…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(fit_end("/home/me/model.gguf", 11), "…model.gguf");
    }

    #[test]
    fn a_line_that_is_cut_says_so() {
        let drawn = |line: &str, width: u16| {
            let area = Rect::new(0, 0, width, 1);
            let mut buf = Buffer::empty(area);
            let said = put(&mut buf, area, line);
            (buf.content.iter().map(ratatui::buffer::Cell::symbol).collect::<String>(), said)
        };
        assert_eq!(drawn("blocks", 6), ("blocks".into(), 6));
        assert_eq!(drawn("blocks", 5), ("bloc…".into(), 5));
        assert_eq!(drawn("block ", 5), ("block".into(), 5));
        // The cell that a wide character covers beside its own is blank.
        assert_eq!(drawn("日本語", 4), ("日  …".into(), 4));
        assert_eq!(drawn("日本", 3), ("日 …".into(), 3));
        assert_eq!(drawn("blocks", 0), (String::new(), 0));
    }

    #[test]
    fn three_significant_digits() {
        assert_eq!(
            [492.3, 20.06, 0.433, 99.96, 1234.0, -2.71].map(figure),
            ["492", "20.1", "0.43", "100", "1.23k", "-2.71"]
        );
        assert_eq!(figure(f64::NAN), "–");
    }

    #[test]
    fn a_unit_is_said_once() {
        assert_eq!(span(Nanos(616_000_000), Nanos(624_000_000)), "616 – 624 ms");
        assert_eq!(span(Nanos(990_000), Nanos(1_010_000)), "990 µs – 1.01 ms");
    }

    #[test]
    fn scrolling_moves_as_little_as_can_be() {
        assert_eq!(scrolled(0, 5, 10, 30), 0);
        assert_eq!(scrolled(0, 12, 10, 30), 3);
        assert_eq!(scrolled(8, 4, 10, 30), 4);
        assert_eq!(scrolled(25, 29, 10, 30), 20);
        assert_eq!(scrolled(3, 0, 0, 0), 0);
    }
}
