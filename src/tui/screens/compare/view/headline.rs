//! The whole of both configurations: time, memory, work, quality.

use crate::analyse::comparison::{Both, Comparison, Figure, words};
use crate::record::study::Quality;
use crate::record::{Category, Phase};
use crate::tui::app::App;
use crate::tui::kit::whisker as whiskers;
use crate::tui::kit::whisker::Scale;
use crate::tui::kit::{below, figure, fit, put, put_right, quantity, row, skip};
use crate::tui::sanitize;
use crate::tui::screens::compare::rows::Compared;
use crate::tui::screens::compare::view::columns::Columns;
use crate::tui::screens::compare::view::verdict::{scale, sign, verdict, whisker};
use crate::tui::studies::Studied;
use crate::units::{Bytes, Nanos};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// From this height on, every category of memory and all work has a line of its own.
const TALL: u16 = 36;

/// Draws the lines, and returns how many they are.
pub fn draw(app: &App, studied: &Studied, compared: &Compared, columns: Columns, area: Rect, buf: &mut Buffer) -> u16 {
    let theme = &app.theme;
    let comparison = &compared.comparison;
    let figures = [("TTFT", &comparison.prefill.time), ("TPOT", &comparison.decode.time)];
    let scale = scale(figures.iter().filter_map(|(_, figure)| figure.ratio.as_ref()), comparison.noise_floor());
    let head = row(area, 0);
    for (place, heading) in [(columns.a(head), "A"), (columns.b(head), "B"), (columns.ratio(head), "B÷A")] {
        put_right(buf, place, Span::styled(heading, theme.dim));
    }
    whiskers::axis(buf, columns.whisker(head), scale, theme);
    let mut y = 1;
    for (name, figure) in figures {
        let line = row(area, y);
        let what = if name == "TTFT" { "to the first token" } else { "per further token" };
        put(buf, line, label(name, what, columns, app));
        times(app, figure, columns, scale, line, buf);
        y += 1;
    }
    y += rates(app, comparison, columns, below(area, y), buf);
    let tall = area.height >= TALL;
    y += memory(app, comparison, columns, tall, below(area, y), buf);
    y += work(app, comparison, columns, below(area, y), buf);
    y + quality(app, studied, comparison, below(area, y), buf)
}

fn label(name: &str, what: &str, columns: Columns, app: &App) -> Line<'static> {
    let mut line = Line::from(Span::styled(name.to_owned(), app.theme.strong));
    if columns.name as usize > name.len() + what.len() + 1 {
        line.push_span(Span::styled(format!(" {what}"), app.theme.dim));
    }
    line
}

/// Both times, their ratio, the interval and what it says.
pub fn times(app: &App, figure: &Figure, columns: Columns, scale: Scale, line: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    for (place, side) in [(columns.a(line), figure.sides.baseline), (columns.b(line), figure.sides.candidate)] {
        match side {
            Some(quartiles) => {
                put_right(buf, place, Line::from(quantity(&quartiles.median.to_string(), theme.text, theme.dim)));
            }
            None => put_right(buf, place, Span::styled("–", theme.faint)),
        }
    }
    let style = figure.verdict.map_or(theme.dim, |verdict| sign(&verdict, theme).1);
    if let Some(ratio) = &figure.ratio {
        put_right(buf, columns.ratio(line), Span::styled(ratio.times(), theme.text));
    }
    let shown = figure.ratio.as_ref().map(whisker);
    whiskers::draw(buf, columns.whisker(line), shown, scale, style, theme);
    let place = columns.verdict(line);
    match (&figure.verdict, &figure.ratio) {
        (Some(said), Some(ratio)) => drop(put(buf, place, verdict(said, ratio, place.width, theme))),
        _ => {
            let word = match (figure.sides.baseline, figure.sides.candidate) {
                (Some(_), None) => "only in A",
                (None, Some(_)) => "only in B",
                _ => "",
            };
            put(buf, place, Span::styled(word, theme.dim));
        }
    }
}

