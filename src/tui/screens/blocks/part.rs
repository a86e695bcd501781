//! The selected part, beside the Blocks table where there is room.
//!
//! ```text
//! │ ── blocks.3.attn.qkv ─────────────────────────
//! │ makes a query, a key and a value of each …
//! │ [512, 576] → Q [9, 512, 64]  K V [3, 512, 64]
//! │
//! │ time         6.9 ms   measured
//! │ quartiles    6.7 · 6.9 · 7.4 ms
//! │ work       0.68 GFLOP   130 GFLOP/s
//! │ ── what it is made of ───────────────────────
//! │ QKV          ██████▌            6.9 ms
//! │ ── time per decode step, ms ─────────────────
//! │ (chart)
//! ```

use crate::analyse::account::PartAccount;
use crate::analyse::roofline::Bound;
use crate::arch::path::{block_of, branch_of, full_name_of, in_block, inside_block, role_of};
use crate::arch::role::Role;
use crate::record::{Phase, Quartiles, Row};
use crate::tui::app::App;
use crate::tui::kit::plot;
use crate::tui::kit::plot::Plot;
use crate::tui::kit::{bar, below, figure, fit, fit_end, put, put_right, quantity, row, skip, take, titled_rule, wrap};
use crate::tui::live::Live;
use crate::tui::sanitize;
use crate::tui::screens::blocks::outline::Node;
use crate::tui::view::columns::share;
use crate::units::{Bytes, Flops, Nanos};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

const LABEL: u16 = 13;

