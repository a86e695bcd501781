//! Speed against quality: what lies up and to the left is best.
//!
//! ```text
//!  tok/s
//!    50 ┤                       • weights=int4
//!       │             ●
//!    20 ┤ ●      ·                              (dominated: dim, hollow)
//!       └─┴────────────────────────┴──
//!         ≤1e-5     0.001        0.01   KL in nats
//! ```

use crate::analyse::pareto::Standing;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::axes::{Axes, Decades, GUTTER, bounds};
use crate::tui::kit::{fit, put, skip};
use crate::tui::sanitize;
use crate::tui::screens::matrix::ranking::Ranked;
use crate::tui::studies::Studied;
use crate::units::Bytes;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

/// What is closer to the reference than this is drawn as if it were as far: nobody could tell.
const LEAST: f64 = 1e-5;
/// Columns that a name takes at most.
const MOST_NAME: usize = 32;

pub fn draw(app: &App, rows: &[&Ranked], selected: usize, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    if area.height < 5 || area.width < GUTTER + 20 {
        return;
    }
    let phase = app.one_phase();
    let place = |arm: &Ranked| {
        let (rate, kl) = (arm.phases[phase as usize].rate?, arm.quality?.kl_mean);
        kl.is_finite().then(|| (kl.max(LEAST), rate))
    };
    let places: Vec<Option<(f64, f64)>> = rows.iter().map(|arm| place(arm)).collect();
    let (xs, ys): (Vec<f64>, Vec<f64>) = places.iter().flatten().copied().unzip();
    if xs.is_empty() {
        let why = match app.studies.matrix.as_ref().is_some_and(Studied::is_going_on) {
            true => "Speed against quality is drawn when both were measured: the quality comes after the rounds.",
            false => "Speed against quality: not measured, it ended before.",
        };
        put(buf, skip(area, 1), Span::styled(fit(why, area.width as usize - 1), theme.dim));
        return;
    }
    let field = Rect { width: area.width - GUTTER - 1, height: area.height - 2, ..skip(area, GUTTER) };
    let axes = Axes { x: bounds(xs.into_iter(), 1.0), y: bounds(ys.into_iter(), 0.6), field };
    axes.labels(area, "KL, nats", "tok/s", Some(marks(axes.x)), theme, buf);
    let largest = rows.iter().filter_map(|arm| arm.memory).max().unwrap_or_default();
    let cells: Vec<Option<Position>> = places.iter().map(|place| place.and_then(|(x, y)| axes.cell(x, y))).collect();
    let mut taken: Vec<Rect> = cells.iter().flatten().map(|at| Rect::new(at.x, at.y, 1, 1)).collect();
    // Those that no other beats are named too, where there is room; the selected one first of all.
    let mut order: Vec<usize> = (0..rows.len()).filter(|&index| index != selected).collect();
    order.sort_by_key(|&index| !is_best(rows[index], phase as usize));
    for index in order.iter().copied().rev().chain([selected]) {
        let (Some(at), Some(arm)) = (cells.get(index).copied().flatten(), rows.get(index)) else { continue };
        let best = is_best(arm, phase as usize);
        let style = match best {
            _ if index == selected => theme.accent,
            true => theme.good,
            false => theme.faint,
        };
        put(buf, Rect::new(at.x, at.y, 1, 1), Span::styled(mark(arm, largest, best), style));
        drawn.hits.push((Rect::new(at.x, at.y, 1, 1), Hit::Arm(arm.arm)));
    }
    for index in std::iter::once(selected).chain(order) {
        let (Some(at), Some(arm)) = (cells.get(index).copied().flatten(), rows.get(index)) else { continue };
        if index != selected && !is_best(arm, phase as usize) {
            continue;
        }
        let text = fit(&sanitize::label(&arm.name), MOST_NAME);
        let width = text.width() as u16;
        let right = Rect::new(at.x + 2, at.y, width, 1);
        let left = Rect::new(at.x.saturating_sub(width + 1), at.y, width, 1);
        let free =
            |place: &Rect| field.intersection(*place) == *place && !taken.iter().any(|other| place.intersects(*other));
        let Some(spot) = [right, left].into_iter().find(free) else { continue };
        let style = if index == selected { theme.selected.patch(theme.strong) } else { theme.dim };
        put(buf, spot, Span::styled(text, style));
        taken.push(spot);
    }
}

/// A tick for each decade; at the least one lies all that is closer.
fn marks(Decades { from, to }: Decades) -> Vec<(f64, String)> {
    let label = |power: i32| match f64::from(power) {
        log if log <= LEAST.log10() => format!("≤1e{power}"),
        log => format!("{:.*}", power.unsigned_abs() as usize * usize::from(power < 0), 10f64.powf(log)),
    };
    (from.ceil() as i32..=to.floor() as i32).map(|power| (f64::from(power), label(power))).collect()
}

fn is_best(arm: &Ranked, phase: usize) -> bool {
    arm.phases[phase].standing == Some(Standing::Best)
}

/// Larger the more memory it takes; hollow where another is better.
fn mark(arm: &Ranked, largest: Bytes, best: bool) -> &'static str {
    let share = arm.memory.map_or(0.0, |memory| memory.0 as f64 / largest.0.max(1) as f64);
    match (share, best) {
        (0.66.., true) => "●",
        (0.66.., false) => "○",
        (0.33.., true) => "•",
        (0.33.., false) => "◦",
        _ => "·",
    }
}