/// Tokens per second of both phases, in one line.
fn rates(app: &App, comparison: &Comparison, columns: Columns, area: Rect, buf: &mut Buffer) -> u16 {
    let theme = &app.theme;
    let mut drawn = 0;
    for phase in [Phase::Prefill, Phase::Decode] {
        let rates = comparison.phase(phase).rates();
        let Some(Both { baseline, candidate }) = rates.sides.both() else { continue };
        let line = row(area, drawn);
        put(buf, line, Span::styled(format!("{} tok/s", phase.name()), theme.text));
        for (place, rate) in [(columns.a(line), baseline), (columns.b(line), candidate)] {
            put_right(buf, place, Span::styled(figure(rate.median), theme.text));
        }
        if let Some(ratio) = rates.ratio {
            put_right(buf, columns.ratio(line), Span::styled(ratio.times(), theme.dim));
        }
        drawn += 1;
    }
    drawn
}

/// The peak of both, and what it is made of where that differs.
fn memory(app: &App, comparison: &Comparison, columns: Columns, tall: bool, area: Rect, buf: &mut Buffer) -> u16 {
    let theme = &app.theme;
    let Some(peak) = comparison.peak() else { return 0 };
    let sizes = |line: Rect, name: &str, both: Both<Bytes>, buf: &mut Buffer| {
        put(buf, line, Span::styled(name.to_owned(), if name == "peak memory" { theme.text } else { theme.dim }));
        put_right(buf, columns.a(line), Line::from(quantity(&both.baseline.to_string(), theme.text, theme.dim)));
        put_right(buf, columns.b(line), Line::from(quantity(&both.candidate.to_string(), theme.text, theme.dim)));
        // It may need more room than a ratio.
        let place = columns.ratio(line);
        let text = difference(both);
        let over = (text.chars().count() as u16 + 1).saturating_sub(place.width);
        let place = Rect { width: place.width + over, ..place }.intersection(line);
        put_right(buf, place, Span::styled(text, theme.text));
    };
    let line = row(area, 0);
    sizes(line, "peak memory", peak.map(|peak| peak.total()), buf);
    let differing = Category::ALL.into_iter().filter_map(|category| {
        let both = comparison.memory(category)?;
        (both.baseline != both.candidate).then_some((category, both))
    });
    let differing: Vec<_> = differing.collect();
    let formula = kv(comparison);
    if !tall {
        let said: Vec<String> = differing
            .iter()
            .map(|(category, both)| format!("{} {}", category_name(*category), difference(*both)))
            .collect();
        let said = if said.is_empty() { "the same of every kind".to_owned() } else { said.join(", ") };
        let place = skip(columns.whisker(line), 2);
        let place = Rect { width: line.right().saturating_sub(place.x), ..place };
        put(buf, place, Span::styled(fit(&said, place.width as usize), theme.dim));
        return 1;
    }
    let mut y = 1;
    for category in Category::ALL {
        let Some(both) = comparison.memory(category).filter(|both| both.baseline.0 + both.candidate.0 > 0) else {
            continue;
        };
        let line = row(area, y);
        sizes(line, &format!("  {}", category_name(category)), both, buf);
        if category == Category::KvCache
            && let Some(formula) = &formula
        {
            let place = skip(columns.whisker(line), 2);
            let place = Rect { width: line.right().saturating_sub(place.x), ..place };
            put(buf, place, Span::styled(formula.clone(), theme.dim));
        }
        y += 1;
    }
    y
}

fn category_name(category: Category) -> String {
    category.name().replace("kv_cache", "KV cache")
}

/// How the cache compares with its formula.
fn kv(comparison: &Comparison) -> Option<String> {
    let shown = |side: Option<f64>| side.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
    let over = comparison.resources.map(|resources| resources.and_then(|resources| resources.kv_over_formula()));
    let known = over.baseline.is_some() || over.candidate.is_some();
    known.then(|| format!("counted ÷ formula°: A {}, B {}", shown(over.baseline), shown(over.candidate)))
}

