//! The points of a sweep as a table: a row for each x, a column for each series.

use crate::analyse::sweep::Sweep;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{below, fit, put_right, quantity, row, scrollbar, scrolled, skip, take};
use crate::tui::screens::sweep::view::series::{figure_of, floor, look, measured, name, over};
use crate::units::percent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

const X: u16 = 16;
/// Columns of a series: its time with half the interval, and the floor.
const SERIES: u16 = 22;
const FLOOR: u16 = 11;

/// Columns of characters that the whole table takes.
pub fn width(sweep: &Sweep) -> u16 {
    X + SERIES * sweep.series.len() as u16 + FLOOR + 2
}

pub fn draw(app: &App, sweep: &Sweep, chosen: Option<(usize, usize)>, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let (theme, phase) = (&app.theme, app.one_phase());
    let mut xs: Vec<f64> = sweep.series.iter().flat_map(|series| series.points.iter().map(|point| point.x)).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    put_right(buf, take(area, X - 2), Span::styled(over(sweep), theme.dim));
    let place = |series: usize, line: Rect| take(skip(line, X + SERIES * series as u16), SERIES);
    for (index, series) in sweep.series.iter().enumerate() {
        let (sign, style) = look(index, theme);
        let at = place(index, area);
        let name = fit(&name(series), at.width.saturating_sub(3) as usize);
        put_right(buf, at, Line::from_iter([Span::styled(format!("{sign} "), style), Span::styled(name, theme.dim)]));
    }
    let floor_at = |line: Rect| take(skip(line, X + SERIES * sweep.series.len() as u16), FLOOR);
    put_right(buf, floor_at(row(area, 0)), Span::styled("floor°", theme.dim));
    let list = below(area, 1);
    let height = list.height as usize;
    let selected = chosen.and_then(|(series, point)| {
        let x = sweep.series.get(series)?.points.get(point)?.x;
        xs.iter().position(|other| *other == x)
    });
    let first = scrolled(drawn.listed.0, selected.unwrap_or(0), height, xs.len());
    drawn.listed = (first, height);
    for (y, x) in xs.iter().enumerate().skip(first).take(height) {
        let line = row(list, (y - first) as u16);
        put_right(buf, take(line, X - 2), Span::styled(figure_of(*x), theme.strong));
        for (index, series) in sweep.series.iter().enumerate() {
            let Some(number) = series.points.iter().position(|point| point.x == *x) else { continue };
            let point = &series.points[number];
            let at = place(index, line);
            if chosen == Some((index, number)) {
                buf.set_style(skip(at, 2).intersection(buf.area), theme.selected);
            }
            let shown = match (measured(point, phase), &point.refused) {
                (Some(time), _) => {
                    let mut spans = quantity(&time.quartiles.median.to_string(), theme.text, theme.dim);
                    if let Some((low, high)) = time.interval {
                        let median = time.quartiles.median.0.max(1) as f64;
                        let half = (high.0 - low.0.min(high.0)) as f64 / median / 2.0;
                        spans.push(Span::styled(format!(" {:>6}", format!("±{}", percent(half))), theme.faint));
                    }
                    Line::from(spans)
                }
                (None, Some(_)) => Line::from(Span::styled("✗ refused", theme.warn)),
                (None, None) => Line::from(Span::styled("–", theme.faint)),
            };
            put_right(buf, at, shown);
            drawn.hits.push((at, Hit::Point(index, number)));
        }
        let floors = sweep.series.iter().flat_map(|series| &series.points).filter(|point| point.x == *x);
        if let Some(floor) = floors.filter_map(|point| floor(point, phase)).min() {
            put_right(buf, floor_at(line), Line::from(quantity(&floor.to_string(), theme.dim, theme.faint)));
        }
    }
    scrollbar(buf, list, first, xs.len(), theme.dim, theme.rule);
}
