//! Bars in eighths of a cell, in one colour or in several one after the other.

use crate::tui::kit::plot::HEIGHTS;
use crate::tui::kit::row;
use crate::tui::theme::{Depth, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

const EIGHTHS: [&str; 9] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];

/// What stands for the second, third… colour where there are none.
const PLAIN: [&str; 3] = ["█", "▒", "░"];

/// A column of one cell, as high as this share of it. Something is never drawn as nothing.
pub fn level(share: f32) -> &'static str {
    let eighths = (share.clamp(0.0, 1.0) * 8.0).round() as usize;
    HEIGHTS[eighths.max(usize::from(share > 0.0))]
}

/// Draws a bar of `share` of the width of the area's first row. Something is never drawn as nothing.
pub fn bar(buf: &mut Buffer, area: Rect, share: f64, style: Style, theme: &Theme) {
    stacked(buf, area, &[(share, style)], theme);
}

/// Draws several bars one after the other, each with its share of the width.
pub fn stacked(buf: &mut Buffer, area: Rect, shares: &[(f64, Style)], theme: &Theme) {
    let area = row(area, 0).intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let whole = f64::from(area.width) * 8.0;
    let mut ends = Vec::with_capacity(shares.len());
    let mut sum = 0.0;
    for &(share, style) in shares {
        sum += if share.is_finite() { share.max(0.0) } else { 0.0 };
        ends.push(((sum.min(1.0) * whole).round() as u32, style));
    }
    if sum > 0.0
        && let Some(last) = ends.last_mut()
    {
        last.0 = last.0.max(1);
    }
    for i in 0..area.width {
        let begin = u32::from(i) * 8;
        let Some(at) = ends.iter().position(|&(end, _)| end > begin) else { break };
        let (end, style) = ends[at];
        let Some(cell) = buf.cell_mut((area.x + i, area.y)) else { break };
        // Where the selection is shown reversed, a bar would turn into its own gap.
        cell.modifier.remove(Modifier::REVERSED);
        if theme.depth == Depth::Plain && shares.len() > 1 {
            cell.set_symbol(PLAIN[at.min(2)]);
            continue;
        }
        let filled = (end - begin).min(8);
        cell.set_symbol(EIGHTHS[filled as usize]).set_fg(style.fg.unwrap_or(Color::Reset));
        // The rest of the cell belongs to whatever comes next.
        if filled < 8
            && let Some(&(_, next)) = ends[at + 1..].iter().find(|&&(next, _)| next > end)
        {
            cell.set_bg(next.fg.unwrap_or(Color::Reset));
        }
    }
}

/// Draws two bars in one row, each with its share of the width: the first in the upper half, the second in the lower.
pub fn pair(buf: &mut Buffer, area: Rect, shares: [f64; 2], styles: [Style; 2], theme: &Theme) {
    let area = row(area, 0).intersection(buf.area);
    let length = |share: f64| match share {
        share if share.is_finite() && share > 0.0 => ((share * f64::from(area.width)).round() as u16).max(1),
        _ => 0,
    };
    let [upper, lower] = shares.map(length);
    for i in 0..upper.max(lower).min(area.width) {
        let Some(cell) = buf.cell_mut((area.x + i, area.y)) else { break };
        cell.modifier.remove(Modifier::REVERSED);
        let [first, second] = styles.map(|style| style.fg.unwrap_or(Color::Reset));
        match (i < upper, i < lower) {
            (true, true) if theme.depth == Depth::Plain => drop(cell.set_symbol("█")),
            (true, true) => drop(cell.set_symbol("▀").set_fg(first).set_bg(second)),
            (true, false) => drop(cell.set_symbol("▀").set_fg(first)),
            _ => drop(cell.set_symbol("▄").set_fg(second)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u16, shares: &[(f64, Style)], depth: Depth) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        stacked(&mut buf, Rect::new(0, 0, width, 1), shares, &Theme::new(depth));
        buf
    }

    fn text(buf: &Buffer) -> String {
        buf.content().iter().map(|cell| cell.symbol()).collect()
    }

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        for (share, shown) in
            [(0.0, "    "), (0.5, "██  "), (0.53, "██▏ "), (1.0, "████"), (7.0, "████"), (1e-9, "▏   ")]
        {
            assert_eq!(text(&drawn(4, &[(share, Style::new())], Depth::True)), shown, "{share}");
        }
        assert_eq!(text(&drawn(4, &[(f64::NAN, Style::new())], Depth::True)), "    ");
    }

    #[test]
    fn a_cell_between_two_bars_shows_both() {
        let buf = drawn(4, &[(0.375, Style::new().fg(Color::Blue)), (0.375, Style::new().fg(Color::Red))], Depth::True);
        assert_eq!(text(&buf), "█▌█ ");
        assert_eq!((buf[(1, 0)].fg, buf[(1, 0)].bg), (Color::Blue, Color::Red));
        assert_eq!(buf[(2, 0)].fg, Color::Red);
    }

    #[test]
    fn two_bars_share_a_row() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        let styles = [Color::Blue, Color::Red].map(|colour| Style::new().fg(colour));
        pair(&mut buf, Rect::new(0, 0, 4, 1), [0.5, 1.0], styles, &Theme::new(Depth::True));
        assert_eq!(text(&buf), "▀▀▄▄");
        assert_eq!((buf[(0, 0)].fg, buf[(0, 0)].bg, buf[(3, 0)].fg), (Color::Blue, Color::Red, Color::Red));
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        pair(&mut buf, Rect::new(0, 0, 4, 1), [2.0, 1e-9], [Style::new(); 2], &Theme::new(Depth::Plain));
        assert_eq!(text(&buf), "█▀▀▀");
        pair(&mut buf, Rect::new(0, 0, 4, 1), [f64::NAN, -1.0], [Style::new(); 2], &Theme::new(Depth::Plain));
    }

    #[test]
    fn without_colours_the_parts_differ_by_their_pattern() {
        let buf = drawn(4, &[(0.5, Style::new()), (0.5, Style::new())], Depth::Plain);
        assert_eq!(text(&buf), "██▒▒");
    }
}
