//! The plot of the Roofline screen: roofs and points on logarithmic axes, with a cross-hair on the selected one.

use crate::analyse::roofline::ridge;
use crate::record::Peaks;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::axes::{Axes, GUTTER, bounds};
use crate::tui::kit::{figure, fit, put, put_right, row, skip};
use crate::tui::screens::roofline::points::Point;
use crate::tui::screens::roofline::view::list::mark;
use crate::tui::screens::roofline::view::point::name;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line};

/// Columns that the name of the selected point takes at most, with its percentage.
const MOST_NAME: u16 = 36;
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
    let axes = around(points, peaks, field);
    let cells: Vec<Option<Position>> =
        points.iter().map(|point| point.place().and_then(|(x, y)| axes.cell(x, y))).collect();
    if let Some(peaks) = peaks {
        roofs(&axes, peaks, points, theme, buf);
        names(&axes, peaks, points, &cells, selected, theme, buf);
    }
    axes.labels(area, "FLOP/byte", "GFLOP/s", None, theme, buf);
    // The last one drawn lies on top: the one that takes most, then the selected one.
    for (index, point) in points.iter().enumerate().rev().filter(|&(index, _)| index != selected) {
        let Some(at) = cells[index] else { continue };
        put(buf, Rect::new(at.x, at.y, 1, 1), Span::styled(mark(point), theme.part(point.kind)));
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

/// Axes around every point, the roofs and where they meet.
fn around(points: &[Point], peaks: Option<&Peaks>, field: Rect) -> Axes {
    let gemm = || peaks.into_iter().flat_map(|peaks| peaks.gemm.iter().map(move |gemm| (peaks, gemm)));
    let ridges = gemm().filter_map(|(peaks, gemm)| ridge(peaks, gemm.dtype));
    let heights = gemm().map(|(_, gemm)| gemm.flops.best / 1e9);
    let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().filter_map(Point::place).unzip();
    Axes { x: bounds(xs.into_iter().chain(ridges), 2.0), y: bounds(ys.into_iter().chain(heights), 2.0), field }
}

/// The slope of the bandwidth and, for every format measured, its compute roof from the ridge on.
fn roofs(axes: &Axes, peaks: &Peaks, points: &[Point], theme: &Theme, buf: &mut Buffer) {
    let colour = |style: Style| style.fg.unwrap_or(Color::Reset);
    let bandwidth = (peaks.bandwidth.best / 1e9).log10();
    let ridges = peaks.gemm.iter().filter_map(|gemm| ridge(peaks, gemm.dtype)).map(f64::log10);
    let highest = ridges.fold(f64::MIN, f64::max).clamp(axes.x.from, axes.x.to);
    let used = |dtype| points.iter().any(|point| point.dtype == Some(dtype));
    let mut lines = vec![Line {
        x1: axes.x.from,
        y1: bandwidth + axes.x.from,
        x2: highest,
        y2: bandwidth + highest,
        color: colour(theme.text),
    }];
    for gemm in &peaks.gemm {
        let (Some(ridge), height) = (ridge(peaks, gemm.dtype), (gemm.flops.best / 1e9).log10()) else { continue };
        let color = colour(if used(gemm.dtype) { theme.text } else { theme.faint });
        lines.push(Line { x1: ridge.log10().max(axes.x.from), y1: height, x2: axes.x.to, y2: height, color });
    }
    // A file may claim anything; what has no place is not drawn.
    lines.retain(|line| [line.x1, line.y1, line.x2, line.y2].iter().all(|at| at.is_finite()));
    Canvas::default()
        .marker(Marker::Braille)
        .background_color(theme.ground.bg.unwrap_or(Color::Reset))
        .x_bounds([axes.x.from, axes.x.to])
        .y_bounds([axes.y.from, axes.y.to])
        .paint(|canvas| lines.iter().for_each(|line| canvas.draw(line)))
        .render(axes.field, buf);
}

/// The name of each roof, along it where it hides no point.
fn names(
    axes: &Axes,
    peaks: &Peaks,
    points: &[Point],
    cells: &[Option<Position>],
    selected: usize,
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
        let Some(at) = axes.cell(10f64.powf(axes.x.to), rate) else { continue };
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
        let y = axes.y.from + f64::from(up) / f64::from(field.height.max(2) - 1) * (axes.y.to - axes.y.from);
        axes.cell(10f64.powf(y) / bandwidth, 10f64.powf(y))
    };
    let places = rows.filter_map(|y| {
        let at = slope(field.height - 1 - y)?;
        Some((at.x.checked_sub(width + 3)?, field.y + y))
    });
    write(text, theme.text, places.collect());
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
        && let Some(roof) = axes.cell(intensity, rate / standing.share)
    {
        (roof.y + 1..at.y).for_each(|y| thread(at.x, y, "┊"));
    }
    let style = theme.part(point.kind).add_modifier(Modifier::BOLD);
    put(buf, Rect::new(at.x, at.y, 1, 1), Span::styled("◆", style));
    let share = point.standing.map(|standing| format!(" {:.0}%", 100.0 * standing.share.min(99.0)));
    let text = format!("{}{}", fit(&name(point), MOST_NAME as usize - 8), share.unwrap_or_default());
    let width = unicode_width::UnicodeWidthStr::width(text.as_str()) as u16;
    let right = at.x + 2 + width <= field.right();
    let left = if right { at.x + 2 } else { at.x.saturating_sub(1 + width).max(field.x) };
    let place = Rect::new(left, at.y, width, 1).intersection(field);
    put(buf, place, Span::styled(text, theme.selected.patch(theme.strong)));
}
