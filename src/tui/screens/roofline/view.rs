//! The Roofline screen: how fast everything ran against what its intensity allows on this machine.
//!
//! ```text
//!  phase  prefill  decode   points  parts  blocks  operators   ■ attention …
//!  GFLOP/s                                  f32 130    │  point   FLOP/byte …
//!   100 ┤             ╱⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯    │  MLP up      102 …
//!    10 ┤        ╱     •     ◆ MLP up 83%              │  QKV         71.3 …
//!     1 ┤   ╱                ┊                         │  norm  71% of bandwidth
//!       0.1     1       10      100  FLOP/byte         │  (below, where it is narrow)
//!  ───────────────────────────────────────────────────────────────────────
//!  MLP up · 30 calls · 0.43 s · 81.5 GFLOP counted · 106 MB modelled …
//!  decode: the bandwidth allows 28.4 tok/s, measured 20.1: 71%
//!  roofs: f32 130 GFLOP/s · 14.0 GB/s · best of 7 · 2 threads · when · machine
//! ```

mod list;
mod plot;
mod point;

use crate::analyse::Account;
use crate::analyse::roofline::decode_limit;
use crate::record::{Header, Peaks, Phase};
use crate::tui::action::Act;
use crate::tui::app::{App, Drawn};
use crate::tui::grouped_list::Grouping;
use crate::tui::kit::{below, figure, fit, put, put_right, row, skip, take};
use crate::tui::live::Live;
use crate::tui::phase_sums::Sums;
use crate::tui::screens::blocks::view as blocks;
use crate::tui::screens::roofline::points::Point;
use crate::tui::view::choices::Choice;
use crate::tui::view::{choices, untraced};
use crate::tui::{calendar, sanitize};
use crate::units::{Bytes, Flops, many, percent};
use point::name;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// From this width on, the list stands beside the plot.
const WIDE: u16 = 132;
const SIDE: u16 = 74;
/// Lines below, with the rule.
const FOOT: u16 = 4;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let first = skip(row(area, 0), 1);
    let rest = choices::phase(app.one_phase()).draw(theme, first, buf, drawn);
    let (Some(live), Some(sums)) = (&app.live, app.sums()) else {
        let wanted = "This screen shows how fast everything ran, and how fast its FLOPs and its bytes would allow.";
        untraced::draw(app, wanted, skip(below(area, 2), 1), buf);
        return;
    };
    let groupings = Grouping::ALL.map(|grouping| (grouping, grouping.name()));
    let chosen = app.screens.roofline.grouping;
    let groupings = Choice { label: "points", values: groupings, chosen, act: Act::Grouping };
    let rest = groupings.draw(theme, skip(rest, 3), buf, drawn);
    let legend = blocks::legend(app);
    if legend.width() as u16 + 4 <= rest.width {
        put_right(buf, Rect { width: rest.width - 2, ..rest }, legend);
    }
    let points = sums.points(chosen);
    let selected = app.screens.roofline.index(points.iter().map(|point| point.name.as_str()));
    let body = Rect { height: area.height.saturating_sub(1 + FOOT), ..below(area, 1) };
    let peaks = live.run.peaks.as_deref();
    if area.width >= WIDE {
        plot::draw(app, points, selected, peaks, take(body, body.width - SIDE - 2), buf, drawn);
        let side = skip(body, body.width - SIDE - 1);
        for y in 0..side.height {
            put(buf, row(side, y), Span::styled("│", theme.rule));
        }
        list::draw(app, points, selected, skip(side, 2), buf, drawn);
    } else {
        let height = (body.height * 5 / 8).max(6).min(body.height);
        plot::draw(app, points, selected, peaks, Rect { height, ..body }, buf, drawn);
        list::draw(app, points, selected, below(body, height), buf, drawn);
    }
    let bottom = below(area, area.height.saturating_sub(FOOT));
    put(buf, bottom, Span::styled("─".repeat(area.width as usize), theme.rule));
    let place = |y: u16| Rect { width: area.width.saturating_sub(2), ..skip(below(bottom, y), 1) };
    if let Some(point) = points.get(selected) {
        let text = about(point, &sums.account, peaks.is_some());
        put(buf, place(1), Span::styled(fit(&text, place(1).width as usize), theme.text));
    }
    put(buf, place(2), whole(app, live, sums));
    put(buf, place(3), conditions(app, live, place(3).width as usize));
}

