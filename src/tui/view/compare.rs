//! The Compare screen: two configurations, what each takes, their ratio with its interval, and what that says.
//!
//! ```text
//!  A kv_cache=on   B kv_cache=off              8 rounds · noise ±1.4% · prompt 256, 16 new
//!                     A          B      B÷A   0.33     1      3
//!  TTFT         1.05 s     1.06 s    1.01×         ├●┤         = no difference seen
//!  TPOT        63.9 ms     161 ms    2.52×            │  ├─●─┤ ✗ slower (95%: 2.41 – 2.60)
//!  peak memory  612 MB     589 MB   −23.0 MB   KV cache −23.0 MB
//!  decode work 4.2 GFLOP   71 GFLOP  17.0×     counted
//!  quality A   KL 0 (p99 0) · top-1 100% · ΔNLL +0 · perplexity 12.3 · |Δlogit| ≤ 0
//!  quality B   …
//!  ─ phase  prefill  decode ──────────────────────────────────────────
//!  ▸ block 0    2.1 ms     5.3 ms   2.52×     │  ├─●─┤  ✗ slower
//!  ▾ block 1 …  (opens into its parts)
//!  ───────────────────────────────────────────────────────────────────
//!  block 1 · A 2.1 ms (2.0 – 2.2) · B … · slower (95%: …)       measured
//! ```

mod headline;
mod parts;

use super::unstudied;
use crate::analyse::statistics::{Ratio, Verdict};
use crate::record::study::Pairing;
use crate::tui::app::{App, Drawn};
use crate::tui::compared::Compared;
use crate::tui::foreign;
use crate::tui::studied::Studied;
use crate::tui::theme::Theme;
use crate::tui::widget::whisker::{Scale, Whisker};
use crate::tui::widget::{below, figure, fit, put, put_right, row, skip};
use crate::units::percent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Where the columns lie: their widths, one after the other.
#[derive(Clone, Copy)]
struct Columns {
    name: u16,
    side: u16,
    ratio: u16,
    /// Both times as bars; 0 where there is no room.
    bars: u16,
    whisker: u16,
}

impl Columns {
    fn fitting(width: u16) -> Self {
        match width {
            // Where there is no room for both, words say more than whiskers.
            ..76 => Self { name: 14, side: 11, ratio: 8, bars: 0, whisker: 1 },
            76..100 => Self { name: 16, side: 11, ratio: 8, bars: 0, whisker: 12 },
            100..150 => Self { name: 22, side: 11, ratio: 9, bars: 14, whisker: 18 },
            _ => Self { name: 26, side: 11, ratio: 10, bars: 32, whisker: 42 },
        }
    }

    fn a(self, line: Rect) -> Rect {
        Rect { width: self.side.min(line.width), ..skip(line, self.name) }
    }

    fn b(self, line: Rect) -> Rect {
        Rect { width: self.side, ..skip(line, self.name + self.side) }.intersection(line)
    }

    fn ratio(self, line: Rect) -> Rect {
        Rect { width: self.ratio, ..skip(line, self.name + 2 * self.side) }.intersection(line)
    }

    fn bars(self, line: Rect) -> Rect {
        Rect { width: self.bars.saturating_sub(2), ..skip(line, self.name + 2 * self.side + self.ratio + 2) }
            .intersection(line)
    }

    fn whisker(self, line: Rect) -> Rect {
        let at = self.name + 2 * self.side + self.ratio + self.bars + 1;
        Rect { width: self.whisker - 1, ..skip(line, at) }.intersection(line)
    }

    fn verdict(self, line: Rect) -> Rect {
        skip(line, self.name + 2 * self.side + self.ratio + self.bars + self.whisker + 2)
    }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let Some(studied) = &app.studies.compare else {
        return unstudied::draw(app, skip(below(area, 1), 1), buf, drawn);
    };
    let inner = Rect { width: area.width.saturating_sub(2), ..skip(area, 1) };
    let Some(compared) = studied.compared() else {
        return unstudied::waiting(app, studied, below(inner, 1), buf);
    };
    sides(app, studied, compared, row(inner, 0), buf);
    let columns = Columns::fitting(area.width);
    let used = headline::draw(app, studied, compared, columns, below(inner, 1), buf);
    parts::draw(app, studied, compared, columns, below(area, 1 + used), buf, drawn);
}

/// Which is which, how often, and how much the machine differs from itself.
fn sides(app: &App, studied: &Studied, compared: &Compared, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let comparison = &compared.comparison;
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let mut said = vec![match comparison.pairing {
        Pairing::Interleaved => count(comparison.pairs, "pair"),
        Pairing::Separate => format!("{}, not interleaved", count(comparison.pairs, "repeat")),
    }];
    if studied.is_going_on() {
        said[0] += " so far: preliminary";
    }
    said.extend(comparison.noise_floor().map(noise));
    if let Some(arm) = studied.study.arms.get(comparison.arms.candidate as usize) {
        said.push(format!("prompt {}, {} new", arm.prompt_tokens, arm.new_tokens));
    }
    let style = if studied.is_going_on() { theme.warn } else { theme.dim };
    let mut said = said.join(" · ");
    let names = [&comparison.names.baseline, &comparison.names.candidate].map(|name| foreign::label(name));
    let needed: usize = names.iter().map(|name| name.width() + 3).sum::<usize>() + 3;
    // What is compared comes first; of the rest as much as fits.
    let room = (area.width as usize).saturating_sub(needed.min(area.width as usize * 6 / 10) + 2);
    while said.width() > room && said.contains(" · ") {
        said = said.rsplit_once(" · ").map(|(kept, _)| kept.to_owned()).unwrap_or_default();
    }
    let each = (area.width as usize).saturating_sub(said.width() + 10) / 2;
    let [a, b] = names.map(|name| fit(&name, each.max(8)));
    let line = Line::from_iter([
        Span::styled("A ", theme.dim),
        Span::styled(a, theme.strong),
        Span::styled("   B ", theme.dim),
        Span::styled(b, theme.strong),
    ]);
    put(buf, area, line);
    put_right(buf, area, Span::styled(said, style));
}

/// The interval of a ratio on the scale; what one pair says alone has none.
fn whisker(ratio: &Ratio) -> Whisker {
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
fn verdict(verdict: &Verdict, ratio: &Ratio, width: u16, theme: &Theme) -> Line<'static> {
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
fn scale<'r>(ratios: impl Iterator<Item = &'r Ratio>, noise: Option<f64>) -> Scale {
    Scale::around(ratios.map(whisker), noise.unwrap_or(0.0))
}
