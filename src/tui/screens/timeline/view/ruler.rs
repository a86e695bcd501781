//! The two axes above the slices: all of the time with the window in it, and the window's own ticks.

use crate::tui::app::App;
use crate::tui::kit::{put, put_right, row, skip, take};
use crate::tui::screens::timeline::view::icicle::GUTTER;
use crate::tui::screens::timeline::{Chart, Window};
use crate::units::{Nanos, exactly};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// Columns between two ticks at least.
const APART: u16 = 15;

/// All of the time: a line with a tick where each pass begins, heavy where the window is.
pub fn whole(app: &App, chart: &Chart, area: Rect, field: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    put_right(buf, take(area, GUTTER - 1), Span::styled(chart.timeline.end.to_string(), theme.faint));
    let line = Rect { y: area.y, height: area.height, ..field };
    let all = Window::whole(chart.timeline.end);
    put(buf, line, Span::styled("─".repeat(line.width as usize), theme.rule));
    for stretch in &chart.timeline.sections {
        put(buf, skip(line, all.column(stretch.start, line.width)), Span::styled("┬", theme.rule));
    }
    let (from, to) = (
        all.column(app.screens.timeline.window.from, line.width),
        all.column(app.screens.timeline.window.to(), line.width),
    );
    let seen = take(skip(line, from.min(line.width.saturating_sub(1))), to.saturating_sub(from).max(1));
    put(buf, seen, Span::styled("━".repeat(seen.width as usize), theme.accent));
}

/// Moments at round distances, as exactly as the window is long.
pub fn ticks(app: &App, area: Rect, buf: &mut Buffer) {
    let (window, theme) = (app.screens.timeline.window, &app.theme);
    let apart = |step: u64| u128::from(step) * u128::from(area.width) / u128::from(window.time.0.max(1));
    let longest = label(window.to(), 1).len() as u128;
    let steps = (0..19).flat_map(|power| [1, 2, 5].map(|digit| digit * 10u64.pow(power)));
    let Some(step) = steps.into_iter().find(|&step| apart(step) >= u128::from(APART).min(longest + 4)) else { return };
    let first = window.from.0.div_ceil(step);
    for n in first..=window.to().0 / step {
        let at = Nanos(n * step);
        let x = window.column(at, area.width);
        let text = format!("╷{}", label(at, step));
        let place = skip(area, x);
        if (text.chars().count() as u16) <= place.width {
            put(buf, row(place, 0), Span::styled(text, theme.faint));
        }
    }
}

/// A moment in the unit of the distance between two ticks.
fn label(at: Nanos, step: u64) -> String {
    let (unit, name) = match step {
        1_000_000_000.. => (1_000_000_000, "s"),
        1_000_000.. => (1_000_000, "ms"),
        1000.. => (1000, "µs"),
        _ => (1, "ns"),
    };
    format!("{} {name}", exactly(at.0 / unit))
}
