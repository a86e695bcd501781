//! The list of the Roofline screen: every point, and what has no place on its axes, by time.

use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{below, figure, fit, put, put_right, row, scrollbar, scrolled, skip, take};
use crate::tui::screens::roofline::points::Point;
use crate::tui::screens::roofline::view::point::{bound, name};
use crate::units::percent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// The columns of numbers: heading and width.
const COLUMNS: [(&str, u16); 5] = [("FLOP/byte", 10), ("GFLOP/s", 9), ("% roof", 9), ("bound by", 13), ("share", 8)];

pub fn draw(app: &App, points: &[Point], selected: usize, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let inner = Rect { width: area.width.saturating_sub(2), ..area };
    let numbers: u16 = COLUMNS.iter().map(|&(_, width)| width).sum();
    // The names take what the numbers leave, but no more than they need.
    let names = inner.width.saturating_sub(numbers + 1).clamp(12, 34);
    put(buf, skip(inner, 3), Span::styled("point", theme.dim));
    let mut rest = skip(inner, names);
    for (heading, width) in COLUMNS {
        put_right(buf, take(rest, width), Span::styled(heading, theme.dim));
        rest = skip(rest, width);
    }
    let list = below(area, 1);
    let height = list.height as usize;
    let first = scrolled(drawn.listed.0, selected, height, points.len());
    drawn.listed = (first, height);
    for (y, point) in points.iter().enumerate().skip(first).take(height) {
        let line = row(list, (y - first) as u16);
        if y == selected {
            buf.set_style(line.intersection(buf.area), theme.selected);
        }
        let line = take(line, inner.width);
        put(buf, skip(line, 1), Span::styled(mark(point), theme.part(point.kind)));
        put(buf, skip(line, 3), Span::styled(fit(&name(point), names as usize - 4), theme.text));
        let cells = cells(point);
        let mut rest = skip(line, names);
        for ((_, width), cell) in COLUMNS.into_iter().zip(cells) {
            let style = if cell == "–" { theme.faint } else { theme.text };
            put_right(buf, take(rest, width), Span::styled(cell, style));
            rest = skip(rest, width);
        }
        drawn.hits.push((line, Hit::Listed(point.name.clone())));
    }
    scrollbar(buf, list, first, points.len(), theme.dim, theme.rule);
}

/// The sign of a point on the plot, larger the more time it takes; `–` for what has no place there.
pub fn mark(point: &Point) -> &'static str {
    match point.place() {
        None => "–",
        Some(_) if point.share >= 0.1 => "●",
        Some(_) if point.share >= 0.02 => "•",
        Some(_) => "·",
    }
}

fn cells(point: &Point) -> [String; COLUMNS.len()] {
    let nothing = || "–".to_owned();
    // With calls of unknown work beside, what is known is the least that it can be.
    let least = if point.unknown > 0 && point.flops.is_some() { "≥" } else { "" };
    let shown = |value: Option<f64>| value.map_or_else(nothing, |value| format!("{least}{}", figure(value)));
    let share = point.standing.map(|standing| format!("{least}{:.0}%", 100.0 * standing.share.min(99.0)));
    let bound = match () {
        () if point.passes_on => "only calls",
        () if point.flops.is_none() => "unknown work",
        () => bound(point),
    };
    [shown(point.intensity()), shown(point.rate()), share.unwrap_or_else(nothing), bound.into(), percent(point.share)]
}
