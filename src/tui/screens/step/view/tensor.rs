//! A tensor that a part made: its shape, its mean and spread, its first values.

use crate::measure::Glimpse;
use crate::tui::app::App;
use crate::tui::kit::{bar, below, put, put_right, row, skip, take, titled_rule};
use crate::tui::sanitize;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(app: &App, glimpse: &Glimpse, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let name = if glimpse.name.is_empty() { String::new() } else { format!("{} ", sanitize::label(&glimpse.name)) };
    let shape = format!("[{}]", glimpse.shape.iter().map(i64::to_string).collect::<Vec<_>>().join(", "));
    let title = Line::from_iter([
        Span::styled(name, theme.accent),
        Span::styled(shape, theme.strong),
        Span::styled(format!(" {}", sanitize::label(&glimpse.kind)), theme.dim),
    ]);
    titled_rule(buf, area, title, theme.rule);
    let stats = [("mean", glimpse.mean), ("std", glimpse.std), ("min", glimpse.min), ("max", glimpse.max)];
    let stat = |(label, value): (&str, f64), digits: i32| {
        [
            Span::styled(format!("{label} "), theme.dim),
            Span::styled(format!("{}  ", decimal(value, digits)), theme.text),
        ]
    };
    // Fewer digits where there is little room, then two lines.
    let mut line = Line::from_iter(stats.into_iter().flat_map(|s| stat(s, 4)));
    if line.width() > area.width as usize + 2 {
        line = Line::from_iter(stats.into_iter().flat_map(|s| stat(s, 3)));
    }
    let mut rest = below(area, 1);
    if line.width() > area.width as usize + 2 {
        put(buf, rest, Line::from(line.spans.into_iter().take(4).collect::<Vec<_>>()));
        rest = below(rest, 1);
        line = Line::from_iter(stats.into_iter().skip(2).flat_map(|s| stat(s, 3)));
    }
    put(buf, rest, line);
    rest = below(rest, 1);
    if area.height >= 6 {
        rail(app, glimpse, Rect { width: rest.width.min(64), ..rest }, buf);
        rest = below(rest, 1);
    }
    if !glimpse.values.is_empty() {
        values(app, &glimpse.values, rest, buf);
    }
}

/// Columns of a value.
const CELL: u16 = 9;

/// The first values, and under each, where there is room, a bar as long as it is large.
fn values(app: &App, values: &[f32], area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let largest = values.iter().fold(0f32, |most, value| most.max(value.abs()));
    let rows = if area.height >= 3 { 2 } else { 1 };
    let mut rest = area;
    for values in values.chunks((area.width / CELL).max(1) as usize) {
        if rest.height < rows {
            break;
        }
        for (i, &value) in values.iter().enumerate() {
            let style = if value < 0.0 { theme.mlp } else { theme.attention };
            let place = take(skip(rest, i as u16 * CELL), CELL - 1);
            put_right(buf, place, Span::styled(decimal(f64::from(value), 4), style));
            if rows == 2 {
                bar::bar(buf, row(place, 1), f64::from(value.abs() / largest), theme.bar(style, false), theme);
            }
        }
        rest = below(rest, rows);
    }
}

/// `├──────━━━●━━━────────┤`: from the least to the greatest, the mean and one standard deviation around it.
fn rail(app: &App, glimpse: &Glimpse, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let (min, max) = (glimpse.min, glimpse.max);
    if area.width < 8 || min >= max || !(max - min).is_finite() {
        return;
    }
    let at = |x: f64| (((x - min) / (max - min)).clamp(0.0, 1.0) * f64::from(area.width - 1)).round() as u16;
    put(buf, area, Span::styled("─".repeat(area.width as usize), theme.dim));
    let (low, high) = (at(glimpse.mean - glimpse.std), at(glimpse.mean + glimpse.std));
    put(buf, skip(area, low), Span::styled("━".repeat((high.saturating_sub(low) + 1) as usize), theme.text));
    put(buf, area, Span::styled("├", theme.dim));
    put_right(buf, area, Span::styled("┤", theme.dim));
    put(buf, skip(area, at(glimpse.mean)), Span::styled("●", theme.accent));
}

/// So many significant digits, with a real minus sign; what is not a number says so.
fn decimal(x: f64, digits: i32) -> String {
    let decimals = match x.abs() {
        a if !a.is_finite() || a == 0.0 => 1,
        a if !(1e-3..1e5).contains(&a) => return format!("{x:.1e}").replace('-', "−"),
        a => (digits - 1 - a.log10().floor() as i32).clamp(0, 5) as usize,
    };
    format!("{x:.decimals$}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_keep_their_digits() {
        let four = |x| decimal(x, 4);
        assert_eq!(
            [0.0131, -2.0388, 1234.56, 0.0, -0.000_02].map(four),
            ["0.01310", "−2.039", "1235", "0.0", "−2.0e−5"]
        );
        assert_eq!((decimal(-4.3125, 3), decimal(f64::NAN, 3)), ("−4.31".into(), "NaN".into()));
    }
}
