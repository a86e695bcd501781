//! The two lines under the Blocks table: what the phase took and how it adds up, and what stands out.

use super::largest::{in_words, largest};
use crate::analyse::Overhead;
use crate::arch::path::{block_of, name_of};
use crate::record::Phase;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::App;
use crate::tui::kit::{below, figure, fit, put, put_right, row};
use crate::tui::live::Live;
use crate::tui::phase_sums::Sums;
use crate::tui::sanitize;
use crate::tui::screens::blocks::operator;
use crate::tui::screens::blocks::outline::Node;
use crate::units::{Nanos, many, percent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Of a row inside a traced part, `selected` says more than what stands out.
pub fn draw(app: &App, selected: Option<&Node>, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let area = Rect { width: area.width.saturating_sub(1), ..area };
    let Some(live) = &app.live else {
        put(buf, area, Span::styled("no run yet", theme.dim));
        let key = action::key_of(&[Scope::Everywhere], Act::Run);
        let hint = format!("{key} runs the prompt and fills this table while it runs");
        put(buf, below(area, 1), Span::styled(hint, theme.faint));
        return;
    };
    let mut said = headline(live, app.shown.phase, theme);
    let sums = adds_up(live, app.shown.phase);
    let gap = "   ";
    let mut add = |text: String, style| {
        if !text.is_empty() && said.width() + gap.len() + text.chars().count() <= area.width as usize {
            said.push_span(Span::styled(format!("{gap}{text}"), style));
        }
    };
    let traced = app.sums_of_blocks();
    let (ratio, is_high) = traced.and_then(overhead).unwrap_or_default();
    // A warning comes first.
    let (ratio, warning) = if is_high { (String::new(), ratio) } else { (ratio, String::new()) };
    add(warning, theme.warn);
    add(sums, theme.dim);
    add(ratio, theme.dim);
    add(traced.map(counted).unwrap_or_default(), theme.dim);
    add(traced.and_then(cut).unwrap_or_default(), theme.warn);
    add(origin(live), theme.dim);
    put(buf, area, said);
    let second = row(area, 1);
    if let Some(detail) = selected.and_then(|node| operator::line(app, node, second.width as usize)) {
        put(buf, second, detail);
        return;
    }
    // Where the time goes comes before how to read the signs.
    let long = match traced {
        Some(_) => "time measured · FLOPs and moved bytes counted · ° modelled",
        None => "time measured · ° modelled: formulas on the shapes that ran",
    };
    let short = if traced.is_some() { "FLOPs counted" } else { "° modelled" };
    let room = (second.width as usize).saturating_sub(short.chars().count() + 6);
    let highlight = highlight(app, live, room).unwrap_or_default();
    let needed = highlight.chars().count() + long.chars().count() + 6;
    let legend = if needed <= second.width as usize { long } else { short };
    put_right(buf, second, Span::styled(legend, theme.faint));
    if !highlight.is_empty() {
        let room = second.width.saturating_sub(legend.chars().count() as u16 + 4);
        let text = Span::styled(fit(&highlight, room as usize), theme.text);
        put(buf, second, Line::from_iter([Span::styled("▲ ", theme.warn), text]));
    }
}

/// The time that shares are of: the wall time of the recorded passes, or what has been added up so far.
pub fn whole(live: &Live, phase: Option<Phase>) -> Nanos {
    let top = live.tally.children(None).iter();
    let parts: Nanos = top.filter_map(|&part| Some(live.tally.row(part, phase)?.typical)).sum();
    let wall = live.tally.typical_repeat(phase).map_or(Nanos(0), |(_, wall)| wall);
    wall.max(parts)
}

/// `prefill 512 tokens  1.04 s · 492 tok/s`
fn headline(live: &Live, phase: Option<Phase>, theme: &crate::tui::theme::Theme) -> Line<'static> {
    let run = &live.run;
    // Rate and time are of the same passes: those of the repeat that the table shows.
    let typical = live.tally.typical_repeat(phase);
    let steps = run.passes.iter().filter(|pass| {
        let shown = typical.is_none_or(|(repeat, _)| repeat == pass.start.repeat);
        pass.start.phase == Phase::Decode && pass.start.watched.has_parts() && pass.time.is_some() && shown
    });
    let steps = steps.count();
    let prompt = run.header.prompt_tokens as usize;
    let (name, work, tokens) = match phase {
        Some(Phase::Prefill) => ("prefill", many(prompt, "token"), Some(prompt)),
        Some(Phase::Decode) => ("decode", many(steps, "step"), Some(steps)),
        None => ("prefill + decode", format!("{prompt} + {steps}"), None),
    };
    let wall = typical.map(|(_, wall)| wall);
    let rate = tokens.zip(wall).filter(|(_, wall)| wall.0 > 0).map(|(n, wall)| n as f64 / wall.seconds());
    let time = match (wall, whole(live, phase)) {
        (Some(wall), _) => wall.to_string(),
        (None, Nanos(0)) => "—".to_owned(),
        (None, so_far) => format!("{so_far} so far"),
    };
    let rate = rate.map_or(String::new(), |rate| format!(" · {} tok/s", figure(rate)));
    Line::from_iter([
        Span::styled(format!("{name} "), theme.dim),
        Span::styled(work, theme.text),
        Span::styled("  ", theme.dim),
        Span::styled(time, theme.strong),
        Span::styled(rate, theme.strong),
    ])
}

