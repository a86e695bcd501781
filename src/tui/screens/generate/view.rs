//! The Generate screen: the text as it streams, how likely each token was, and how long each took.
//!
//! ```text
//!  TTFT 1.04 s   TPOT 49.8 ms   prefill 492 tok/s   decode 20.1 tok/s   64 tokens
//!  The capital of France is Paris. It is the    │ ── token 12 of 64: ·of ────────
//!  largest city in France and one of the        │ ● ·of          99.0% ██████████
//!  most visited …                               │   ·the          0.4% ▏
//!  p  ■ ≥90%  ■ ≥50%  ■ ≥20%  ■ ≥5%  ■ <5%      │
//!  ── latency per token, ms ────────────────────────────────────────────────────
//!   60 ┤ ▃▃▃▅▃▃▃▃
//!    0 ┤ ████████
//! ```

use crate::record::Token;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::plot;
use crate::tui::kit::plot::Plot;
use crate::tui::kit::prose::{Page, Piece};
use crate::tui::kit::{bar, below, figure, fit, put, put_right, row, scrollbar, scrolled, skip, take, titled_rule};
use crate::tui::live::Live;
use crate::tui::sanitize;
use crate::tui::theme::{PROBABILITY_STEPS, Theme};
use crate::tui::view::empty;
use crate::units::{Nanos, percent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let Some(live) = &app.live else { return empty::draw(app, area, buf, drawn) };
    numbers(app, live, skip(row(area, 0), 1), buf);
    let chart_height = (area.height / 3).clamp(5, 14);
    let upper = Rect { height: area.height.saturating_sub(2 + chart_height), ..below(area, 2) };
    let side = if area.width >= 120 { 48 } else { 34 };
    let text = Rect { width: area.width.saturating_sub(side + 2), ..skip(upper, 1) };
    self::text(app, live, text, buf, drawn);
    for y in 0..upper.height {
        put(buf, skip(row(upper, y), text.width + 1), Span::styled("│", app.theme.rule));
    }
    candidates(app, Rect { width: side - 2, ..skip(upper, text.width + 3) }, buf);
    chart(app, below(area, area.height - chart_height), buf);
}

/// The headline numbers; what is not known yet is `—`.
fn numbers(app: &App, live: &Live, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let run = &live.run;
    let time = |time: Option<Nanos>| time.map_or("—".to_owned(), |time| time.to_string());
    let rate = |rate: Option<f64>| format!("{} tok/s", rate.map_or("—".to_owned(), figure));
    let n = app.tokens().len();
    let items = [
        ("TTFT", time(run.ttft().map(|q| q.median))),
        ("TPOT", time(run.tpot().map(|q| q.median))),
        ("prefill", rate(run.prefill_tokens_per_s())),
        ("decode", rate(run.decode_tokens_per_s())),
        ("tokens", format!("{n}/{}", run.header.new_tokens)),
    ];
    let gap = if area.width < 100 { 2 } else { 4 };
    let mut rest = area;
    for (label, value) in items {
        let line = Line::from_iter([
            Span::styled(format!("{label} "), theme.dim),
            Span::styled(value, theme.text.patch(theme.strong)),
        ]);
        if line.width() as u16 > rest.width {
            break;
        }
        rest = skip(rest, put(buf, rest, line) + gap);
    }
}

fn text(app: &App, live: &Live, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let legend = u16::from(app.screens.generate.coloured);
    let list = Rect { width: area.width.saturating_sub(1), height: area.height.saturating_sub(legend), ..area };
    let key = (live.version.wrapping_add(live.since.0), list.width);
    if drawn.page_key != key || drawn.page.lines.is_empty() {
        drawn.page = page(live, app.tokens(), list.width);
        drawn.page_key = key;
    }
    let (n, height) = (drawn.page.lines.len(), list.height as usize);
    let selected = app.selected_token();
    let line = selected.and_then(|token| drawn.page.line_of(token));
    let first = match (app.screens.generate.scroll, line) {
        (Some(scroll), _) => scroll.min(n.saturating_sub(height)),
        (None, Some(line)) => scrolled(drawn.lines.0, line, height, n),
        // The prompt alone, or a token without a visible character: the end of the text.
        (None, None) => n.saturating_sub(height),
    };
    drawn.lines = (first, height);
    for (y, pieces) in drawn.page.lines.iter().skip(first).take(height).enumerate() {
        let line = row(list, y as u16);
        for piece in pieces {
            draw_piece(app, piece, selected, line, buf);
            if let Some(token) = piece.token {
                drawn.hits.push((Rect { width: piece.width, ..skip(line, piece.x) }, Hit::Token(token)));
            }
        }
    }
    scrollbar(buf, Rect { width: area.width, height: list.height, ..area }, first, n, theme.dim, theme.rule);
    if app.screens.generate.coloured {
        probability_legend(theme, row(area, area.height.saturating_sub(1)), buf);
    }
}

/// Prompt and tokens, made harmless and wrapped.
fn page(live: &Live, tokens: &[Token], width: u16) -> Page {
    let header = &live.run.header;
    let prompt = match &header.prompt {
        Some(prompt) if live.chat => format!("{}\n\n", sanitize::prose(prompt)),
        Some(prompt) => sanitize::prose(prompt),
        None if header.prompt_tokens > 0 => format!("({} synthetic tokens)\n", header.prompt_tokens),
        None => String::new(),
    };
    let shown: Vec<String> = tokens.iter().map(|token| sanitize::prose(&token.text)).collect();
    let generated = shown.iter().enumerate().map(|(i, text)| (Some(i), text.as_str()));
    Page::wrap([(None, prompt.as_str())].into_iter().chain(generated), width)
}

