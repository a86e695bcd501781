//! The selected operator, beside the Blocks table where there is room, else in the line below it.
//!
//! ```text
//! │ ── aten::mm ──────────────────────────────────
//! │ in blocks.3.attn.qkv
//! │
//! │ own         6.82 ms   measured
//! │ total       6.90 ms   with what it calls
//! │ work       0.68 GFLOP at 99.7 GFLOP/s
//! │ moved       6.5 MB    at 0.95 GB/s
//! │ at the roof 5.23 ms   77%, bound by compute
//! │ ── shapes of its longest call ────────────────
//! │ in   f32[512,576]
//! │      f32[576,960]
//! │ out  f32[512,960]
//! ```

use crate::analyse::account::OperatorAccount;
use crate::analyse::roofline::Bound;
use crate::arch::path::branch_of;
use crate::record::operator::Argument;
use crate::record::{Run, Signature};
use crate::tui::app::App;
use crate::tui::kit::{below, figure, fit, fit_end, put, quantity, row, skip, titled_rule, wrap};
use crate::tui::sanitize;
use crate::tui::screens::blocks::outline::{Node, What};
use crate::tui::theme::Theme;
use crate::tui::view::columns::share;
use crate::units::{Bytes, Flops, Nanos, many};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

const LABEL: u16 = 13;
/// More arguments than this are not told apart at a glance.
const MOST_ARGUMENTS: usize = 12;

const BETWEEN: &str =
    "The time of this part in which no operator ran: the program between them, and the tracer itself.";

