//! The Memory screen: what was alive when in a traced pass, what for, and what each part took.
//!
//! ```text
//!  phase  prefill  decode   rows  parts  blocks   ■ KV cache ■ activations …
//!  ── alive over the pass, MB · above 538 MB of weights ─────────────────────
//!   40 ┤        ▄▆█▇▄  ▄▆█▇▄
//!    0 ┤▃▃▃▃▃▃▃▃██████▄██████▄        (decode: a column for each step, and the
//!       0     ▲ 34.9 MB    1.04 s      keys and values by their formula)
//!   part           allocated     freed      peak  alive after        (wide: the
//!   MLP activation   9.44 MB   9.44 MB  +9.44 MB      4.72 MB         facts at
//!  ─────────────────────────────────────────────────────────────       the side)
//!  peak 572 MB at 0.31 s in block 7, MLP activation = weights 538 MB + …
//!  KV cache 23.6 MB for 512 positions · Σ 2·T·G·h·bytes = 23.6 MB modelled
//!  process at most 634 MB, 61.9 MB more than is tagged: …
//! ```

mod facts;
mod table;

use crate::record::memory::kv_by_formula;
use crate::record::{ByCategory, Category, Phase};
use crate::tui::action::Act;
use crate::tui::app::{App, Drawn};
use crate::tui::grouped_list::Grouping;
use crate::tui::kit::stack;
use crate::tui::kit::stack::Stack;
use crate::tui::kit::{below, put, put_right, row, skip, take, titled_rule};
use crate::tui::phase_sums::Sums;
use crate::tui::screens::memory::rows::{Memory, STACKED};
use crate::tui::theme::Theme;
use crate::tui::view::choices::Choice;
use crate::tui::view::{choices, untraced};
use crate::units::Bytes;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// From this width on, the facts stand beside the charts.
const WIDE: u16 = 132;
const SIDE: u16 = 58;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let phase = app.one_phase();
    let first = skip(row(area, 0), 1);
    let mut rest = choices::phase(phase).draw(&app.theme, first, buf, drawn);
    let Some(sums) = app.sums() else {
        let wanted = "This screen shows what was alive when, what for, and which part took it.";
        let body = skip(below(area, 2), 1);
        let left = untraced::draw(app, wanted, body, buf);
        return facts::known(app, left, buf);
    };
    let rows = [Grouping::Parts, Grouping::Blocks].map(|grouping| (grouping, grouping.name()));
    let rows = Choice { label: "rows", values: rows, chosen: app.screens.memory.grouping, act: Act::Grouping };
    rest = rows.draw(&app.theme, skip(rest, 3), buf, drawn);
    legend(&app.theme, Rect { width: rest.width.saturating_sub(2), ..rest }, buf);
    let body = below(area, 1);
    if area.width >= WIDE {
        let side = skip(body, body.width - SIDE);
        for y in 0..side.height {
            put(buf, row(side, y), Span::styled("│", app.theme.rule));
        }
        facts::beside(app, sums, Rect { width: side.width.saturating_sub(3), ..skip(side, 2) }, buf);
        charts_and_table(app, sums, take(body, body.width - SIDE - 1), buf, drawn);
    } else {
        let lines = facts::lines(app, sums);
        let foot = (lines.len() as u16 + 1).min(body.height / 3);
        charts_and_table(app, sums, Rect { height: body.height - foot, ..body }, buf, drawn);
        let bottom = below(body, body.height - foot);
        put(buf, bottom, Span::styled("─".repeat(area.width as usize), app.theme.rule));
        for (y, line) in lines.into_iter().enumerate() {
            let place = Rect { width: area.width.saturating_sub(2), ..skip(below(bottom, 1 + y as u16), 1) };
            if put(buf, place, line.clone()) < line.width() as u16 {
                put_right(buf, row(place, 0), Span::styled("…", app.theme.dim));
            }
        }
    }
}

fn charts_and_table(app: &App, sums: &Sums, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let memory = &sums.memory;
    if memory.passes.is_empty() {
        put(
            buf,
            skip(below(area, 1), 1),
            Span::styled("The allocations of this phase are not in the run.", app.theme.text),
        );
        return;
    }
    let steps = app.one_phase() == Phase::Decode;
    let charts = if steps && area.height >= 36 { 3 } else { 1 };
    let height = match charts {
        3 => area.height / 5,
        _ => (area.height * 11 / 20).clamp(5, 24),
    };
    let place = |at: u16| Rect { height, width: area.width.saturating_sub(1), ..below(area, at * height) };
    if steps {
        self::steps(app, memory, place(0), buf);
        if charts == 3 {
            risen(app, memory, place(1), buf);
            curve(app, memory, place(2), buf);
        }
    } else {
        curve(app, memory, place(0), buf);
    }
    table::draw(app, sums, below(area, charts * height), buf, drawn);
}

