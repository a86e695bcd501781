//! A chart of one quantity over the steps of a run: columns from zero, with axes and units.

use crate::tui::kit::{below, figure, put, put_right, row, skip};
use crate::tui::theme::Theme;
use crate::units::Nanos;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

pub(in crate::tui) const HEIGHTS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Columns of the labels on the left, and the axis.
pub const GUTTER: u16 = 8;

/// A series of times to draw.
pub struct Plot<'a> {
    pub times: &'a [Nanos],
    /// The number of the first one on the axis below.
    pub first: usize,
    /// The one to point out.
    pub selected: Option<usize>,
    pub column: Style,
    pub highlight: Style,
}

/// The unit in which the largest of some times is shown: its name and its nanoseconds.
pub fn unit(times: &[Nanos]) -> (&'static str, f64) {
    match times.iter().max().map_or(0, |time| time.0) {
        0..1_000_000 => ("µs", 1e3),
        1_000_000..1_000_000_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    }
}

impl Plot<'_> {
    /// Draws it with the labels of both axes; the unit belongs into the title above.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let n = self.times.len();
        let height = area.height.saturating_sub(1);
        // An odd height has a middle row, for half of the scale.
        let height = if height >= 4 && height.is_multiple_of(2) { height - 1 } else { height };
        let width = area.width.saturating_sub(GUTTER);
        if n == 0 || height == 0 || width < 4 {
            return;
        }
        let (_, scale) = unit(self.times);
        let top = round_up(self.times.iter().max().map_or(0.0, |time| time.0 as f64 / scale));
        let field = Rect { x: area.x + GUTTER, y: area.y, width, height };
        axis(buf, area, height, top, theme);
        // Several steps share a column where there are too many: the slowest of them is drawn.
        let per_column = n.div_ceil(width as usize);
        let columns = n.div_ceil(per_column);
        let pitch = (width as usize / columns).clamp(1, 4) as u16;
        let thick = if pitch >= 3 { pitch - 1 } else { pitch };
        for (i, times) in self.times.chunks(per_column).enumerate() {
            let slowest = times.iter().max().map_or(0.0, |time| time.0 as f64 / scale);
            let picked = self.selected.is_some_and(|selected| selected / per_column == i);
            let style = if picked { self.highlight } else { theme.bar(self.column, i % 2 == 1) };
            let x = field.x + i as u16 * pitch;
            column(buf, Rect { x, width: thick, ..field }, slowest / top, style);
        }
        let last = self.first + n - 1;
        let foot = skip(row(area, height), GUTTER);
        put(buf, foot, Span::styled(self.first.to_string(), theme.dim));
        let end = (columns as u16 * pitch).max(12).min(foot.width);
        put_right(buf, Rect { width: end, ..foot }, Span::styled(last.to_string(), theme.dim));
        if let Some(selected) = self.selected.filter(|&selected| selected > 0 && selected + 1 < n) {
            let at = (selected / per_column) as u16 * pitch;
            let label = format!("▲{}", self.first + selected);
            if at >= 4 && at + (label.chars().count() as u16) + 4 < end {
                put(buf, skip(foot, at), Span::styled(label, self.highlight));
            }
        }
    }
}

/// The axis on the left, from 0 to `top`.
pub(in crate::tui) fn axis(buf: &mut Buffer, area: Rect, height: u16, top: f64, theme: &Theme) {
    let left = Rect { width: GUTTER - 2, ..area };
    let middle = (height >= 5).then_some(height / 2);
    for y in 0..height {
        let labelled = y == 0 || y + 1 == height || Some(y) == middle;
        let mark = if labelled { "┤" } else { "│" };
        put(buf, skip(row(area, y), GUTTER - 1), Span::styled(mark, theme.rule));
    }
    put_right(buf, left, Span::styled(figure(top), theme.dim));
    if let Some(middle) = middle {
        put_right(buf, below(left, middle), Span::styled(figure(top / 2.0), theme.dim));
    }
    if height > 1 {
        put_right(buf, below(left, height - 1), Span::styled("0", theme.dim));
    }
}

fn column(buf: &mut Buffer, area: Rect, share: f64, style: Style) {
    let eighths = ((share.clamp(0.0, 1.0) * f64::from(area.height) * 8.0).round() as u16).max(1);
    for y in 0..area.height {
        let filled = eighths.saturating_sub((area.height - 1 - y) * 8).min(8);
        if filled > 0 {
            let text = HEIGHTS[filled as usize].repeat(area.width as usize);
            put(buf, row(area, y), Span::styled(text, style));
        }
    }
}

/// The next number above `x` that reads well.
pub(in crate::tui) fn round_up(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(x.log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.iter().map(|step| step * power).find(|&step| step >= x).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Depth;

    fn drawn(times: &[Nanos], width: u16, height: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        let plot = Plot { times, first: 1, selected: None, column: Style::new(), highlight: Style::new() };
        plot.draw(&mut buf, area, &Theme::new(Depth::Plain));
        let line = |y| (0..width).map(|x| buf[(x, y)].symbol()).collect::<String>();
        (0..height).map(|y| line(y).trim_end().to_owned()).collect()
    }

    #[test]
    fn columns_stand_on_zero_under_a_round_scale() {
        let times = [10_000_000, 20_000_000, 40_000_000].map(Nanos);
        assert_eq!(
            drawn(&times, 20, 4),
            ["  40.0 ┤        ███", "       │    ▄▄▄ ███", "     0 ┤▆▆▆ ███ ███", "        1          3",]
        );
    }

    #[test]
    fn more_steps_than_columns_share_them() {
        let times: Vec<Nanos> = (1..=1000).map(Nanos).collect();
        let lines = drawn(&times, 30, 4);
        assert!(lines.iter().all(|line| line.chars().count() <= 30));
        assert!(lines[3].ends_with("1000"));
    }

    #[test]
    fn a_scale_reads_well() {
        assert_eq!([52.3, 0.0, 100.0, 101.0, 0.0034].map(round_up), [60.0, 1.0, 100.0, 120.0, 0.004]);
    }
}