fn draw_piece(app: &App, piece: &Piece, selected: Option<usize>, line: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let is_selected = piece.token.is_some() && piece.token == selected;
    if piece.line_break && !is_selected && !(app.screens.generate.coloured && piece.token.is_some()) {
        return;
    }
    let token = piece.token.and_then(|token| app.tokens().get(token));
    let mut style = match token {
        None => theme.dim,
        Some(token) if app.screens.generate.coloured => theme.of_probability(token.p),
        Some(_) => theme.text,
    };
    if is_selected {
        style = if app.screens.generate.coloured {
            style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            style.patch(theme.selected).add_modifier(Modifier::BOLD)
        };
    }
    put(buf, skip(line, piece.x), Span::styled(piece.text.as_str(), style));
}

fn probability_legend(theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut line = Line::from(Span::styled("p ", theme.dim));
    for (step, least) in PROBABILITY_STEPS.iter().enumerate() {
        let text = match step + 1 < PROBABILITY_STEPS.len() {
            true => format!(" ≥{:.0}% ", least * 100.0),
            false => format!(" <{:.0}% ", PROBABILITY_STEPS[step - 1] * 100.0),
        };
        line.push_span(Span::styled(text, theme.probability[step]));
        line.push_span(Span::raw(" "));
    }
    put(buf, area, line);
}

/// A token's text on one line, its spaces visible.
fn token_label(text: &str) -> String {
    if text.is_empty() { "(part of a character)".into() } else { sanitize::token(text) }
}

fn candidates(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let tokens = app.tokens();
    let Some((index, token)) = app.selected_token().and_then(|index| Some((index, tokens.get(index)?))) else {
        titled_rule(buf, area, Line::from(Span::styled("candidates", theme.dim)), theme.rule);
        let text = if app.is_running() { "the first token comes out of the prefill" } else { "no token was chosen" };
        put(buf, below(area, 1), Span::styled(fit(text, area.width as usize), theme.faint));
        return;
    };
    let follows = if app.screens.generate.selected.is_none() { "newest" } else { "" };
    let title = Line::from_iter([
        Span::styled(format!("token {} of {} ", index + 1, tokens.len()), theme.dim),
        Span::styled(fit(&token_label(&token.text), 14), theme.strong),
    ]);
    titled_rule(buf, area, title, theme.rule);
    let facts = format!("p {}   {}   id {}", probability(token.p), token.latency, token.id);
    let used = put(buf, row(area, 1), Span::styled(facts, theme.dim));
    if used as usize + follows.len() < area.width as usize {
        put_right(buf, row(area, 1), Span::styled(follows, theme.accent));
    }
    let list = below(area, 2);
    for (y, candidate) in token.top.iter().take(list.height as usize).enumerate() {
        let line = row(list, y as u16);
        let chosen = candidate.id == token.id;
        let (mark, style) = if chosen { ("● ", theme.accent) } else { ("  ", theme.text) };
        let name = fit(&token_label(&candidate.text), 12);
        put(buf, line, Line::from_iter([Span::styled(mark, theme.accent), Span::styled(name, style)]));
        put_right(buf, take(line, 22), Span::styled(probability(candidate.p), theme.dim));
        let rail = skip(line, 23);
        bar::bar(
            buf,
            rail,
            f64::from(candidate.p),
            if chosen { theme.bar(theme.attention, false) } else { theme.bar(theme.other, y % 2 == 1) },
            theme,
        );
    }
    let listed: f32 = token.top.iter().map(|candidate| candidate.p).sum();
    let rest = row(list, token.top.len() as u16);
    if token.top.is_empty() {
        put(buf, list, Span::styled("no candidates were recorded", theme.faint));
    } else if listed < 0.9995 && rest.height > 0 {
        put(buf, skip(rest, 2), Span::styled("all others", theme.faint));
        put_right(buf, take(rest, 22), Span::styled(probability(1.0 - listed), theme.faint));
        bar::bar(buf, skip(rest, 23), f64::from(1.0 - listed), theme.faint, theme);
    }
}

/// `81.0%`; small ones keep a digit that says something.
fn probability(p: f32) -> String {
    match f64::from(p) {
        p if p > 0.0 && p < 0.0005 => "<0.1%".into(),
        p => percent(p),
    }
}

fn chart(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let tokens = app.tokens();
    let times: Vec<Nanos> = tokens.iter().filter(|token| token.step > 0).map(|token| token.latency).collect();
    let unit = if times.is_empty() { String::new() } else { format!(", {}", plot::unit(&times).0) };
    let mut title = Line::from_iter([Span::styled("latency per token", theme.dim), Span::styled(unit, theme.faint)]);
    if let Some(q) = app.live.as_ref().and_then(|live| live.run.tpot())
        && q.n > 1
    {
        title.push_span(Span::styled(format!("   median {}   range {} to {}", q.median, q.min, q.max), theme.dim));
    }
    let room = area.width.saturating_sub(6) as usize;
    if title.width() > room {
        title.spans.truncate(2);
    }
    titled_rule(buf, area, title, theme.rule);
    if times.is_empty() {
        let text = if app.is_running() { "the first further token is on its way" } else { "no further token was made" };
        put(buf, skip(row(area, 1), 1), Span::styled(text, theme.faint));
        return;
    }
    // The first token comes out of the prefill: its time is the TTFT, on another scale.
    let hidden = tokens.len() - times.len();
    let selected = app.selected_token().and_then(|token| token.checked_sub(hidden));
    let plot = Plot {
        times: &times,
        first: hidden + 1,
        selected,
        column: theme.bar(theme.attention, false),
        highlight: theme.mlp,
    };
    plot.draw(buf, Rect { width: area.width.saturating_sub(1), ..below(area, 1) }, theme);
}