/// Beside the table.
pub fn draw(app: &App, node: &Node, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    for y in 0..area.height {
        put(buf, row(area, y), Span::styled("│", theme.rule));
    }
    let area = Rect { width: area.width.saturating_sub(3), ..skip(area, 2) };
    let (Some(live), Some(sums), Some(part)) = (&app.live, app.sums_of_blocks(), node.part) else { return };
    let operator = match node.what {
        What::Operator(index) => Some(sums.operator(index)),
        What::Part | What::Between => None,
    };
    let title = operator.map_or("between operators", |operator| &operator.name);
    let style = theme.part(branch_of(&live.run.parts[part as usize].path)).patch(theme.strong);
    let title = fit(&sanitize::label(title), area.width.saturating_sub(6) as usize);
    titled_rule(buf, area, Line::from(Span::styled(title, style)), theme.rule);
    let place = format!("in {}", sanitize::label(&live.run.parts[part as usize].path));
    put(buf, below(area, 1), Span::styled(fit_end(&place, area.width as usize), theme.dim));
    let mut rest = below(area, 3);
    let Some(operator) = operator else {
        for line in wrap(BETWEEN, rest.width) {
            put(buf, rest, Span::styled(line, theme.text));
            rest = below(rest, 1);
        }
        return;
    };
    let steps = if app.shown.is_of_a_step() { u64::from(sums.account.passes.max(1)) } else { 1 };
    for (label, value, note) in numbers(&live.run, operator, steps) {
        put(buf, rest, Span::styled(label, theme.dim));
        let mut line = quantity(&value, theme.text, theme.dim);
        line.push(Span::styled(note, theme.dim));
        put(buf, skip(row(rest, 0), LABEL), Line::from(line));
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    let Some(signature) = live.run.signatures.get(operator.signature as usize) else { return };
    titled_rule(buf, rest, Line::from(Span::styled("shapes of its longest call", theme.dim)), theme.rule);
    rest = below(rest, 1);
    for (label, arguments) in [("in", &signature.inputs), ("out", &signature.outputs)] {
        put(buf, rest, Span::styled(label, theme.dim));
        for text in spelled(arguments) {
            put(
                buf,
                skip(row(rest, 0), 5),
                Span::styled(fit(&text, rest.width.saturating_sub(5) as usize), theme.text),
            );
            rest = below(rest, 1);
        }
    }
}

/// Label, value and note of each number that is known.
fn numbers(run: &Run, operator: &OperatorAccount, steps: u64) -> Vec<(&'static str, String, String)> {
    let own = Nanos(operator.own.0 / steps);
    let of = if steps > 1 { " a step · measured" } else { " measured" };
    let mut lines = vec![
        ("own", own.to_string(), of.to_owned()),
        ("total", Nanos(operator.total.0 / steps).to_string(), " with what it calls".into()),
        ("calls", operator.calls.to_string(), if steps > 1 { format!(" in {steps} steps") } else { String::new() }),
    ];
    if operator.passes_on {
        lines.push(("work", "its operators".into(), " have it".into()));
        return lines;
    }
    lines.push(match operator.flops.map(|flops| Flops(flops.0 / steps)) {
        None => ("work", "unknown".into(), ": no formula for it".into()),
        Some(flops) => {
            let rate = flops.gflops_per_second(own).map(|rate| format!(" at {} GFLOP/s", figure(rate)));
            ("work", flops.to_string(), rate.unwrap_or_default() + " · counted")
        }
    });
    lines.push(match operator.moved.map(|moved| Bytes(moved.0 / steps)) {
        None => ("moved", "unknown".into(), ": a format is not known".into()),
        Some(moved) => {
            let rate = moved.gigabytes_per_second(own).map(|rate| format!(" at {} GB/s", figure(rate)));
            ("moved", moved.to_string(), rate.unwrap_or_default() + " · counted")
        }
    });
    if let Some(standing) = run.peaks.as_deref().and_then(|peaks| operator.standing(peaks)) {
        let bound = match standing.bound {
            Bound::Compute => "compute",
            Bound::Memory => "memory",
        };
        if standing.intensity > 0.0 {
            lines.push(("intensity", format!("{} FLOP/byte", figure(standing.intensity)), String::new()));
        }
        let least = Nanos(standing.least.0 / steps);
        lines.push(("at the roof", least.to_string(), format!(" {}, bound by {bound}", share(&standing))));
    }
    lines
}

/// In one line: `aten::mm  f32[512,576] f32[576,960] → f32[512,960]  own 6.8 ms, total 6.9 ms`.
pub fn line(app: &App, node: &Node, width: usize) -> Option<Line<'static>> {
    let theme: &Theme = &app.theme;
    let sums = app.sums_of_blocks()?;
    let operator = match node.what {
        What::Part => return None,
        What::Between => return Some(Line::from(Span::styled(fit(BETWEEN, width), theme.dim))),
        What::Operator(index) => sums.operator(index),
    };
    let run = &app.live.as_ref()?.run;
    let shapes = run.signatures.get(operator.signature as usize).map(shapes).unwrap_or_default();
    let name = fit(&sanitize::label(&operator.name), 44);
    let calls = format!("  {}", many(operator.calls, "call"));
    let room = width.saturating_sub(name.chars().count() + calls.len() + 2);
    Some(Line::from_iter([
        Span::styled(name, theme.text),
        Span::styled(format!("  {}", fit(&shapes, room)), theme.dim),
        Span::styled(calls, theme.dim),
    ]))
}

/// `f32[512,576] f32[576,960] → f32[512,960]`
fn shapes(signature: &Signature) -> String {
    let side = |arguments: &[Argument]| spelled(arguments).join(" ");
    format!("{} → {}", side(&signature.inputs), side(&signature.outputs))
}

/// The arguments that are kept, as they are spelled.
fn spelled(arguments: &[Argument]) -> Vec<String> {
    let shown = arguments.iter().map(Argument::to_string).filter(|text| !text.is_empty());
    let mut texts: Vec<String> = shown.take(MOST_ARGUMENTS + 1).map(|text| sanitize::label(&text)).collect();
    if texts.len() > MOST_ARGUMENTS {
        texts[MOST_ARGUMENTS] = "…".into();
    }
    texts
}
