//! An interval of a ratio on a logarithmic scale about 1: `  ├──●──┤  ·│·  `.

use crate::tui::kit::{put, row, skip};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

/// A ratio and the interval in which it is believed to lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Whisker {
    pub low: f64,
    pub middle: f64,
    pub high: f64,
}

/// What the scale reaches from 1, up and down by the same factor; and within what factor of 1 a ratio is noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub reach: f64,
    pub noise: f64,
}

/// The factors that read well at the end of a scale.
const REACHES: [f64; 12] = [1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, 1000.0, 10_000.0];

impl Scale {
    /// Far enough for these; `noise` is the share by which a ratio differs from 1 when nothing does.
    pub fn around(whiskers: impl IntoIterator<Item = Whisker>, noise: f64) -> Self {
        let logs = whiskers.into_iter().flat_map(|whisker| [whisker.low, whisker.middle, whisker.high]);
        let logs = logs.filter(|ratio| ratio.is_finite() && *ratio > 0.0).map(|ratio| ratio.ln().abs());
        let noise = if noise.is_finite() { 1.0 + noise.max(0.0) } else { 1.0 };
        // Noise is shown as far as the scale goes; it does not make the scale.
        let most = logs.fold(noise.min(1.5).ln(), f64::max).exp();
        let reach = REACHES.into_iter().find(|&reach| reach >= most).unwrap_or(REACHES[REACHES.len() - 1]);
        Self { reach, noise }
    }

    /// The column of a ratio, of an odd number of columns: 1 lies in the middle. What lies outside is `Err` with
    /// the column at that end.
    fn column(self, ratio: f64, width: u16) -> Result<u16, u16> {
        let half = f64::from(width / 2);
        let at = if ratio > 0.0 { ratio.ln() / self.reach.ln() * half } else { f64::NEG_INFINITY };
        match at.round() {
            at if at < -half => Err(0),
            at if at > half => Err(2 * (width / 2)),
            // What is no number has no place; it is drawn at the end, as what is too large.
            at if at.is_nan() => Err(2 * (width / 2)),
            at => Ok((at + half) as u16),
        }
    }
}

/// Draws the tick at 1 with the noise about it, and the interval over them in `style`.
pub fn draw(buf: &mut Buffer, area: Rect, whisker: Option<Whisker>, scale: Scale, style: Style, theme: &Theme) {
    let width = odd(area.width);
    if width < 3 || area.height == 0 {
        return;
    }
    let mut mark = |x: u16, sign: &'static str, style: Style| {
        put(buf, crate::tui::kit::take(skip(row(area, 0), x), 1), Span::styled(sign, style));
    };
    let one = width / 2;
    let noise = scale.column(scale.noise, width).unwrap_or_else(|end| end) - one;
    (one - noise..=one + noise).for_each(|x| mark(x, "·", theme.rule));
    mark(one, "│", theme.rule);
    let Some(whisker) = whisker else { return };
    let [low, middle, high] = [whisker.low, whisker.middle, whisker.high].map(|ratio| scale.column(ratio, width));
    let column = |place: Result<u16, u16>| place.unwrap_or_else(|end| end);
    let (from, to) = (column(low), column(high));
    for x in from..=to {
        let sign = match x {
            x if x == from && low.is_err() => "◂",
            x if x == to && high.is_err() => "▸",
            x if x == from => "├",
            x if x == to => "┤",
            x if x == one => "┼",
            _ => "─",
        };
        mark(x, sign, style);
    }
    let sign = if middle.is_ok() {
        "●"
    } else if column(middle) == 0 {
        "◂"
    } else {
        "▸"
    };
    mark(column(middle), sign, style);
}

/// The ends of the scale and the 1 in its middle, over or under whiskers of the same width.
pub fn axis(buf: &mut Buffer, area: Rect, scale: Scale, theme: &Theme) {
    let width = odd(area.width);
    let (least, most) = (factor(1.0 / scale.reach), factor(scale.reach));
    let one = width / 2;
    let [left, right] = [&least, &most].map(|label| label.chars().count() as u16);
    put(buf, skip(area, one), Span::styled("1", theme.dim));
    if left < one && right < one {
        put(buf, area, Span::styled(least, theme.faint));
        put(buf, skip(area, width - right), Span::styled(most, theme.faint));
    }
}