/// The selected point in a line: what it is made of, and why it has no place where it has none.
fn about(point: &Point, account: &Account, has_roofs: bool) -> String {
    let steps = match account.phase {
        Phase::Prefill => String::new(),
        Phase::Decode => format!(" in {} steps", account.passes),
    };
    let least = point.standing.map(|standing| format!(", at the roof {}", standing.least)).unwrap_or_default();
    let mut said = vec![name(point), format!("{}{steps}{least}", point.time)];
    let calls = many(point.calls, "call");
    if point.passes_on {
        said.extend(["only calls other operators, which have its work".into(), calls]);
        return said.join(" · ");
    }
    said.push(match point.flops {
        None => format!("unknown work in {}: no formula", many(point.unknown, "call")),
        Some(flops) if point.unknown > 0 => format!("{flops} and {} of unknown work", many(point.unknown, "call")),
        Some(Flops(0)) => "0 FLOP: no place on a log axis".into(),
        Some(flops) => format!("{flops} counted"),
    });
    // Of parts the compulsory traffic, by formula; of operators what their shapes say.
    let sign = if point.name.contains("::") { "" } else { "°" };
    said.push(match point.bytes {
        None => "bytes unknown".into(),
        Some(Bytes(0)) => "moves nothing".into(),
        Some(bytes) => format!("{bytes}{sign}"),
    });
    if let (None, Some(dtype), true) = (point.standing, point.dtype, has_roofs) {
        said.push(format!("no roof for {}", dtype.name()));
    }
    said.push(calls);
    said.join(" · ")
}

/// The phase as a whole; for decoding, beside the limit that its bytes set.
fn whole(app: &App, live: &Live, sums: &Sums) -> Line<'static> {
    let theme = &app.theme;
    let account = &sums.account;
    let dim = |text: String| Span::styled(text, theme.dim);
    let strong = |text: String| Span::styled(text, theme.strong);
    let shown = |rate: Option<f64>| rate.map_or("–".to_owned(), figure);
    match account.phase {
        Phase::Prefill => Line::from_iter([
            dim("prefill: ".into()),
            strong(format!("{} GFLOP/s", shown(account.flops.gflops_per_second(account.wall)))),
            dim(format!(" · {} counted in {}", account.flops, account.wall)),
            dim(format!(" · {} by formula°", account.flops_modelled)),
        ]),
        Phase::Decode => {
            let top = live.run.children(None).filter_map(|part| account.part(part));
            let bytes: Bytes = top.map(|part| part.bytes).sum();
            let per_step = Bytes(bytes.0 / u64::from(account.passes.max(1)));
            let limit = live.run.peaks.as_deref().and_then(|peaks| decode_limit(peaks, per_step));
            let measured = live.run.decode_tokens_per_s();
            let mut line = Line::from_iter([
                dim("decode: ".into()),
                strong(format!("{} tok/s", shown(measured))),
                dim(" measured".into()),
            ]);
            if let Some(limit) = limit {
                let share = measured.map(|measured| format!("{} of ", percent(measured / limit))).unwrap_or_default();
                line.push_span(dim(format!(", {share}the ")));
                line.push_span(strong(figure(limit)));
                line.push_span(dim(format!(" that {per_step}° a step allow")));
            }
            line
        }
    }
}

/// The roofs, and under which conditions they were measured.
fn conditions(app: &App, live: &Live, width: usize) -> Line<'static> {
    let theme = &app.theme;
    let Some(peaks) = live.run.peaks.as_deref() else {
        let text = "no roofs: blockscope doctor measures what this machine can do at most";
        return Line::from(Span::styled(fit(text, width), theme.warn));
    };
    let gemm = peaks.gemm.iter().map(|gemm| format!("{} {}", gemm.dtype.name(), figure(gemm.flops.best / 1e9)));
    let threads = many(peaks.threads, "thread");
    let bandwidth = format!("{} GB/s", figure(peaks.bandwidth.best / 1e9));
    let roofs = format!("{} GFLOP/s · {bandwidth}", gemm.collect::<Vec<_>>().join(" · "));
    let said = format!("{roofs} · best of {} · {threads}", peaks.bandwidth.n);
    if let Some(differs) = differs(peaks, &live.run.header) {
        return Line::from(Span::styled(fit(&format!("roofs: {said} {differs}"), width), theme.warn));
    }
    let when = calendar::moment(peaks.measured);
    let full = format!("roofs: {said} · {when} · {}", sanitize::label(&peaks.machine));
    // The day says enough where there is no room.
    let short = || fit(&format!("{said} · {}", when.split(' ').next().unwrap_or_default()), width);
    let shown = if full.width() <= width { full } else { short() };
    Line::from(Span::styled(shown, theme.dim))
}

/// How the conditions of the roofs differ from those of the run.
fn differs(peaks: &Peaks, header: &Header) -> Option<String> {
    if peaks.threads != header.threads {
        return Some(format!("but the run had {}", header.threads));
    }
    if peaks.device != header.device {
        return Some(format!(
            "of {}, but the run was on {}",
            sanitize::label(&peaks.device),
            sanitize::label(&header.device)
        ));
    }
    (peaks.machine != header.machine).then(|| format!("of another machine: {}", sanitize::label(&peaks.machine)))
}