/// What the colours of stacked memory mean, at the right of an area, if there is room.
pub fn legend(theme: &Theme, area: Rect, buf: &mut Buffer) {
    let spans = STACKED.into_iter().zip(facts::signs(theme)).enumerate().flat_map(|(n, (category, sign))| {
        let gap = if n == 0 { "" } else { "  " };
        [
            Span::styled(format!("{gap}{sign} "), theme.category(category)),
            Span::styled(facts::name(category), theme.dim),
        ]
    });
    let line = Line::from_iter(spans);
    if line.width() as u16 + 2 <= area.width {
        put_right(buf, area, line);
    }
}

fn layers(level: &ByCategory, categories: &[Category]) -> Vec<Bytes> {
    categories.iter().map(|&category| level.of(category)).collect()
}

fn styles(theme: &Theme, categories: &[Category]) -> Vec<Style> {
    categories.iter().map(|&category| theme.category(category)).collect()
}

/// What was alive over the highest pass.
fn curve(app: &App, memory: &Memory, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some(pass) = memory.peak() else { return };
    let columns: Vec<Vec<Bytes>> = memory.curve.iter().map(|level| layers(level, &STACKED)).collect();
    let (unit, _) = stack::unit(stack::largest(&columns, &[]));
    let which = match app.one_phase() {
        Phase::Prefill => "the pass".to_owned(),
        Phase::Decode => format!("step {}", pass.step + 1),
    };
    let weights = pass.peak.of(Category::Weights);
    let title = Line::from_iter([
        Span::styled(format!("alive over {which}, {unit}"), theme.text),
        Span::styled(format!(" · above {weights} of weights"), theme.dim),
    ]);
    titled_rule(buf, area, title, theme.rule);
    let at = (pass.peak_at.share_of(pass.time) * columns.len() as f64) as usize;
    let chart = Stack {
        columns: &columns,
        layers: &styles(theme, &STACKED),
        marks: &[],
        apart: false,
        pointed: Some((
            at.min(columns.len() - 1),
            format!("peak {}", layers(&pass.peak, &STACKED).into_iter().sum::<Bytes>()),
        )),
        ends: ("0".into(), pass.time.to_string()),
    };
    chart.draw(buf, below(area, 1), theme);
}

/// A column for each decode step: what was alive at its peak, beside the keys and values by their formula.
fn steps(app: &App, memory: &Memory, area: Rect, buf: &mut Buffer) {
    let columns: Vec<Vec<Bytes>> = memory.passes.iter().map(|pass| layers(&pass.peak, &STACKED)).collect();
    let header = app.live.as_ref().map(|live| &live.run.header);
    let by_formula = |positions| kv_by_formula(header?, positions);
    let marks: Vec<Bytes> = memory.passes.iter().map_while(|pass| by_formula(pass.positions)).collect();
    let line = if marks.is_empty() { "" } else { " · ─ keys and values by formula°" };
    by_step(app, memory, "alive at the peak of each step", line, &columns, &STACKED, &marks, area, buf);
}

/// A column for each decode step: what it took beside the cache.
fn risen(app: &App, memory: &Memory, area: Rect, buf: &mut Buffer) {
    const TAKEN: [Category; 2] = [Category::Activations, Category::Temporaries];
    let columns: Vec<Vec<Bytes>> = memory.passes.iter().map(|pass| layers(&pass.peak, &TAKEN)).collect();
    by_step(app, memory, "the same without the KV cache", "", &columns, &TAKEN, &[], area, buf);
}

#[expect(clippy::too_many_arguments, reason = "a chart is drawn from all of these")]
fn by_step(
    app: &App,
    memory: &Memory,
    what: &str,
    note: &str,
    columns: &[Vec<Bytes>],
    categories: &[Category],
    marks: &[Bytes],
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &app.theme;
    let (unit, _) = stack::unit(stack::largest(columns, marks));
    let title = Line::from_iter([
        Span::styled(format!("{what}, {unit}"), theme.text),
        Span::styled(note.to_owned(), theme.dim),
    ]);
    titled_rule(buf, area, title, theme.rule);
    let chart = Stack {
        columns,
        layers: &styles(theme, categories),
        marks,
        apart: true,
        pointed: None,
        ends: match memory.passes.as_slice() {
            [first, .., last] => (first.positions.to_string(), format!("{} positions", last.positions)),
            [only] => (format!("{} positions", only.positions), String::new()),
            [] => (String::new(), String::new()),
        },
    };
    chart.draw(buf, below(area, 1), theme);
}
