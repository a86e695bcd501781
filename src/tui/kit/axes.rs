//! Two logarithmic axes: which powers of ten they reach, their ticks, and the cells of places between them.

use crate::tui::kit::{put, put_right, row, take};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;
use std::f64::consts::LOG10_2;

/// Columns of the labels on the left, and the axis.
pub const GUTTER: u16 = 8;
/// More decades than this tell nothing apart.
const MOST_DECADES: f64 = 9.0;

/// The steps of a decade that have ticks: these logarithms of 1, 2 and 5.
const STEPS: [(u64, f64); 3] = [(1, 0.0), (2, LOG10_2), (5, 1.0 - LOG10_2)];

/// From which to which power of ten an axis reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decades {
    pub from: f64,
    pub to: f64,
}

/// What the axes show, and where they lie.
pub struct Axes {
    pub x: Decades,
    pub y: Decades,
    pub field: Rect,
}

impl Axes {
    /// The cell of a place; `None` where it lies outside.
    pub fn cell(&self, x: f64, y: f64) -> Option<Position> {
        let share = |value: f64, Decades { from, to }: Decades| {
            let share = (value.log10() - from) / (to - from);
            // The ends themselves are inside, whatever rounding says.
            (-1e-9..=1.0 + 1e-9).contains(&share).then_some(share.clamp(0.0, 1.0))
        };
        let (x, y) = (share(x, self.x)?, share(y, self.y)?);
        let cell = |share: f64, n: u16| (share * f64::from(n.saturating_sub(1))).round() as u16;
        let up = cell(y, self.field.height);
        Some(Position::new(self.field.x + cell(x, self.field.width), self.field.bottom() - 1 - up))
    }

    /// Both axes with their units, across and up: whole decades have labels, and 2 and 5 where there is room; or what `marks`
    /// says of x, as logarithms with their labels.
    pub fn labels(
        &self,
        area: Rect,
        across: &str,
        up: &str,
        marks: Option<Vec<(f64, String)>>,
        theme: &Theme,
        buf: &mut Buffer,
    ) {
        let field = self.field;
        let axis = Rect { x: field.x - 1, width: 1, ..field };
        for y in 0..field.height {
            put(buf, row(axis, y), Span::styled("│", theme.rule));
        }
        let foot = Rect { y: field.bottom(), height: 1, ..field };
        put(buf, foot, Span::styled("─".repeat(field.width as usize), theme.rule));
        put(buf, Rect { x: axis.x, width: 1, ..foot }, Span::styled("└", theme.rule));
        // The unit has the first row.
        let mut taken = vec![field.y];
        put_right(buf, take(row(area, 0), GUTTER - 1), Span::styled(up.to_owned(), theme.dim));
        for (log, text) in ticks(self.y) {
            let Some(at) = self.cell(10f64.powf(self.x.from), 10f64.powf(log)) else { continue };
            put(buf, row(axis, at.y - field.y), Span::styled("┤", theme.rule));
            if taken.iter().all(|&y| at.y.abs_diff(y) >= 2) {
                put_right(buf, Rect { y: at.y, height: 1, ..take(area, GUTTER - 2) }, Span::styled(text, theme.dim));
                taken.push(at.y);
            }
        }
        let line = Rect { y: foot.y + 1, ..foot };
        let unit = format!(" {}", across);
        put_right(buf, line, Span::styled(unit.clone(), theme.dim));
        let mut taken = vec![(line.right() - unit.chars().count() as u16, line.right())];
        for (log, text) in marks.unwrap_or_else(|| ticks(self.x)) {
            let Some(at) = self.cell(10f64.powf(log), 10f64.powf(self.y.from)) else { continue };
            put(buf, Rect::new(at.x, foot.y, 1, 1), Span::styled("┴", theme.rule));
            let width = text.chars().count() as u16;
            let from = at.x.saturating_sub(width / 2).max(line.x);
            if taken.iter().all(|&(left, right)| from + width < left || from > right) {
                put(buf, Rect::new(from, line.y, width, 1), Span::styled(text, theme.dim));
                taken.push((from, from + width));
            }
        }
    }
}

