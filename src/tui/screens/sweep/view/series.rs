//! A series of the sweep: its points in a phase, its sign and its name.

use crate::analyse::sweep::{Measured, Point, Power, Series, Sweep};
use crate::record::Phase;
use crate::tui::kit::figure;
use crate::tui::sanitize;
use crate::tui::theme::Theme;
use crate::units::Nanos;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// What was measured of a point in a phase.
pub fn measured(point: &Point, phase: Phase) -> Option<&Measured> {
    match phase {
        Phase::Prefill => point.ttft.as_ref(),
        Phase::Decode => point.tpot.as_ref(),
    }
}

pub fn floor(point: &Point, phase: Phase) -> Option<Nanos> {
    match phase {
        Phase::Prefill => point.ttft_floor,
        Phase::Decode => point.tpot_floor,
    }
}

pub fn power(series: &Series, phase: Phase) -> Option<&Power> {
    match phase {
        Phase::Prefill => series.ttft.as_ref(),
        Phase::Decode => series.tpot.as_ref(),
    }
}

/// The sign and the colour of a series: neither is needed to understand the other.
pub fn look(series: usize, theme: &Theme) -> (&'static str, Style) {
    const SIGNS: [&str; 6] = ["●", "■", "▲", "◆", "○", "□"];
    let styles = [theme.attention, theme.mlp, theme.good, theme.memory[2], theme.warn, theme.other];
    (SIGNS[series % SIGNS.len()], styles[series % styles.len()])
}

pub fn name(series: &Series) -> String {
    if series.name.is_empty() { "as it is set".into() } else { sanitize::label(&series.name) }
}

/// `prompt tokens`
pub fn over(sweep: &Sweep) -> String {
    sanitize::label(&sweep.over.replace('_', " "))
}

/// A whole number as it is, any other with three digits.
pub fn figure_of(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e7 { format!("{x:.0}") } else { figure(x) }
}

/// `● attention=eager ≈ n^1.93`, of each series.
pub fn legend(sweep: &Sweep, phase: Phase, theme: &Theme) -> Line<'static> {
    let mut line = Line::default();
    for (index, series) in sweep.series.iter().enumerate() {
        let (sign, style) = look(index, theme);
        let slope = power(series, phase).map(|power| format!(" ≈ n^{:.2}", power.exponent)).unwrap_or_default();
        line.push_span(Span::styled(format!("{sign} "), style));
        line.push_span(Span::styled(name(series), theme.text));
        line.push_span(Span::styled(format!("{slope}   "), theme.strong));
    }
    line.push_span(Span::styled("╌ floor°", theme.dim));
    line
}