/// `wall = Σ parts + 0.6% unaccounted`
fn adds_up(live: &Live, phase: Option<Phase>) -> String {
    let said = |rest| format!("wall = Σ parts + {} unaccounted", percent(rest));
    live.tally.unaccounted(phase).map_or(String::new(), said)
}

/// `traced ÷ plain 1.03`, and whether that is more than is tolerated.
fn overhead(sums: &Sums) -> Option<(String, bool)> {
    let overhead = sums.overhead?;
    Some((format!("traced ÷ plain {:.2}", overhead.median), overhead.median > Overhead::TOLERATED))
}

/// `139 GFLOP counted, 140 GFLOP by formula`
fn counted(sums: &Sums) -> String {
    let account = &sums.account;
    match account.flops == account.flops_modelled {
        true => format!("{} counted, the same by formula", account.flops),
        false => format!("{} counted, {} by formula", account.flops, account.flops_modelled),
    }
}

/// What is missing, if anything is.
fn cut(sums: &Sums) -> Option<String> {
    let cut = sums.account.cut?;
    Some(format!("cut: {} operators and {} allocations are missing", cut.operators, cut.allocations))
}

/// `measured, recorded pass`, `measured, the median one of 7 recorded repeats`.
fn origin(live: &Live) -> String {
    let repeats = live.run.wall(None).map_or(0, |wall| wall.n);
    match repeats {
        0 => String::new(),
        1 => "measured, recorded pass".into(),
        n => format!("measured, the median one of {n} recorded repeats"),
    }
}

/// Where the phase goes, then what stands out: `largest: MLP down 22%, LM head 19%, MLP up 17% of a decode step`.
fn highlight(app: &App, live: &Live, room: usize) -> Option<String> {
    let phase = app.shown.phase;
    let parts = largest(live, phase, whole(live, phase), 3);
    if parts.is_empty() {
        return None;
    }
    let of = match phase {
        Some(Phase::Prefill) => " of the prefill",
        Some(Phase::Decode) if app.shown.is_of_a_step() => " of a decode step",
        Some(Phase::Decode) => " of the decoding",
        None => " of the run",
    };
    let finding = app.sums_of_blocks().and_then(|sums| sums.findings.first()).map(|it| sanitize::label(&it.text));
    let stands_out = outlier(live, phase).or(finding);
    // As many of them as are seen whole.
    let named = |n: usize| format!("largest: {}", in_words(&parts[..n]));
    let mut text =
        (1..=parts.len()).rev().map(named).find(|text| text.chars().count() <= room).unwrap_or_else(|| named(1));
    let mut add = |more: String| {
        if text.chars().count() + more.chars().count() <= room {
            text += &more;
        }
    };
    add(of.to_owned());
    stands_out.into_iter().for_each(|more| add(format!(" · {more}")));
    Some(text)
}

/// A block that took much longer than the others, as it does when something disturbed it.
fn outlier(live: &Live, phase: Option<Phase>) -> Option<String> {
    let top = live.tally.children(None).iter().copied();
    let is_block = |part: &u32| block_of(&live.run.parts[*part as usize].path).is_some();
    let mut times: Vec<(Nanos, u32)> =
        top.filter(is_block).filter_map(|part| Some((live.tally.row(part, phase)?.typical, part))).collect();
    times.sort_unstable();
    if times.len() < 5 {
        return None;
    }
    let (median, (slowest, part)) = (times[times.len() / 2].0, times[times.len() - 1]);
    let times_slower = slowest.0 as f64 / median.0.max(1) as f64;
    let name = sanitize::label(&name_of(&live.run.parts[part as usize].path));
    let advice = if live.id.is_some() { "; run again to see whether it stays" } else { "" };
    (times_slower >= 1.25).then(|| format!("{name} took {times_slower:.1} × the median block{advice}"))
}
