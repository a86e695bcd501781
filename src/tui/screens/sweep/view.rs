//! The Sweep screen: how time grows along a setting, on logarithmic axes, beside what the machine would allow.
//!
//! ```text
//!  phase  prefill  decode                                    5 rounds · over prompt_tokens
//!   s                         ● attention=eager ≈ n^1.93   ■ attention=fused ≈ n^1.12
//!    1 ┤              ╱●                │   prompt   attention=eager       attention=fused
//!  0.1 ┤       ╱●   ■                   │      64    24.1 ms ±0.3          …
//!      │  ·  ·  ·  ·  (floor°)          │     128 …
//!      └──┴────┴────┴──                 │  (below, where it is narrow)
//!        64  128  256  prompt tokens
//!  ────────────────────────────────────────────────────────────────────────
//!  attention=eager at 256 · TTFT 108 ms (107 – 109) · 2.7 × the floor° of 40 ms
//! ```

mod chart;
mod series;
mod table;

use crate::analyse::sweep::Sweep;
use crate::record::Phase;
use crate::tui::app::{App, Drawn};
use crate::tui::kit::{below, figure, fit, put, put_right, row, skip, span, take};
use crate::tui::sanitize;
use crate::tui::screens::sweep::points::places;
use crate::tui::studies::Studied;
use crate::tui::view::{choices, unstudied};
use crate::units::{Nanos, many};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use series::{figure_of, floor, measured, name, over, power};
use unicode_width::UnicodeWidthStr;

/// From this width on, the table stands beside the chart.
const WIDE: u16 = 120;
const FOOT: u16 = 3;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(studied) = &app.studies.sweep else {
        return unstudied::draw(app, skip(below(area, 1), 1), buf, drawn);
    };
    let first = skip(row(area, 0), 1);
    let phase = app.one_phase();
    let rest = choices::phase(phase).draw(theme, first, buf, drawn);
    let style = if studied.is_going_on() { theme.warn } else { theme.dim };
    let said = fit(&conditions(studied), rest.width.saturating_sub(4) as usize);
    put_right(buf, Rect { width: rest.width.saturating_sub(2), ..rest }, Span::styled(said, style));
    let body = Rect { height: area.height.saturating_sub(1 + FOOT), ..below(area, 1) };
    let Some(sweep) = studied.sweep().filter(|sweep| !sweep.series.is_empty()) else {
        return unstudied::waiting(app, studied, skip(below(body, 1), 1), buf);
    };
    let places = places(sweep);
    let selected = app.screens.sweep.point.min(places.len().saturating_sub(1));
    let chosen = places.get(selected).copied();
    let rows = sweep.series.iter().map(|series| series.points.len()).max().unwrap_or(0) as u16;
    if area.width >= WIDE {
        let side = (table::width(sweep) + 2).min(area.width / 2);
        chart::draw(app, sweep, chosen, take(body, body.width - side - 1), buf, drawn);
        let side = skip(body, body.width - side);
        for y in 0..side.height {
            put(buf, row(side, y), Span::styled("│", theme.rule));
        }
        table::draw(app, sweep, chosen, skip(side, 2), buf, drawn);
    } else {
        let height = body.height.saturating_sub((rows + 1).min(body.height * 2 / 5));
        chart::draw(app, sweep, chosen, Rect { height, ..body }, buf, drawn);
        table::draw(app, sweep, chosen, below(body, height), buf, drawn);
    }
    let bottom = below(area, area.height.saturating_sub(FOOT));
    put(buf, bottom, Span::styled("─".repeat(area.width as usize), theme.rule));
    let place = |y: u16| Rect { width: area.width.saturating_sub(2), ..skip(row(bottom, y), 1) };
    if let Some((series, point)) = chosen {
        let width = place(1).width as usize;
        put(buf, place(1), Span::styled(fit(&about(sweep, series, point, phase), width), theme.text));
        let law = law(sweep, series, phase);
        let long = "times measured · slopes fitted · ° modelled";
        let fits = law.width() + long.width() + 3 <= place(2).width as usize;
        let legend = if fits { long } else { "measured · ° modelled" };
        let room = place(2).width.saturating_sub(legend.chars().count() as u16 + 2);
        put(buf, place(2), Span::styled(fit(&law, room as usize), theme.dim));
        put_right(buf, place(2), Span::styled(legend, theme.faint));
    }
}

fn conditions(studied: &Studied) -> String {
    let so_far = if studied.is_going_on() { " so far: preliminary" } else { "" };
    let new = studied.study.arms.first().map_or(0, |arm| arm.new_tokens);
    format!("{}{so_far} · {new} new tokens each", many(studied.rounds(), "round"))
}

/// The selected point in a line.
fn about(sweep: &Sweep, series: usize, point: usize, phase: Phase) -> String {
    let (series, point) = (&sweep.series[series], &sweep.series[series].points[point]);
    let place = format!("{} at {}", name(series), figure_of(point.x));
    if let Some(why) = &point.refused {
        return format!("{place} · not measured: {}", sanitize::label(why));
    }
    let Some(measured) = measured(point, phase) else { return format!("{place} · not measured yet") };
    let time = if phase == Phase::Prefill { "TTFT" } else { "TPOT" };
    let median = measured.quartiles.median;
    let interval = measured.interval.map(|(low, high)| format!(" (95%: {})", span(low, high))).unwrap_or_default();
    let over = floor(point, phase)
        .filter(|floor| floor.0 > 0)
        .map(|floor| format!(" · {}× floor° {floor}", figure(median.0 as f64 / floor.0 as f64)));
    let n = measured.quartiles.n;
    format!("{place} · {time} {median}{interval}{} · {}", over.unwrap_or_default(), many(n, "sample"))
}

/// The laws fitted to the selected series.
fn law(sweep: &Sweep, series: usize, phase: Phase) -> String {
    let series = &sweep.series[series];
    let Some(power) = power(series, phase) else { return "two points make a slope".into() };
    let interval = power.interval.map(|(low, high)| format!(" (95%: {low:.2} – {high:.2})"));
    let interval = interval.unwrap_or_else(|| " (preliminary: few samples)".into());
    let line = series.tpot_line.as_ref().filter(|_| phase == Phase::Decode).map(|line| {
        let a = Nanos::from_seconds(line.a);
        format!(" · about {a} + {} a thousand {}", Nanos::from_seconds(1000.0 * line.b), over(sweep))
    });
    let range = format!("from {} to {}", figure_of(power.from), figure_of(power.to));
    format!("time ≈ n^{:.2}{interval} {range}{}", power.exponent, line.unwrap_or_default())
}
