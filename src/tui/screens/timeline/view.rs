//! The Timeline: what happened when, each slice under the one that it lies in, and the memory on the same axis.
//!
//! ```text
//!  show  slices  operators  parts                    104 ms of 1.85 s · aten::mm: 3 of 210
//!  1.85 s ├──────────┬─━━━━━━━━━━─┬───┬───┬───┤      all of it, its passes, and the window
//!          20 ms          40 ms         60 ms
//!  pass   │prefill────────────────────────────
//!  part   │block 0─────────│block 1───────────       (a title for each track, if there are several)
//!         │attn─────│mlp───│attn─────│mlp─────
//!  op     │mm──││add│mm────│bmm──│ ▒▓│mm──────
//!  ── alive, MB ──────────────────────────────
//!   40 ┤      ▄▆█▇▄  ▄▆█▇▄
//!  ───────────────────────────────────────────
//!  aten::mm  f32[512,576] f32[576,576]
//!  in block 0 › attn › qkv › aten::linear
//!  1.23 ms, own 1.20 ms · begins at 23.1 ms · 340 MFLOP counted, 276 GFLOP/s
//! ```

mod facts;
mod icicle;
mod memory;
pub mod named;
mod ruler;

use crate::tui::action::Act;
use crate::tui::app::{App, Drawn};
use crate::tui::kit::{below, fit, put, put_right, row, skip};
use crate::tui::sanitize;
use crate::tui::screens::timeline::{Chart, TimelineView};
use crate::tui::view::choices::Choice;
use crate::tui::view::untraced;
use crate::units::exactly;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Rows above the slices: what is shown, the whole, the ruler.
const HEAD: u16 = 3;
/// Rows of slices that the memory below leaves them.
const LEAST_ROWS: u16 = 6;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let first = skip(row(area, 0), 1);
    let Some(chart) = app.chart() else {
        let wanted = "This screen shows what happened when: passes, blocks, parts, and in them every operator.";
        untraced::draw(app, wanted, skip(below(area, 2), 1), buf);
        return;
    };
    let modules = if app.imported.is_some() { "modules" } else { "parts" };
    let mut values = vec![(TimelineView::Slices, "slices")];
    values.extend((!chart.operators.is_empty()).then_some((TimelineView::Operators, "operators")));
    values.extend((!chart.modules.is_empty()).then_some((TimelineView::Modules, modules)));
    let shows = Choice { label: "show", values, chosen: app.screens.timeline.shows, act: Act::Grouping };
    let rest = shows.draw(theme, first, buf, drawn);
    let rest = skip(Rect { width: rest.width.saturating_sub(1), ..rest }, 2);
    if let Some(groups) = app.named() {
        let said = format!("{} names, {} slices", groups.len(), exactly(groups.iter().map(|group| group.calls).sum()));
        put_right(buf, rest, Span::styled(fit(&said, rest.width as usize), theme.dim));
        named::draw(app, chart, groups, below(area, 1), buf, drawn);
        return;
    }
    put_right(buf, rest, seen(app, chart, rest.width as usize));
    let foot = facts::lines(app, chart, area.width.saturating_sub(2) as usize);
    let foot_height = foot.len() as u16 + 1;
    let body = Rect { height: area.height.saturating_sub(foot_height), ..area };
    let has_room = body.height >= HEAD + LEAST_ROWS + 5 && !chart.timeline.memory.is_empty();
    let curve_height = if has_room { (body.height / 3).clamp(5, 16) } else { 0 };
    let field = icicle::field(Rect { height: body.height.saturating_sub(curve_height + HEAD), ..below(body, HEAD) });
    ruler::whole(app, chart, row(body, 1), field, buf);
    ruler::ticks(app, Rect { y: body.y + 2, height: 1, ..field }, buf);
    let used = icicle::draw(app, chart, field, buf, drawn);
    named::panels(app, chart, Rect { x: area.x, width: area.width, ..below(field, used + 1) }, buf);
    if curve_height > 0 {
        let place = below(body, body.height.saturating_sub(curve_height));
        memory::draw(app, chart, Rect { width: field.right().saturating_sub(area.x), ..place }, buf);
    }
    drawn.axis = Rect { height: body.bottom().saturating_sub(field.y), ..field };
    let bottom = below(area, area.height.saturating_sub(foot_height));
    put(buf, bottom, Span::styled("─".repeat(area.width as usize), theme.rule));
    for (y, line) in foot.into_iter().enumerate() {
        put(buf, skip(below(bottom, 1 + y as u16), 1), line);
    }
}

/// How much of the time is seen, and what is looked for.
fn seen(app: &App, chart: &Chart, width: usize) -> Line<'static> {
    let theme = &app.theme;
    let (window, end) = (app.screens.timeline.window, chart.timeline.end);
    let mut line = match window.time >= end {
        true => Line::from(Span::styled(format!("all {end}"), theme.dim)),
        false => Line::from_iter([
            Span::styled(window.time.to_string(), theme.text),
            Span::styled(format!(" of {end}"), theme.dim),
        ]),
    };
    if let Some(sought) = app.screens.timeline.sought {
        let group = chart.all.iter().find(|group| group.name == sought);
        let calls = group.map_or(String::new(), |group| format!(" ×{}, {}", exactly(group.calls), group.total));
        let room = width.saturating_sub(line.width() + calls.len() + 6);
        let name = fit(&sanitize::label(&chart.timeline.names[sought as usize]), room);
        line.spans.insert(0, Span::styled(format!("{calls} · "), theme.dim));
        line.spans.insert(0, Span::styled(name, theme.accent));
    }
    line
}
