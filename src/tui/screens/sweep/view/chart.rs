//! The chart of the Sweep screen.

use crate::analyse::sweep::Sweep;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::axes::{Axes, Decades, GUTTER, bounds};
use crate::tui::kit::plot::unit;
use crate::tui::kit::{below, put, row, skip};
use crate::tui::screens::sweep::view::series::{figure_of, floor, legend, look, measured, over, power};
use crate::units::Nanos;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line};

pub fn draw(app: &App, sweep: &Sweep, chosen: Option<(usize, usize)>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let (theme, phase) = (&app.theme, app.one_phase());
    if area.height < 6 || area.width < GUTTER + 20 {
        return;
    }
    put(buf, skip(row(area, 0), 1), legend(sweep, phase, theme));
    let area = below(area, 1);
    let points = || sweep.series.iter().flat_map(|series| &series.points);
    let times: Vec<Nanos> = points().filter_map(|point| measured(point, phase)).map(|m| m.quartiles.median).collect();
    if times.is_empty() {
        put(buf, skip(below(area, 1), 1), Span::styled("Nothing of this phase has been measured.", theme.dim));
        return;
    }
    let (unit, scale) = unit(&times);
    let scaled = |time: Nanos| time.0 as f64 / scale;
    let field = Rect { width: area.width - GUTTER - 1, height: area.height - 2, ..skip(area, GUTTER) };
    // The last x and the unit stand beside each other.
    let over = over(sweep);
    let short = over.rsplit(' ').next().unwrap_or_default();
    let floors = points().filter_map(|point| floor(point, phase)).map(scaled);
    let axes = Axes {
        x: ends(points().map(|point| point.x), f64::from(short.chars().count() as u16 + 6) / f64::from(field.width)),
        y: bounds(times.iter().copied().map(scaled).chain(floors), 0.6),
        field,
    };
    let mut xs: Vec<f64> = points().map(|point| point.x).filter(|x| *x > 0.0).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let marks = xs.iter().map(|x| (x.log10(), figure_of(*x))).collect();
    let colour = |style: Style| style.fg.unwrap_or(Color::Reset);
    let mut lines = Vec::new();
    for (index, series) in sweep.series.iter().enumerate() {
        let style = colour(look(index, theme).1);
        let measured: Vec<[f64; 2]> = series
            .points
            .iter()
            .filter_map(|point| Some([point.x.log10(), scaled(measured(point, phase)?.quartiles.median).log10()]))
            .collect();
        lines.extend(measured.windows(2).map(|pair| between(pair[0], pair[1], style)));
        if let Some(power) = power(series, phase) {
            // The law, as a line of its own, is drawn only where it was fitted; it lies close to the points.
            let at = |x: f64| [x.log10(), (power.at(x) * 1e9 / scale).log10()];
            lines.push(between(at(power.from), at(power.to), colour(theme.faint)));
        }
    }
    lines.retain(|line| [line.x1, line.y1, line.x2, line.y2].iter().all(|at| at.is_finite()));
    lines.reverse();
    Canvas::default()
        .marker(Marker::Braille)
        .background_color(theme.ground.bg.unwrap_or(Color::Reset))
        .x_bounds([axes.x.from, axes.x.to])
        .y_bounds([axes.y.from, axes.y.to])
        .paint(|canvas| lines.iter().for_each(|line| canvas.draw(line)))
        .render(field, buf);
    axes.labels(area, short, unit, Some(marks), theme, buf);
    floor_line(app, sweep, &axes, scale, buf);
    for (index, series) in sweep.series.iter().enumerate() {
        let (sign, style) = look(index, theme);
        for (number, point) in series.points.iter().enumerate() {
            let Some(time) = measured(point, phase) else { continue };
            if let Some((low, high)) = time.interval
                && let (Some(low), Some(high)) = (axes.cell(point.x, scaled(low)), axes.cell(point.x, scaled(high)))
            {
                // An interval shows where it is larger than a cell.
                (high.y..=low.y).filter(|_| high.y < low.y).for_each(|y| {
                    put(buf, Rect::new(low.x, y, 1, 1), Span::styled("│", style));
                });
            }
            let Some(at) = axes.cell(point.x, scaled(time.quartiles.median)) else { continue };
            let is_chosen = chosen == Some((index, number));
            let style = if is_chosen { style.patch(theme.selected).add_modifier(Modifier::BOLD) } else { style };
            put(buf, Rect::new(at.x, at.y, 1, 1), Span::styled(sign, style));
            drawn.hits.push((Rect::new(at.x, at.y, 1, 1), Hit::Point(index, number)));
        }
    }
    // The chosen point lies on top, whatever lies near it.
    if let Some((index, number)) = chosen
        && let Some(point) = sweep.series.get(index).and_then(|series| series.points.get(number))
        && let Some(time) = measured(point, phase)
        && let Some(at) = axes.cell(point.x, scaled(time.quartiles.median))
    {
        let (sign, style) = look(index, theme);
        let style = style.patch(theme.selected).add_modifier(Modifier::BOLD);
        put(buf, Rect::new(at.x, at.y, 1, 1), Span::styled(sign, style));
    }
}

/// From the first to the last x, with a little room before them and a share of the whole after.
fn ends(values: impl Iterator<Item = f64>, share: f64) -> Decades {
    let logs = values.filter(|x| x.is_finite() && *x > 0.0).map(f64::log10);
    let (from, to) = logs.fold((f64::MAX, f64::MIN), |(from, to), log| (from.min(log), to.max(log)));
    if from > to {
        return Decades { from: 0.0, to: 1.0 };
    }
    let (from, to) = (from - 0.1, to.max(from + 0.3));
    Decades { from, to: to + (to - from) * share / (1.0 - share.min(0.5)) }
}

/// From one place to another, each [x, y].
fn between([x1, y1]: [f64; 2], [x2, y2]: [f64; 2], color: Color) -> Line {
    Line { x1, y1, x2, y2, color }
}

/// The least that the machine would allow, dotted; of series that share it once.
fn floor_line(app: &App, sweep: &Sweep, axes: &Axes, scale: f64, buf: &mut Buffer) {
    let phase = app.one_phase();
    for series in &sweep.series {
        let known: Vec<(f64, f64)> = series
            .points
            .iter()
            .filter_map(|point| Some((point.x.log10(), (floor(point, phase)?.0 as f64 / scale).log10())))
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect();
        for pair in known.windows(2) {
            let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
            let at = |share: f64| axes.cell(10f64.powf(x1 + share * (x2 - x1)), 10f64.powf(y1 + share * (y2 - y1)));
            let steps = axes.field.width.max(1);
            for step in (0..=steps).step_by(2) {
                let Some(at) = at(f64::from(step) / f64::from(steps)) else { continue };
                if let Some(cell) = buf.cell_mut(at).filter(|cell| [" ", "\u{2800}"].contains(&cell.symbol())) {
                    cell.set_symbol("╌").set_style(app.theme.dim);
                }
            }
        }
    }
}
