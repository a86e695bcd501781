//! Shares from 0 to 1 as a map of colours: two rows of cells in a line of characters where the terminal has colours
//! enough, shades of one character where it has not. What is absent is not drawn.

use crate::tui::kit::{put, row, skip};
use crate::tui::theme::{Depth, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

/// Characters that are darker and darker, for terminals of few colours.
const SHADES: [&str; 5] = ["·", "░", "▒", "▓", "█"];

/// Cells that an area has room for: across and down.
pub fn room(area: Rect, theme: &Theme) -> (usize, usize) {
    let lines = if is_rich(theme) { 2 } else { 1 };
    (area.width as usize, area.height as usize * lines)
}

fn is_rich(theme: &Theme) -> bool {
    matches!(theme.depth, Depth::True | Depth::Indexed)
}

/// Draws `across` × `down` cells at the top left of an area, each a character wide. `shade` is from 0 to 1; `None` is
/// absent.
pub fn small(
    buf: &mut Buffer,
    area: Rect,
    across: usize,
    down: usize,
    theme: &Theme,
    shade: impl Fn(usize, usize) -> Option<f32>,
) {
    for y in 0..area.height {
        for x in 0..area.width.min(across as u16) {
            let place = Rect { width: 1, ..skip(row(area, y), x) };
            let at = |line: usize| (line < down).then(|| shade(x as usize, line)).flatten();
            if !is_rich(theme) {
                if let Some(shade) = at(y as usize) {
                    put(buf, place, Span::styled(character(shade), theme.text));
                }
                continue;
            }
            let line = y as usize * 2;
            let colours = [at(line), at(line + 1)].map(|shade| shade.map(|shade| theme.heat(shade)));
            let (symbol, style) = match colours {
                [None, None] => continue,
                [Some(above), Some(below)] => ("▀", Style::new().fg(above).bg(below)),
                [Some(above), None] => ("▀", Style::new().fg(above)),
                [None, Some(below)] => ("▄", Style::new().fg(below)),
            };
            put(buf, place, Span::styled(symbol, style));
        }
    }
}

/// Draws one cell, as large as an area.
pub fn cell(buf: &mut Buffer, area: Rect, theme: &Theme, shade: f32) {
    if is_rich(theme) {
        let style = Style::new().bg(theme.heat(shade));
        for y in 0..area.height {
            put(buf, row(area, y), Span::styled(" ".repeat(area.width as usize), style));
        }
    } else {
        put(buf, area, Span::styled(character(shade).repeat(area.width as usize), theme.text));
    }
}

/// Draws a difference of two shares, as large as an area: blue is less, orange more. Small ones stand out, by their
/// square root. What is absent is not drawn. Returns how strong it is, from 0 to 1.
pub fn difference(buf: &mut Buffer, area: Rect, theme: &Theme, value: Option<f32>) -> Option<f32> {
    let value = value?;
    let strength = value.abs().min(1.0).sqrt();
    if is_rich(theme) {
        let style = Style::new().bg(theme.difference(strength.copysign(value)));
        put(buf, row(area, 0), Span::styled(" ".repeat(area.width as usize), style));
    } else {
        let sign = if strength < 0.1 {
            "·"
        } else if value < 0.0 {
            "−"
        } else {
            "+"
        };
        put(buf, area, Span::styled(sign, theme.text));
        put(
            buf,
            skip(area, 1),
            Span::styled(character(strength).repeat(area.width.saturating_sub(1) as usize), theme.text),
        );
    }
    Some(strength)
}

/// Differences in the legend, and the words around them.
const STEPS: [f32; 9] = [-1.0, -0.56, -0.25, -0.06, 0.0, 0.06, 0.25, 0.56, 1.0];
const LESS: &str = "less −1 ";
const MORE: &str = " 1 more";

/// What its shades mean.
pub fn legend_of_difference(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let mut used = put(buf, area, Span::styled(LESS, theme.dim));
    let wide = width_of_step(theme);
    for value in STEPS {
        let _ = difference(buf, Rect { width: wide, ..skip(row(area, 0), used) }, theme, Some(value));
        used += wide;
    }
    put(buf, skip(area, used), Span::styled(MORE, theme.dim));
}

/// How wide that legend is.
pub fn width_of_difference(theme: &Theme) -> u16 {
    (LESS.chars().count() + MORE.chars().count()) as u16 + STEPS.len() as u16 * width_of_step(theme)
}

/// Without colours a difference needs a sign beside its shade.
fn width_of_step(theme: &Theme) -> u16 {
    if is_rich(theme) { 1 } else { 2 }
}

fn character(shade: f32) -> &'static str {
    SHADES[((shade * SHADES.len() as f32) as usize).min(SHADES.len() - 1)]
}

/// What the shades mean, from 0 to 1.
pub fn legend(buf: &mut Buffer, area: Rect, theme: &Theme, name: &str) -> u16 {
    const STEPS: u16 = 10;
    let mut used = put(buf, area, Span::styled(format!("{name} 0 "), theme.dim));
    for step in 0..STEPS {
        let place = Rect { width: 1, ..skip(row(area, 0), used) };
        cell(buf, place, theme, f32::from(step) / f32::from(STEPS - 1));
        used += 1;
    }
    used + put(buf, skip(area, used), Span::styled(" 1", theme.dim))
}