/// From which to which power of ten some values reach, both on ticks: at least so many decades, and never more than
/// can be told apart.
pub fn bounds(values: impl Iterator<Item = f64>, least: f64) -> Decades {
    let logs = values.filter(|value| value.is_finite() && *value > 0.0).map(f64::log10);
    let (lowest, most) = logs.fold((f64::MAX, f64::MIN), |(lowest, most), log| (lowest.min(log), most.max(log)));
    if lowest > most {
        return Decades { from: -1.0, to: 3.0 };
    }
    let steps = |log: f64| STEPS.map(|(_, step)| log.floor() + step).into_iter().chain([log.floor() + 1.0]);
    // What lies on a tick still has room beside it.
    let to = steps(most + 0.1).find(|&step| step >= most + 0.1).unwrap_or(most + 0.1);
    let from = (lowest - 0.1).min(to - least).max(to - MOST_DECADES);
    Decades { from: steps(from).rfind(|&step| step <= from + 1e-9).unwrap_or(from), to }
}

/// Every tick between two powers of ten, as its logarithm and its label; whole decades come first.
fn ticks(Decades { from, to }: Decades) -> Vec<(f64, String)> {
    let whole = (from.floor() as i32)..=(to.ceil() as i32);
    let all = whole.flat_map(|power| STEPS.map(|(digit, step)| (f64::from(power) + step, digit, power)));
    let mut seen: Vec<_> = all.filter(|(log, ..)| (from - 1e-6..=to + 1e-6).contains(log)).collect();
    seen.sort_by_key(|&(_, digit, power)| (digit, power));
    seen.into_iter().map(|(log, digit, power)| (log.clamp(from, to), label(digit, power))).collect()
}

/// A digit and its power of ten: `0.02`, `5`, `20k`.
fn label(digit: u64, power: i32) -> String {
    const SUFFIXES: [&str; 5] = ["", "k", "M", "G", "T"];
    match power {
        ..-6 => format!("{digit}e{power}"),
        -6..0 => format!("{:.*}", power.unsigned_abs() as usize, digit as f64 * 10f64.powi(power)),
        _ => match SUFFIXES.get(power as usize / 3) {
            Some(suffix) => format!("{}{suffix}", digit * 10u64.pow(power as u32 % 3)),
            None => format!("{digit}e{power}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::kit::figure;

    #[test]
    fn axes_reach_from_tick_to_tick_around_what_they_show() {
        let shown = |values: &[f64]| {
            let Decades { from, to } = bounds(values.iter().copied(), 2.0);
            [from, to].map(|log| figure(10f64.powf(log)))
        };
        assert_eq!(shown(&[5.28, 30.0, 210.0]), ["2.00", "500"]);
        assert_eq!(shown(&[130.0]), ["2.00", "200"], "at least two decades");
        assert_eq!(shown(&[1.0, 100.0]), ["0.50", "200"], "what lies on a tick has room beside it");
        assert_eq!(bounds([0.0, f64::INFINITY, f64::NAN].into_iter(), 2.0), Decades { from: -1.0, to: 3.0 });
        let Decades { from, to } = bounds([1e-300, 1e300].into_iter(), 2.0);
        assert!(to - from <= MOST_DECADES + 1.0);
    }

    #[test]
    fn ticks_are_labelled_as_they_read_best() {
        let labels = |bounds| ticks(bounds).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(Decades { from: -1.0, to: 1.0 }), ["0.1", "1", "10", "0.2", "2", "0.5", "5"]);
        assert_eq!([label(2, -2), label(5, 0), label(2, 4), label(1, 30)], ["0.02", "5", "20k", "1e30"]);
    }

    #[test]
    fn places_lie_where_their_logarithms_say() {
        let axes = Axes {
            x: Decades { from: -1.0, to: 3.0 },
            y: Decades { from: 0.0, to: 2.0 },
            field: Rect::new(8, 0, 41, 21),
        };
        assert_eq!(axes.cell(0.1, 1.0), Some(Position::new(8, 20)));
        assert_eq!(axes.cell(1000.0, 100.0), Some(Position::new(48, 0)));
        assert_eq!(axes.cell(10.0, 10.0), Some(Position::new(28, 10)));
        assert_eq!(axes.cell(1e4, 10.0), None);
    }
}