pub fn draw(app: &App, node: &Node, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    for y in 0..area.height {
        put(buf, row(area, y), Span::styled("│", theme.rule));
    }
    let area = Rect { width: area.width.saturating_sub(3), ..skip(area, 2) };
    let path = fit_end(&sanitize::label(&node.path), area.width.saturating_sub(6) as usize);
    titled_rule(buf, area, Line::from(Span::styled(path, theme.strong)), theme.rule);
    let mut rest = below(area, 1);
    for line in wrap(role_of(&node.path).map_or("", Role::about), rest.width) {
        put(buf, rest, Span::styled(line, theme.text));
        rest = below(rest, 1);
    }
    let Some(live) = &app.live else { return };
    let width = rest.width;
    for line in live.run.header.words_of(&node.path).iter().flat_map(|words| wrap(words, width)) {
        put(buf, rest, Span::styled(line, theme.text));
        rest = below(rest, 1);
    }
    for line in shapes(live, node, app.shown.phase).iter().flat_map(|shapes| wrap(shapes, width)) {
        put(buf, rest, Span::styled(line, theme.dim));
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    let Some(part) = node.part else { return };
    if let Some(row) = live.tally.row(part, app.shown.phase) {
        rest = figures(app, live, &row, rest, buf);
    }
    rest = made_of(app, live, part, below(rest, 1), buf);
    rest = blocks(app, live, part, rest, buf);
    steps(app, live, part, rest, buf);
}

fn shapes(live: &Live, node: &Node, phase: Option<Phase>) -> Option<String> {
    let wanted = phase.unwrap_or(Phase::Prefill);
    let start = live.run.passes.iter().rev().find(|pass| pass.start.phase == wanted)?.start;
    Some(live.run.header.part(&node.path)?.shapes(start.n_new as usize, start.n_past as usize))
}

/// Label and value pairs; returns what is left of the area.
fn figures(app: &App, live: &Live, measured: &Row, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = &app.theme;
    let executions = measured.calls / (measured.time.n as u32).max(1);
    let (steps, of) = if app.shown.is_of_a_step() { (u64::from(executions.max(1)), " a step") } else { (1, "") };
    let by = |value: u64| value / steps;
    let (flops, bytes) = (Flops(by(measured.flops.0)), Bytes(by(measured.bytes.0)));
    let time = Nanos(by(measured.typical.0));
    let mut lines: Vec<(&str, String, String)> = vec![("time", time.to_string(), format!("{of} · measured"))];
    let spread = match app.shown.phase {
        _ if measured.time.n > 1 => Some((measured.time, format!("{} repeats", measured.time.n))),
        Some(Phase::Decode) => {
            let times = live.tally.times(measured.part, Phase::Decode);
            Quartiles::of(times).filter(|q| q.n > 1).map(|q| (q, format!("{} steps", q.n)))
        }
        _ => None,
    };
    if let Some((q, over)) = spread {
        lines.push(("quartiles", format!("{} · {} · {}", q.q1, q.median, q.q3), String::new()));
        lines.push(("range", format!("{} to {}", q.min, q.max), format!(" over {over}")));
    }
    let traced = app.sums_of_blocks().and_then(|sums| Some((sums, sums.account.part(measured.part)?)));
    if let Some((_, account)) = traced {
        lines.extend(counted(live, account, time, steps));
    } else if flops.0 > 0 {
        let rate = flops.gflops_per_second(time).map(|rate| format!(" at {} GFLOP/s", figure(rate)));
        lines.push(("work°", flops.to_string(), rate.unwrap_or_default()));
    }
    if bytes.0 > 0 {
        let rate = bytes.gigabytes_per_second(time).map(|rate| format!(" at {} GB/s", figure(rate)));
        lines.push(("traffic°", bytes.to_string(), rate.unwrap_or_default()));
    }
    if flops.0 > 0 && bytes.0 > 0 && traced.is_none() {
        lines.push(("intensity°", format!("{} FLOP/byte", figure(flops.0 as f64 / bytes.0 as f64)), String::new()));
    }
    lines.push(("calls", measured.calls.to_string(), String::new()));
    if let Some((_, account)) = traced {
        let memory = account.memory;
        lines.push(("memory", format!("+{}", memory.peak), " at most above its beginning".into()));
        let taken = format!(" allocated, {} freed", Bytes(by(memory.freed.0)));
        lines.push(("", Bytes(by(memory.allocated.0)).to_string(), taken));
        lines.push(("", Bytes(by(memory.alive.0)).to_string(), " alive when it had ended".into()));
    }
    let n = lines.len() as u16;
    for (y, (label, value, note)) in lines.into_iter().enumerate() {
        let line = row(area, y as u16);
        put(buf, line, Span::styled(label, theme.dim));
        let mut shown = if value.contains(['·', 't']) {
            vec![Span::styled(value, theme.text)]
        } else {
            quantity(&value, theme.text, theme.dim)
        };
        shown.push(Span::styled(note, theme.dim));
        put(buf, skip(line, LABEL), Line::from(shown));
    }
    below(area, n)
}

/// What a traced pass knows of a part's work: counted, beside the formulas, and under the roofs.
fn counted(live: &Live, account: &PartAccount, time: Nanos, steps: u64) -> Vec<(&'static str, String, String)> {
    let by = |flops: Flops| Flops(flops.0 / steps);
    let flops = by(account.flops);
    let mut lines = Vec::new();
    if flops.0 > 0 || account.unknown > 0 {
        let rate = flops.gflops_per_second(time).map(|rate| format!(" at {} GFLOP/s", figure(rate)));
        let unknown =
            if account.unknown > 0 { format!(" and {} unknown calls", account.unknown) } else { String::new() };
        lines.push(("work", flops.to_string(), format!("{} · counted{unknown}", rate.unwrap_or_default())));
    }
    let same = account.flops == account.flops_modelled;
    if account.flops_modelled.0 > 0 {
        let modelled = if same { "the same".to_owned() } else { by(account.flops_modelled).to_string() };
        lines.push(("by formula°", modelled, String::new()));
    }
    if account.flops_causal != account.flops_modelled {
        lines.push(("causal°", by(account.flops_causal).to_string(), " on the visible keys only".into()));
    }
    if let Some(standing) = live.run.peaks.as_deref().and_then(|peaks| account.standing(peaks)) {
        let bound = match standing.bound {
            _ if standing.intensity == 0.0 => "of the bandwidth".to_owned(),
            Bound::Compute => "of the attainable, bound by compute".to_owned(),
            Bound::Memory => "of the attainable, bound by memory".to_owned(),
        };
        lines.push(("roof", share(&standing), format!(" {bound}")));
        if standing.intensity > 0.0 && standing.intensity.is_finite() {
            lines.push(("intensity°", format!("{} FLOP/byte", figure(standing.intensity)), String::new()));
        }
    }
    lines
}

/// The parts inside, longest first; returns what is left of the area.
fn made_of(app: &App, live: &Live, part: u32, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = &app.theme;
    let mut leaves = Vec::new();
    let mut waiting = live.tally.children(Some(part)).to_vec();
    while let Some(part) = waiting.pop() {
        let children = live.tally.children(Some(part));
        if children.is_empty() {
            leaves.extend(live.tally.row(part, app.shown.phase).map(|row| (row.typical, part)));
        }
        waiting.extend(children);
    }
    if leaves.is_empty() || area.height < 4 {
        return area;
    }
    leaves.sort_unstable_by(|a, b| b.cmp(a));
    let whole: Nanos = leaves.iter().map(|&(time, _)| time).sum();
    let longest = leaves[0].0;
    titled_rule(buf, area, Line::from(Span::styled("where its time goes", theme.dim)), theme.rule);
    let shown = leaves.len().min(area.height.saturating_sub(1) as usize).min(12);
    for (y, &(time, part)) in leaves.iter().take(shown).enumerate() {
        let line = row(below(area, 1), y as u16);
        let path = &live.run.parts[part as usize].path;
        let name = full_name_of(path).replace("attention ", "");
        put(buf, line, Span::styled(fit(&sanitize::label(&name), 14), theme.text));
        let rail = take(skip(line, 15), line.width.saturating_sub(15 + 8));
        let style = theme.bar(theme.part(branch_of(path)), y % 2 == 1);
        bar::bar(buf, rail, time.share_of(longest), style, theme);
        put_right(buf, line, Span::styled(crate::units::percent(time.share_of(whole)), theme.dim));
    }
    below(area, shown as u16 + 2)
}

/// The same part in every block, beside the selected one; returns what is left of the area.
fn blocks(app: &App, live: &Live, part: u32, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = &app.theme;
    let path = &live.run.parts[part as usize].path;
    let (Some(block), Some(inside)) = (block_of(path), inside_block(path)) else { return area };
    let time =
        |block: u32| Some(live.tally.row(live.tally.part_at(&in_block(block, inside))?, app.shown.phase)?.typical);
    let times: Vec<Nanos> = (0..live.run.header.model.n_layers.min(1000)).map_while(time).collect();
    if times.len() < 2 || area.height < 6 {
        return area;
    }
    let (unit, _) = plot::unit(&times);
    let name = if inside.is_empty() {
        "time of each block".to_owned()
    } else {
        format!("{} in each block", full_name_of(path))
    };
    titled_rule(
        buf,
        area,
        Line::from(Span::styled(format!("{}, {unit}", sanitize::label(&name)), theme.dim)),
        theme.rule,
    );
    let selected = Some(block as usize).filter(|&block| block < times.len());
    let column = theme.bar(theme.part(branch_of(path)), false);
    let plot = Plot { times: &times, first: 0, selected, column, highlight: theme.strong };
    plot.draw(buf, Rect { height: (area.height - 1).min(8), ..below(area, 1) }, theme);
    below(area, 10)
}

/// How long the part took at each decode step.
fn steps(app: &App, live: &Live, part: u32, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let times = live.tally.times(part, Phase::Decode);
    if times.len() < 2 || area.height < 5 {
        return;
    }
    let (unit, _) = plot::unit(times);
    let title = Line::from(Span::styled(format!("time at each decode step, {unit}"), theme.dim));
    titled_rule(buf, area, title, theme.rule);
    let style = theme.bar(theme.part(branch_of(&live.run.parts[part as usize].path)), false);
    let plot = Plot { times, first: 1, selected: None, column: style, highlight: theme.strong };
    plot.draw(buf, Rect { height: (area.height - 1).min(10), ..below(area, 1) }, theme);
}
