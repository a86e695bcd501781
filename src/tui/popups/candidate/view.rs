//! What to measure: the toggles of B beside the present ones, what cannot be had crossed out, and how much of it.
//!
//! ```text
//! ╭ Compare · what B differs in ───────────────────────╮
//! │               A        B                           │
//! │ ▌ attention   fused    ○ eager  ● fused            │
//! │   kv_cache    on       ● off    ○ on               │
//! │   compute     f32      ● f32    ✗ bf16  (greyed)   │
//! │   …                                                │
//! │   prompt tokens        256                         │
//! │   new tokens           16                          │
//! │                                                    │
//! │ keeps the keys and values of past tokens …         │
//! │ compute=bf16 needs weights=bf16 …                  │
//! │ ↑↓ row  ←→ value  Enter measure  Esc leave         │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::arch::Toggle;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn};
use crate::tui::kit::{below, fit, popup, put, row, scrolled, skip, wrap};
use crate::tui::popups::candidate::choice::{Candidate, Purpose, Row};
use crate::tui::popups::toggles;
use crate::tui::sanitize;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

const NAME: u16 = 16;
const PRESENT: u16 = 12;
/// Lines under the rows: a gap, what the row means, why what is greyed cannot be had.
const FOOT: u16 = 5;

pub fn draw(app: &App, candidate: &Candidate, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let title = match candidate.purpose {
        Purpose::Compare => ["Compare", " · what B differs in"],
        Purpose::Sweep => ["Sweep over the prompt", " · A, and B if it differs"],
    };
    let title = Line::from_iter([Span::styled(title[0], theme.strong), Span::styled(title[1], theme.dim)]);
    let rows: Vec<Row> = Candidate::rows().collect();
    let inside =
        popup::open(app, Scope::Candidate, title, Size::new(78, rows.len() as u16 + FOOT + 5), area, buf, drawn);
    put(buf, skip(inside, NAME), Span::styled("A", theme.dim));
    put(buf, skip(inside, NAME + PRESENT), Span::styled("B", theme.dim));
    let height = inside.height.saturating_sub(1 + FOOT).max(1) as usize;
    let first = scrolled(0, candidate.row, height, rows.len());
    for (y, &what) in rows.iter().enumerate().skip(first).take(height) {
        let line = row(inside, 1 + (y - first) as u16);
        if y == candidate.row {
            buf.set_style(line.intersection(buf.area), theme.selected);
            put(buf, line, Span::styled("▌", theme.accent));
        }
        let style = if y == candidate.row { theme.strong } else { theme.text };
        put(buf, skip(line, 2), Span::styled(name(candidate, what), style));
        match what {
            Row::Toggle(toggle) => {
                let present = app.toggles.get(toggle);
                let differs = candidate.toggles.get(toggle) != present;
                let style = if differs { theme.warn } else { theme.dim };
                put(buf, skip(line, NAME), Span::styled(fit(&present, PRESENT as usize - 1), style));
                toggles::values(app, &candidate.toggles, toggle, y, skip(line, NAME + PRESENT), buf, drawn);
            }
            Row::Prompt | Row::New => {
                let said = Line::from(Span::styled(value(candidate, what), theme.accent));
                put(buf, skip(line, NAME + PRESENT), said);
            }
        }
    }
    let mut rest = below(inside, 2 + rows.len().min(height) as u16);
    let mut say = |text: &str, style| {
        for line in wrap(text, inside.width) {
            put(buf, rest, Span::styled(line, style));
            rest = below(rest, 1);
        }
    };
    match candidate.selected() {
        Row::Toggle(toggle) => {
            say(toggle.explanation(), theme.text);
            for why in reasons(app, candidate, toggle) {
                say(&sanitize::prose(&why), theme.warn);
            }
        }
        Row::Prompt => {
            let [left, right] = [Act::Left, Act::Right].map(|act| action::key_of(&[Scope::Candidate], act));
            let how =
                format!("how long the prompt is: the same tokens every time; {left} halves and {right} doubles it");
            say(&how, theme.text);
        }
        Row::New => say("how many tokens are made after it: the first comes out of the prefill", theme.text),
    }
}

/// Why the greyed values of a row cannot be had; at most two reasons.
fn reasons(app: &App, candidate: &Candidate, toggle: Toggle) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for why in toggle.values().iter().filter_map(|value| app.with_value(&candidate.toggles, toggle, value).err()) {
        if !reasons.contains(&why) && reasons.len() < 2 {
            reasons.push(why);
        }
    }
    reasons
}

fn name(candidate: &Candidate, what: Row) -> &'static str {
    match (what, candidate.purpose) {
        (Row::Toggle(toggle), _) => toggle.name(),
        (Row::Prompt, Purpose::Compare) => "prompt tokens",
        (Row::Prompt, Purpose::Sweep) => "longest prompt",
        (Row::New, _) => "new tokens",
    }
}

/// `256`; of a sweep `64 128 256`.
fn value(candidate: &Candidate, what: Row) -> String {
    match (what, candidate.purpose) {
        (Row::Prompt, Purpose::Sweep) => {
            let lengths: Vec<String> = candidate.lengths.sweep().iter().map(u32::to_string).collect();
            format!("‹ {} ›   measured: {}", candidate.lengths.prompt_tokens, lengths.join(" "))
        }
        (Row::Prompt, Purpose::Compare) => format!("‹ {} ›", candidate.lengths.prompt_tokens),
        (Row::New | Row::Toggle(_), _) => format!("‹ {} ›", candidate.lengths.new_tokens),
    }
}
