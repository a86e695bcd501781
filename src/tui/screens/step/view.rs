//! The Step screen: where a halted run stands in the model, and what the last part made.
//!
//! ```text
//!  prefill · 5 positions                blocks.3.attn.qkv        0.41 ms
//!  embedding                            makes a query, a key and a value …
//!  │                                    [5, 576] → Q [9, 5, 64] …
//!  ┌ block 3 of 30 ───────┐
//!  ├─╮                               ── q ── [1, 9, 5, 64] f32 ─────────
//!  │ │ ✓ norm     0.02 ms            mean 0.013  std 1.02  min −4.3  max 5.2
//!  │ │ ● QKV      0.41 ms            ├───────━━━━●━━━━────────────┤
//!  │ │ · RoPE                          0.1234   −0.4417  …  the first values
//!  ⊕─╯ · residual                    ── k ── …
//! ```

mod diagram;
mod tensor;

use crate::arch::path::role_of;
use crate::arch::role::Role;
use crate::measure::Halt;
use crate::record::Phase;
use crate::text::shown;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn};
use crate::tui::kit::{below, fit, put, put_right, row, skip, take, wrap};
use crate::tui::live::{Live, State};
use crate::tui::sanitize;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

const DIAGRAM: u16 = 34;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, _: &mut Drawn) {
    let theme = &app.theme;
    let area = skip(area, 1);
    let live = match &app.live {
        Some(live) if live.stepping || live.halt.is_some() => live,
        _ => return invitation(app, area, buf),
    };
    put(buf, area, where_in_run(app, live));
    let body = below(area, 2);
    let diagram = if area.width < 76 { 27 } else { DIAGRAM };
    let left = take(body, diagram);
    let right = skip(body, diagram + 2);
    let Some(halt) = live.halt.as_deref() else {
        put(buf, body, Span::styled("the run is on its way to the first part", theme.faint));
        return;
    };
    diagram::draw(app, live, halt, left, buf);
    for y in 0..body.height {
        put(buf, skip(row(body, y), diagram), Span::styled("│", theme.rule));
    }
    made(app, live, halt, Rect { width: right.width.saturating_sub(1), ..right }, buf);
}

fn invitation(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let text = "A single step shows the model at work: the run halts after every part, and this screen shows where it \
                is and what the part made: its shape, its mean and spread, its first values.";
    let mut rest = below(area, 1);
    for line in wrap(text, area.width.min(72)) {
        put(buf, rest, Span::styled(line, theme.text));
        rest = below(rest, 1);
    }
    let last = match app.why_not(Act::Step) {
        None => {
            let key = action::key_of(&[Scope::Everywhere], Act::Step);
            Line::from_iter([Span::styled(key, theme.accent), Span::styled("  begins", theme.text)])
        }
        Some(why_not) => Line::from(Span::styled(why_not, theme.dim)),
    };
    put(buf, below(rest, 1), last);
}

fn where_in_run(app: &App, live: &Live) -> Line<'static> {
    let theme = &app.theme;
    let pass = live.run.passes.last().map(|pass| pass.start);
    let place = match pass {
        None => "before the first pass".to_owned(),
        Some(start) if start.phase == Phase::Prefill => format!("prefill · {} positions at once", start.n_new),
        Some(start) => format!("decode step {} · 1 position, {} before it", start.step + 1, start.n_past),
    };
    let (state, style) = match live.state {
        State::Halted => ("halted", theme.warn),
        State::Over => ("over", theme.dim),
        State::Cancelling => ("cancelling…", theme.warn),
        State::Starting | State::Running => ("running", theme.accent),
    };
    Line::from_iter([Span::styled(place, theme.strong), Span::styled("   ", theme.dim), Span::styled(state, style)])
}

/// What the last part made.
fn made(app: &App, live: &Live, halt: &Halt, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    put(
        buf,
        area,
        Span::styled(fit(&sanitize::label(&halt.path), area.width.saturating_sub(12) as usize), theme.strong),
    );
    put_right(buf, area, Span::styled(halt.time.to_string(), theme.text));
    let mut rest = below(area, 1);
    for line in wrap(role_of(&halt.path).map_or("", Role::about), rest.width) {
        put(buf, rest, Span::styled(line, theme.dim));
        rest = below(rest, 1);
    }
    let width = rest.width;
    for line in live.run.header.words_of(&halt.path).iter().flat_map(|words| wrap(words, width)) {
        put(buf, rest, Span::styled(line, theme.text));
        rest = below(rest, 1);
    }
    let start = live.run.passes.last().map(|pass| pass.start);
    let part = live.run.header.part(&halt.path);
    let shapes = part.zip(start).map(|(part, start)| part.shapes(start.n_new as usize, start.n_past as usize));
    for line in shapes.iter().flat_map(|shapes| wrap(shapes, width)) {
        put(buf, rest, Span::styled(line, theme.dim));
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    // Every tensor gets the same room; values are the first thing to go.
    let caption = u16::from(rest.height > 12);
    let each = ((rest.height - caption) / (halt.made.len().max(1) as u16)).clamp(1, 8);
    for glimpse in &halt.made {
        tensor::draw(app, glimpse, Rect { height: each.min(rest.height), ..rest }, buf);
        rest = below(rest, each);
    }
    if caption > 0 {
        let values = "values: the first of the last position";
        let whole = format!("├ ┤ least and greatest   ● mean   ━ one standard deviation   {values}");
        let text = if each >= 6 && shown::width(&whole) <= rest.width as usize { whole } else { values.to_owned() };
        put(buf, rest, Span::styled(fit(&text, rest.width as usize), theme.faint));
    }
}
