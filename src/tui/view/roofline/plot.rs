//! The plot of the Roofline screen: roofs and points on logarithmic axes, with a cross-hair on the selected one.

use super::super::blocks::of_kind;
use super::list::mark;
use super::name;
use crate::trace::Peaks;
use crate::trace::roofline::ridge;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::points::Point;
use crate::tui::theme::Theme;
use crate::tui::widget::{figure, fit, put, put_right, row, skip, take};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line};
use std::f64::consts::LOG10_2;

/// Columns of the labels on the left, and the axis.
const GUTTER: u16 = 8;
/// Columns that the name of the selected point takes at most, with its percentage.
const MOST_NAME: u16 = 36;
/// More decades than this tell nothing apart.
const MOST_DECADES: f64 = 9.0;

/// The steps of a decade that have ticks: these logarithms of 1, 2 and 5.
const STEPS: [(u64, f64); 3] = [(1, 0.0), (2, LOG10_2), (5, 1.0 - LOG10_2)];

/// What the axes show, and where they lie.
struct Axes {
    /// From and to, as powers of ten: FLOP/byte, GFLOP/s.
    x: (f64, f64),
    y: (f64, f64),
    field: Rect,
}

pub fn draw(
    app: &App,
    points: &[Point],
    selected: usize,
    peaks: Option<&Peaks>,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let theme = &app.theme;
    if area.height < 5 || area.width < GUTTER + 20 {
        return;
    }
    let field = Rect { width: area.width - GUTTER - 1, height: area.height - 2, ..skip(area, GUTTER) };
    let axes = Axes::around(points, peaks, field);
    let cells: Vec<Option<Position>> = points.iter().map(|point| axes.cell(point.place()?)).collect();
    if let Some(peaks) = peaks {
        roofs(&axes, peaks, points, theme, buf);
        names(&axes, peaks, points, (&cells, selected), theme, buf);
    }
    labels(&axes, area, theme, buf);
    // The last one drawn lies on top: the one that takes most, then the selected one.
    for (index, point) in points.iter().enumerate().rev().filter(|&(index, _)| index != selected) {
        let Some(at) = cells[index] else { continue };
        put(buf, Rect::new(at.x, at.y, 1, 1), Span::styled(mark(point), of_kind(point.kind, theme)));
        drawn.hits.push((Rect::new(at.x, at.y, 1, 1), Hit::Listed(points[index].name.clone())));
    }
    let Some(point) = points.get(selected) else { return };
    match cells[selected] {
        Some(at) => cross_hair(&axes, point, at, theme, buf),
        None => {
            let text = format!("{} has no place on these axes", name(point));
            put_right(buf, row(field, field.height - 1), Span::styled(fit(&text, field.width as usize), theme.dim));
        }
    }
}

impl Axes {
    /// Around every point, the roofs and where they meet.
    fn around(points: &[Point], peaks: Option<&Peaks>, field: Rect) -> Self {
        let gemm = || peaks.into_iter().flat_map(|peaks| peaks.gemm.iter().map(move |gemm| (peaks, gemm)));
        let ridges = gemm().filter_map(|(peaks, gemm)| ridge(peaks, gemm.dtype));
        let heights = gemm().map(|(_, gemm)| gemm.flops.best / 1e9);
        let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().filter_map(Point::place).unzip();
        Self { x: bounds(xs.into_iter().chain(ridges)), y: bounds(ys.into_iter().chain(heights)), field }
    }

    /// The cell of a place; `None` where it lies outside.
    fn cell(&self, (intensity, rate): (f64, f64)) -> Option<Position> {
        let share = |value: f64, (from, to): (f64, f64)| {
            let share = (value.log10() - from) / (to - from);
            // The ends themselves are inside, whatever rounding says.
            (-1e-9..=1.0 + 1e-9).contains(&share).then_some(share.clamp(0.0, 1.0))
        };
        let (x, y) = (share(intensity, self.x)?, share(rate, self.y)?);
        let cell = |share: f64, n: u16| (share * f64::from(n.saturating_sub(1))).round() as u16;
        let up = cell(y, self.field.height);
        Some(Position::new(self.field.x + cell(x, self.field.width), self.field.bottom() - 1 - up))
    }
}

