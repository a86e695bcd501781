//! A ratio drawn and judged: its whisker, its sign, its words.

use crate::analyse::statistics::{Ratio, Verdict};
use crate::tui::kit::figure;
use crate::tui::kit::whisker::{Scale, Whisker};
use crate::tui::theme::Theme;
use crate::units::percent;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// The interval of a ratio on the scale; what one pair says alone has none.
pub fn whisker(ratio: &Ratio) -> Whisker {
    if ratio.n < 2 {
        return Whisker { low: ratio.ratio, middle: ratio.ratio, high: ratio.ratio };
    }
    Whisker { low: ratio.low, middle: ratio.ratio, high: ratio.high }
}

/// A sign and a colour, so that neither is needed to understand the other.
pub fn sign(verdict: &Verdict, theme: &Theme) -> (&'static str, Style) {
    match verdict {
        Verdict::Faster => ("✓", theme.good),
        Verdict::Slower => ("✗", theme.bad),
        Verdict::NoDifference { .. } => ("=", theme.dim),
        Verdict::TooNoisy { .. } => ("?", theme.warn),
    }
}

/// The verdict in as many words as there is room for.
pub fn verdict(verdict: &Verdict, ratio: &Ratio, width: u16, theme: &Theme) -> Line<'static> {
    let (sign, style) = sign(verdict, theme);
    let (short, least) = match verdict {
        Verdict::Faster | Verdict::Slower => {
            (format!("{} {}–{}", verdict.name(), figure(ratio.low), figure(ratio.high)), verdict.name())
        }
        Verdict::NoDifference { within } => (format!("no difference ±{}", percent(*within)), "no difference"),
        // Nobody measures that many.
        Verdict::TooNoisy { pairs: 1000.. } => ("too noisy".into(), "too noisy"),
        Verdict::TooNoisy { pairs } => (format!("noisy: {pairs} pairs"), "too noisy"),
    };
    let words = [verdict.words(ratio), short];
    let fitting = words.into_iter().find(|words| words.width() + 2 <= width as usize);
    Line::from(Span::styled(format!("{sign} {}", fitting.unwrap_or_else(|| least.to_owned())), style))
}

/// `noise ±1.4%`: how far the baseline is from itself; `noise ×3.2` where that is no longer a percentage.
pub fn noise(floor: f64) -> String {
    if floor < 1.0 { format!("noise ±{}", percent(floor)) } else { format!("noise ×{}", figure(1.0 + floor)) }
}

/// The scale on which the whiskers of some ratios lie.
pub fn scale<'r>(ratios: impl Iterator<Item = &'r Ratio>, noise: Option<f64>) -> Scale {
    Scale::around(ratios.map(whisker), noise.unwrap_or(0.0))
}
