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

mod columns;
mod headline;
mod parts;
mod verdict;

pub use verdict::{noise, sign};

use crate::record::study::Pairing;
use crate::tui::app::{App, Drawn};
use crate::tui::kit::{below, fit, put, put_right, row, skip};
use crate::tui::sanitize;
use crate::tui::screens::compare::rows::Compared;
use crate::tui::studies::Studied;
use crate::tui::view::unstudied;
use crate::units::many;
use columns::Columns;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

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
    let mut said = vec![match comparison.pairing {
        Pairing::Interleaved => many(comparison.pairs, "pair"),
        Pairing::Separate => format!("{}, not interleaved", many(comparison.pairs, "repeat")),
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
    let names = [&comparison.names.baseline, &comparison.names.candidate].map(|name| sanitize::label(name));
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