/// From which to which power of ten some values reach, both on ticks: at least two decades, and never more than
/// can be told apart.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let logs = values.filter(|value| value.is_finite() && *value > 0.0).map(f64::log10);
    let (least, most) = logs.fold((f64::MAX, f64::MIN), |(least, most), log| (least.min(log), most.max(log)));
    if least > most {
        return (-1.0, 3.0);
    }
    let steps = |log: f64| STEPS.map(|(_, step)| log.floor() + step).into_iter().chain([log.floor() + 1.0]);
    // What lies on a tick still has room beside it.
    let to = steps(most + 0.1).find(|&step| step >= most + 0.1).unwrap_or(most + 0.1);
    let from = (least - 0.1).min(to - 2.0).max(to - MOST_DECADES);
    (steps(from).rfind(|&step| step <= from + 1e-9).unwrap_or(from), to)
}

/// Every tick between two powers of ten, as its logarithm and its label; whole decades come first.
fn ticks((from, to): (f64, f64)) -> Vec<(f64, String)> {
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

/// The slope of the bandwidth and, for every format measured, its compute roof from the ridge on.
fn roofs(axes: &Axes, peaks: &Peaks, points: &[Point], theme: &Theme, buf: &mut Buffer) {
    let colour = |style: Style| style.fg.unwrap_or(Color::Reset);
    let bandwidth = (peaks.bandwidth.best / 1e9).log10();
    let ridges = peaks.gemm.iter().filter_map(|gemm| ridge(peaks, gemm.dtype)).map(f64::log10);
    let highest = ridges.fold(f64::MIN, f64::max).clamp(axes.x.0, axes.x.1);
    let used = |dtype| points.iter().any(|point| point.dtype == Some(dtype));
    let mut lines = vec![Line {
        x1: axes.x.0,
        y1: bandwidth + axes.x.0,
        x2: highest,
        y2: bandwidth + highest,
        color: colour(theme.text),
    }];
    for gemm in &peaks.gemm {
        let (Some(ridge), height) = (ridge(peaks, gemm.dtype), (gemm.flops.best / 1e9).log10()) else { continue };
        let color = colour(if used(gemm.dtype) { theme.text } else { theme.faint });
        lines.push(Line { x1: ridge.log10().max(axes.x.0), y1: height, x2: axes.x.1, y2: height, color });
    }
    // A file may claim anything; what has no place is not drawn.
    lines.retain(|line| [line.x1, line.y1, line.x2, line.y2].iter().all(|at| at.is_finite()));
    Canvas::default()
        .marker(Marker::Braille)
        .background_color(theme.ground.bg.unwrap_or(Color::Reset))
        .x_bounds([axes.x.0, axes.x.1])
        .y_bounds([axes.y.0, axes.y.1])
        .paint(|canvas| lines.iter().for_each(|line| canvas.draw(line)))
        .render(axes.field, buf);
}

/// The name of each roof, along it where it hides no point.
fn names(
    axes: &Axes,
    peaks: &Peaks,
    points: &[Point],
    (cells, selected): (&[Option<Position>], usize),
    theme: &Theme,
    buf: &mut Buffer,
) {
    let field = axes.field;
    let mut taken: Vec<Rect> = cells.iter().flatten().map(|at| Rect::new(at.x, at.y, 1, 1)).collect();
    // The selected point has its name beside it.
    let named = cells.get(selected).copied().flatten();
    taken.extend(named.map(|at| Rect::new(at.x.saturating_sub(MOST_NAME), at.y, 2 * MOST_NAME, 1)));
    let mut write = |text: String, style: Style, places: Vec<(u16, u16)>| {
        let width = text.chars().count() as u16;
        let free =
            |place: &Rect| field.intersection(*place) == *place && !taken.iter().any(|other| place.intersects(*other));
        if let Some(place) = places.into_iter().map(|(x, y)| Rect::new(x, y, width, 1)).find(free) {
            put(buf, place, Span::styled(text, style));
            taken.push(place);
        }
    };
    let highest = peaks.gemm.iter().map(|gemm| gemm.flops.best).fold(0.0, f64::max);
    for gemm in &peaks.gemm {
        let rate = gemm.flops.best / 1e9;
        let Some(at) = axes.cell((10f64.powf(axes.x.1), rate)) else { continue };
        let used = points.iter().any(|point| point.dtype == Some(gemm.dtype));
        let text = format!(" {} {} GFLOP/s", gemm.dtype.name(), figure(rate));
        let right = field.right().saturating_sub(text.chars().count() as u16);
        // Over the highest roof; under the others, which lie close to it.
        let y = if gemm.flops.best >= highest { at.y.saturating_sub(1) } else { at.y + 1 };
        let places = (0..field.width).map(|by| (right.saturating_sub(by), y)).collect();
        write(text, if used { theme.text } else { theme.faint }, places);
    }
    let bandwidth = peaks.bandwidth.best / 1e9;
    let text = format!("{} GB/s", figure(bandwidth));
    let width = text.chars().count() as u16;
    // Left of the slope, from its middle down and then up.
    let middle = field.height / 2;
    let rows = (middle..field.height).chain((0..middle).rev());
    let slope = |up: u16| {
        let y = axes.y.0 + f64::from(up) / f64::from(field.height.max(2) - 1) * (axes.y.1 - axes.y.0);
        axes.cell((10f64.powf(y) / bandwidth, 10f64.powf(y)))
    };
    let places = rows.filter_map(|y| {
        let at = slope(field.height - 1 - y)?;
        Some((at.x.checked_sub(width + 3)?, field.y + y))
    });
    write(text, theme.text, places.collect());
}

/// Both axes: whole decades have labels, and 2 and 5 where there is room.
fn labels(axes: &Axes, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let field = axes.field;
    let axis = Rect { x: field.x - 1, width: 1, ..field };
    for y in 0..field.height {
        put(buf, row(axis, y), Span::styled("│", theme.rule));
    }
    let foot = Rect { y: field.bottom(), height: 1, ..field };
    put(buf, foot, Span::styled("─".repeat(field.width as usize), theme.rule));
    put(buf, Rect { x: axis.x, width: 1, ..foot }, Span::styled("└", theme.rule));
    // The unit has the first row.
    let mut taken = vec![field.y];
    put_right(buf, take(row(area, 0), GUTTER - 1), Span::styled("GFLOP/s", theme.dim));
    for (log, text) in ticks(axes.y) {
        let Some(at) = axes.cell((10f64.powf(axes.x.0), 10f64.powf(log))) else { continue };
        put(buf, row(axis, at.y - field.y), Span::styled("┤", theme.rule));
        if taken.iter().all(|&y| at.y.abs_diff(y) >= 2) {
            put_right(buf, Rect { y: at.y, height: 1, ..take(area, GUTTER - 2) }, Span::styled(text, theme.dim));
            taken.push(at.y);
        }
    }
    let line = Rect { y: foot.y + 1, ..foot };
    let unit = " FLOP/byte";
    put_right(buf, line, Span::styled(unit, theme.dim));
    let mut taken = vec![(line.right() - unit.len() as u16, line.right())];
    for (log, text) in ticks(axes.x) {
        let Some(at) = axes.cell((10f64.powf(log), 10f64.powf(axes.y.0))) else { continue };
        put(buf, Rect::new(at.x, foot.y, 1, 1), Span::styled("┴", theme.rule));
        let width = text.chars().count() as u16;
        let from = at.x.saturating_sub(width / 2).max(line.x);
        if taken.iter().all(|&(left, right)| from + width < left || from > right) {
            put(buf, Rect::new(from, line.y, width, 1), Span::styled(text, theme.dim));
            taken.push((from, from + width));
        }
    }
}

/// Lines from the point to both axes and up to its roof, and its name beside it.
fn cross_hair(axes: &Axes, point: &Point, at: Position, theme: &Theme, buf: &mut Buffer) {
    let field = axes.field;
    let mut thread = |x: u16, y: u16, symbol: &str| {
        if let Some(cell) = buf.cell_mut((x, y)).filter(|cell| [" ", "\u{2800}"].contains(&cell.symbol())) {
            cell.set_symbol(symbol).set_style(theme.faint);
        }
    };
    (field.x..at.x).for_each(|x| thread(x, at.y, "╌"));
    (at.y + 1..field.bottom()).for_each(|y| thread(at.x, y, "┊"));
    // Up to the roof: what is left.
    if let Some(standing) = point.standing.filter(|standing| standing.share < 1.0)
        && let Some((intensity, rate)) = point.place()
        && let Some(roof) = axes.cell((intensity, rate / standing.share))
    {
        (roof.y + 1..at.y).for_each(|y| thread(at.x, y, "┊"));
    }
    let style = of_kind(point.kind, theme).add_modifier(Modifier::BOLD);
    put(buf, Rect::new(at.x, at.y, 1, 1), Span::styled("◆", style));
    let share = point.standing.map(|standing| format!(" {:.0}%", 100.0 * standing.share.min(99.0)));
    let text = format!("{}{}", fit(&name(point), MOST_NAME as usize - 8), share.unwrap_or_default());
    let width = unicode_width::UnicodeWidthStr::width(text.as_str()) as u16;
    let right = at.x + 2 + width <= field.right();
    let left = if right { at.x + 2 } else { at.x.saturating_sub(1 + width).max(field.x) };
    let place = Rect::new(left, at.y, width, 1).intersection(field);
    put(buf, place, Span::styled(text, theme.selected.patch(theme.strong)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_reach_from_tick_to_tick_around_what_they_show() {
        let shown = |values: &[f64]| {
            let (from, to) = bounds(values.iter().copied());
            [from, to].map(|log| figure(10f64.powf(log)))
        };
        assert_eq!(shown(&[5.28, 30.0, 210.0]), ["2.00", "500"]);
        assert_eq!(shown(&[130.0]), ["2.00", "200"], "at least two decades");
        assert_eq!(shown(&[1.0, 100.0]), ["0.50", "200"], "what lies on a tick has room beside it");
        assert_eq!(bounds([0.0, f64::INFINITY, f64::NAN].into_iter()), (-1.0, 3.0));
        let (from, to) = bounds([1e-300, 1e300].into_iter());
        assert!(to - from <= MOST_DECADES + 1.0);
    }

    #[test]
    fn ticks_are_labelled_as_they_read_best() {
        let labels = |bounds| ticks(bounds).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels((-1.0, 1.0)), ["0.1", "1", "10", "0.2", "2", "0.5", "5"]);
        assert_eq!([label(2, -2), label(5, 0), label(2, 4), label(1, 30)], ["0.02", "5", "20k", "1e30"]);
    }

    #[test]
    fn places_lie_where_their_logarithms_say() {
        let axes = Axes { x: (-1.0, 3.0), y: (0.0, 2.0), field: Rect::new(8, 0, 41, 21) };
        assert_eq!(axes.cell((0.1, 1.0)), Some(Position::new(8, 20)));
        assert_eq!(axes.cell((1000.0, 100.0)), Some(Position::new(48, 0)));
        assert_eq!(axes.cell((10.0, 10.0)), Some(Position::new(28, 10)));
        assert_eq!(axes.cell((1e4, 10.0)), None);
    }
}