/// The largest odd number of columns in so many.
fn odd(width: u16) -> u16 {
    if width.is_multiple_of(2) { width.saturating_sub(1) } else { width }
}

/// `0.5`, `1.05`, `30`: without digits that say nothing.
fn factor(ratio: f64) -> String {
    let digits = if ratio >= 10.0 {
        0
    } else if ratio >= 0.095 {
        2
    } else {
        4
    };
    let text = format!("{ratio:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Depth;

    fn drawn(width: u16, whisker: Option<(f64, f64, f64)>, scale: Scale) -> String {
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        let whisker = whisker.map(|(low, middle, high)| Whisker { low, middle, high });
        draw(&mut buf, area, whisker, scale, Style::new(), &Theme::new(Depth::Plain));
        buf.content().iter().map(|cell| cell.symbol()).collect()
    }

    const TWO: Scale = Scale { reach: 2.0, noise: 1.0 };

    #[test]
    fn one_lies_in_the_middle_and_a_factor_is_as_far_up_as_down() {
        assert_eq!(drawn(9, None, TWO), "    │    ");
        assert_eq!(drawn(9, Some((0.5, 0.7, 1.0)), TWO), "├─●─┤    ");
        assert_eq!(drawn(9, Some((0.7, 1.0, 1.4)), TWO), "  ├─●─┤  ");
        assert_eq!(drawn(9, Some((0.5, 1.4, 2.0)), TWO), "├───┼─●─┤");
        assert_eq!(drawn(9, Some((1.999, 2.0, 2.0)), TWO), "    │   ●", "narrower than a column");
    }

    #[test]
    fn what_lies_outside_points_there() {
        assert_eq!(drawn(9, Some((0.1, 0.7, 1.0)), TWO), "◂─●─┤    ");
        assert_eq!(drawn(9, Some((3.0, 4.0, 5.0)), TWO), "    │   ▸");
        assert_eq!(drawn(9, Some((0.0, 0.0, 0.0)), TWO), "◂   │    ");
        for strange in [f64::NAN, f64::INFINITY, -1.0] {
            assert!(drawn(9, Some((strange, strange, strange)), TWO).contains(['▸', '◂']));
        }
        assert!(drawn(1, Some((1.0, 1.0, 1.0)), TWO).trim().is_empty());
    }

    #[test]
    fn noise_is_marked_about_one() {
        assert_eq!(drawn(9, Some((0.5, 0.5, 0.5)), Scale { noise: 1.4, ..TWO }), "● ··│··  ");
    }

    #[test]
    fn a_scale_reaches_as_far_as_it_must() {
        let whisker = |low, high| Whisker { low, middle: low, high };
        assert_eq!(Scale::around([whisker(0.4, 0.42)], 0.01).reach, 3.0);
        assert_eq!(Scale::around([whisker(0.99, 1.01)], 0.014).reach, 1.05);
        assert_eq!(Scale::around([], 0.3).reach, 1.5);
        assert_eq!(Scale::around([whisker(0.0, 1e9)], f64::NAN), Scale { reach: 10_000.0, noise: 1.0 });
    }

    #[test]
    fn the_axis_names_its_ends() {
        let area = Rect::new(0, 0, 15, 1);
        let mut buf = Buffer::empty(area);
        axis(&mut buf, area, TWO, &Theme::new(Depth::Plain));
        assert_eq!(buf.content().iter().map(|cell| cell.symbol()).collect::<String>(), "0.5    1      2");
        let shown = [0.05, 1.05, 1.0 / 3.0, 0.001, 100.0, 10_000.0].map(factor);
        assert_eq!(shown, ["0.05", "1.05", "0.33", "0.001", "100", "10000"]);
    }
}