/// FLOPs and traffic of both phases, where they differ.
fn work(app: &App, comparison: &Comparison, columns: Columns, area: Rect, buf: &mut Buffer) -> u16 {
    let theme = &app.theme;
    let mut y = 0;
    for phase in [Phase::Prefill, Phase::Decode] {
        let Some(work) = comparison.work(phase) else { continue };
        let flops = work.map(|work| (work.flops.0, work.flops.to_string()));
        let moved = work.map(|work| (work.moved.0, work.moved.to_string()));
        for (what, both) in [("FLOPs", flops), ("moved", moved)] {
            let Both { baseline, candidate } = &both;
            if baseline.0 == candidate.0 {
                continue;
            }
            let line = row(area, y);
            let phase = if phase == Phase::Decode { "step" } else { "prefill" };
            put(buf, line, Span::styled(format!("{phase} {what}"), theme.text));
            for (place, side) in [(columns.a(line), baseline), (columns.b(line), candidate)] {
                put_right(buf, place, Line::from(quantity(&side.1, theme.text, theme.dim)));
            }
            if baseline.0 > 0 {
                let ratio = candidate.0 as f64 / baseline.0 as f64;
                put_right(buf, columns.ratio(line), Span::styled(format!("{}×", figure(ratio)), theme.text));
            }
            put(buf, columns.verdict(line), Span::styled("counted", theme.dim));
            y += 1;
        }
    }
    y
}

/// How far both are from the reference.
fn quality(app: &App, studied: &Studied, comparison: &Comparison, area: Rect, buf: &mut Buffer) -> u16 {
    let theme = &app.theme;
    let sides = [("A", comparison.quality.baseline), ("B", comparison.quality.candidate)];
    let mut y = 0;
    for (name, quality) in sides {
        let Some(quality) = quality else { continue };
        let line = row(area, y);
        let text = said(&quality, line.width.saturating_sub(11) as usize);
        let style = if quality.kl_mean > 0.05 { theme.warn } else { theme.text };
        put(
            buf,
            line,
            Line::from_iter([Span::styled(format!("quality {name}  "), theme.text), Span::styled(text, style)]),
        );
        y += 1;
    }
    if y == 0 {
        let why = match (&studied.study.header.text, studied.is_going_on()) {
            (None, _) => "not measured",
            (Some(_), true) => "measured after the rounds",
            (Some(_), false) => "not measured: it ended before",
        };
        put(buf, row(area, 0), Span::styled(format!("quality    {why}"), theme.dim));
        return 1;
    }
    if let Some(text) = studied.study.header.text.as_ref().filter(|_| area.width > 130) {
        let said = format!("against f32, eager, uncached on {}: {} tokens", sanitize::label(&text.name), text.tokens);
        put_right(buf, row(area, 0), Span::styled(said, theme.dim));
    }
    y
}

/// `KL 0.0013 (p99 0.0120) · top-1 98.1% · ΔNLL +0.0004 · perplexity 12.30 · |Δlogit| ≤ 0.31`, or as much of it as fits.
fn said(quality: &Quality, width: usize) -> String {
    let kl = words::nats(quality.kl_mean);
    let p99 = words::nats(quality.kl_p99);
    let top1 = 100.0 * quality.top1;
    // What four digits cannot show is not shown as a signed zero.
    let nll = match quality.delta_nll() {
        nll if nll.abs() < 5e-5 => "0".to_owned(),
        nll => format!("{nll:+.4}"),
    };
    let (perplexity, logit) = (quality.perplexity(), words::nats(quality.max_logit));
    let long = format!(
        "KL {kl} (p99 {p99}) · top-1 {top1:.1}% · ΔNLL {nll} · perplexity {perplexity:.2} · |Δlogit| ≤ {logit}"
    );
    if long.width() <= width {
        return long;
    }
    let parts = [
        format!("KL {kl}"),
        format!("p99 {p99}"),
        format!("top-1 {top1:.1}%"),
        format!("ΔNLL {nll}"),
        format!("ppl {perplexity:.1}"),
        format!("Δlogit {logit}"),
    ];
    (0..=parts.len()).rev().map(|n| parts[..n].join("  ")).find(|said| said.width() <= width).unwrap_or_default()
}

/// `+23.0 MB`, `−23.0 MB`, `same`
fn difference(both: Both<Bytes>) -> String {
    match words::difference(both).as_str() {
        "the same" => "same".to_owned(),
        text => text.to_owned(),
    }
}

/// The longer of both times: what a full bar is.
pub fn longest(figure: &Figure) -> Nanos {
    let sides = [figure.sides.baseline, figure.sides.candidate];
    sides.into_iter().flatten().map(|quartiles| quartiles.median).max().unwrap_or_default()
}
