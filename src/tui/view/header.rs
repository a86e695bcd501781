//! The strip on top: which model, on what, with which toggles, and what is running.
//!
//! ```text
//!  Blockscope  SmolLM2-135M  cpu ×2 · f32 · fused · cache on          ⠹ prefill  block 17/30 · 1.2 s
//! ```

use crate::arch::Toggles;
use crate::arch::path::{block_of, name_of};
use crate::record::{Phase, Status, Watched};
use crate::tui::app::{App, Engine};
use crate::tui::kit::{bar, figure, fit, fit_end, put, skip, take};
use crate::tui::live::{Live, State};
use crate::tui::studies::Studied;
use crate::tui::{calendar, perform, sanitize};
use crate::units::Nanos;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Columns of the bar of a loading.
const BAR: u16 = 12;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    buf.set_style(area.intersection(buf.area), theme.strip);
    let used = 1 + put(buf, skip(area, 1), Span::styled("Blockscope", theme.accent));
    let status = status(app);
    let bar_width = if loaded_share(app).is_some() { BAR + 1 } else { 0 };
    let right = (status.width() as u16 + bar_width + 1).min(area.width - used);
    let left = Rect { width: area.width - used - right, ..skip(area, used) };
    put(buf, skip(left, 2), model(app, left.width.saturating_sub(4) as usize));
    let place = skip(area, area.width - right);
    if let Some(share) = loaded_share(app) {
        let rail = take(place, BAR);
        buf.set_style(rail.intersection(buf.area), theme.selected);
        bar::bar(buf, rail, share, theme.accent, theme);
    }
    put(buf, skip(place, bar_width), status);
}

fn loaded_share(app: &App) -> Option<f64> {
    match app.engine {
        Engine::Loading { done, total, .. } if total > 0 => Some(done.min(total) as f64 / total as f64),
        _ => None,
    }
}

/// The model and how it is set, in as many words as fit.
fn model(app: &App, width: usize) -> Line<'static> {
    let theme = &app.theme;
    let (name, facts) = match (&app.engine, app.card(), &app.live) {
        (Engine::Loading { source, .. }, None, _) => (source.clone(), Vec::new()),
        (Engine::Viewer, _, None) if app.study().is_some() => {
            let header = app.study().map(|studied| studied.study.header.clone()).unwrap_or_default();
            (header.model.name, vec![(sanitize::label(&header.device), true)])
        }
        (Engine::Viewer, _, None) if app.explorer.is_some() => {
            let text = app.explorer.as_ref().map(|seen| seen.text.clone()).unwrap_or_default();
            (text.model, facts(text.device, &text.toggles))
        }
        (Engine::Viewer, _, None) => {
            let name = app.imported.as_ref().map_or_else(String::new, |foreign| foreign.name.clone());
            (name, Vec::new())
        }
        (Engine::Viewer, _, Some(live)) => {
            let header = &live.run.header;
            let device = format!("{} ×{}", sanitize::label(&header.device), header.threads);
            (header.model.name.clone(), facts(device, &header.toggles))
        }
        (_, Some(card), _) => {
            let device = format!("{} ×{}", card.device, card.toggles.threads);
            (card.info.name.clone(), facts(device, &card.toggles.to_pairs()))
        }
        _ => return Line::from(Span::styled("no model", theme.dim)),
    };
    // What was switched has its place, even if the name has to give way.
    let switched = facts.iter().filter(|(_, is_usual)| !is_usual).map(|(word, _)| word.chars().count() + 3);
    let room = width.saturating_sub(switched.sum()).clamp(12, 40).min(width);
    let name = match app.engine {
        // Of a path, the end says more.
        Engine::Loading { .. } => fit_end(&sanitize::label(&name), room),
        _ => fit(&sanitize::label(&name), room),
    };
    let mut line = Line::from(Span::styled(name, theme.strip.patch(theme.strong)));
    for (i, (word, is_usual)) in facts.into_iter().enumerate() {
        let text = format!("{}{word}", if i == 0 { "  " } else { " · " });
        if line.width() + text.chars().count() > width {
            break;
        }
        line.push_span(Span::styled(text, if is_usual { theme.dim } else { theme.strip }));
    }
    line
}

/// The device and the toggles, each with whether it is as usual; what was switched comes first.
fn facts(device: String, toggles: &[(String, String)]) -> Vec<(String, bool)> {
    let usual = toggle_words(&Toggles::default().to_pairs());
    let words = toggle_words(toggles).into_iter().map(|word| {
        let is_usual = usual.contains(&word);
        (word, is_usual)
    });
    let mut facts: Vec<(String, bool)> = std::iter::once((device, true)).chain(words).collect();
    facts.sort_by_key(|(_, is_usual)| *is_usual);
    facts
}

/// Toggles as short as they can be said: `f32 · fused · cache on`.
pub fn toggle_words(pairs: &[(String, String)]) -> Vec<String> {
    let get = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, value)| sanitize::label(value));
    let weights = get("weights");
    let compute = get("compute").filter(|compute| weights.as_ref() != Some(compute));
    let formats = match (weights, compute) {
        (Some(weights), Some(compute)) => Some(format!("{weights} weights, {compute}")),
        (weights, compute) => weights.or(compute),
    };
    let cache = get("kv_cache").map(|value| format!("cache {value}"));
    [formats, get("attention"), cache].into_iter().flatten().collect()
}

/// How a run differs from these toggles: `attention=eager`; empty where it does not.
pub fn differences(run: &[(String, String)], toggles: &Toggles) -> Vec<String> {
    let now = toggles.to_pairs();
    let differs = |pair: &&(String, String)| now.iter().any(|(name, value)| *name == pair.0 && *value != pair.1);
    run.iter().filter(differs).map(|(name, value)| format!("{name}={}", sanitize::label(value))).collect()
}

/// What is going on.
fn status(app: &App) -> Line<'static> {
    let theme = &app.theme;
    let spin = SPINNER[(app.clock.0 / 100_000_000 % 10) as usize];
    if let Engine::Loading { stage, done, total, since, .. } = &app.engine {
        let stage = if stage.is_empty() { "loading".to_owned() } else { fit(&sanitize::label(stage), 24) };
        let share = if *total > 0 { format!(" {:.0}%", 100.0 * *done as f64 / *total as f64) } else { String::new() };
        let word = if app.load_cancelled { "cancelling…".to_owned() } else { format!("{stage}{share}") };
        return Line::from_iter([
            Span::styled(format!("{spin} "), theme.accent),
            Span::styled(word, theme.strip),
            Span::styled(format!(" · {}", perform::elapsed(*since, app.clock)), theme.dim),
        ]);
    }
    if let Some(measuring) = &app.measuring {
        let far = if measuring.total > 0 { format!(" {}/{}", measuring.done, measuring.total) } else { String::new() };
        let word = match measuring.cancelled {
            true => "cancelling…".to_owned(),
            false if measuring.stage.is_empty() => "measuring".to_owned(),
            false => format!("{}{far}", measuring.stage),
        };
        return Line::from_iter([
            Span::styled(format!("{spin} "), theme.accent),
            Span::styled(fit(&word, 32), theme.strip),
            Span::styled(format!(" · {}", perform::elapsed(measuring.since, app.clock)), theme.dim),
        ]);
    }
    if let Some(studied) = app.studies.going_on() {
        return study(app, studied, spin);
    }
    if let Some(seen) = app.explorer.as_ref().filter(|seen| seen.state != State::Over) {
        let word = match seen.state {
            State::Cancelling => "cancelling…",
            State::Starting => "reading the text",
            _ if seen.grows => "going on with the text",
            _ if seen.weighs && seen.worth.is_none() => "switching heads off",
            _ => "going through the heads",
        };
        return Line::from_iter([
            Span::styled(format!("{spin} "), theme.accent),
            Span::styled(word, theme.strip),
            Span::styled(format!(" · {}", perform::elapsed(seen.since, app.clock)), theme.dim),
        ]);
    }
    if app.imported.is_some() {
        return Line::from(Span::styled("trace of another profiler", theme.strip));
    }
    // On the screen of a study, what is said is of that study.
    if let Some(studied) = app.study() {
        return over(app, studied);
    }
    let Some(live) = &app.live else {
        let word = if app.card().is_some() { "ready" } else { "" };
        return Line::from(Span::styled(word, theme.good));
    };
    let said = |mark: &str, style, words: String| {
        Line::from_iter([Span::styled(format!("{mark} "), style), Span::styled(words, theme.strip)])
    };
    match live.state {
        State::Over => match &live.run.status {
            _ if matches!(app.engine, Engine::Viewer) => saved(app, live),
            Some(Status::Done) => said("✓", theme.good, "done".into()),
            Some(Status::Cancelled) => said("■", theme.warn, "cancelled".into()),
            Some(Status::Failed(_)) => said("✗", theme.bad, "failed".into()),
            None => said("■", theme.warn, "cut off".into()),
        },
        State::Cancelling => said("◌", theme.warn, "cancelling…".into()),
        State::Halted => {
            let path = live.halt.as_deref().map_or("", |halt| halt.path.as_str());
            let block = block_of(path).map(|block| format!("block {block}, ")).unwrap_or_default();
            let place = fit(&sanitize::label(&format!("{block}{}", name_of(path))), 28);
            said("‖", theme.warn, format!("halted after {place}"))
        }
        State::Starting | State::Running => {
            let repeat = live.run.passes.last().filter(|_| live.is_traced).map(|pass| pass.start.watched);
            let repeat = match repeat {
                Some(Watched::Plain) => "plain ",
                Some(_) => "traced ",
                None => "",
            };
            let mut line = said(spin, theme.accent, format!("{repeat}{}", progress(live)));
            line.push_span(Span::styled(format!(" · {}", perform::elapsed(live.since, app.clock)), theme.dim));
            line
        }
    }
}

/// A study that goes on: what is being done, how long that has taken, and how long the rest may take.
fn study(app: &App, studied: &Studied, spin: &'static str) -> Line<'static> {
    let theme = &app.theme;
    let progress = &studied.progress;
    let word = match studied.state {
        State::Cancelling => "cancelling…".to_owned(),
        _ if progress.stage.is_empty() => "starting".to_owned(),
        _ => fit(&sanitize::label(&progress.stage), 28),
    };
    let left = progress.left.filter(|_| studied.state != State::Cancelling);
    let left = left.map(|left| format!(" · ≤ {} left", whole_seconds(left))).unwrap_or_default();
    let elapsed = whole_seconds(app.clock - studied.since);
    Line::from_iter([
        Span::styled(format!("{spin} "), theme.accent),
        Span::styled(word, theme.strip),
        Span::styled(format!(" · {elapsed}{left}"), theme.dim),
    ])
}

/// `41 s`, `2 min 05 s`: a study takes its time.
fn whole_seconds(time: Nanos) -> String {
    match (time.0 + 500_000_000) / 1_000_000_000 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// A study that has ended.
fn over(app: &App, studied: &Studied) -> Line<'static> {
    let theme = &app.theme;
    let (mark, style, word) = match &studied.study.status {
        Some(Status::Done) => ("✓", theme.good, "done"),
        Some(Status::Cancelled) => ("■", theme.warn, "cancelled"),
        Some(Status::Failed(_)) => ("✗", theme.bad, "failed"),
        None => ("■", theme.warn, "cut off"),
    };
    let file = studied.file.as_ref().filter(|_| studied.id.is_none());
    let created = studied.study.header.created;
    let when = if file.is_some() && created > 0 { format!(" · {}", calendar::moment(created)) } else { String::new() };
    let what = if file.is_some() { "saved study, " } else { "" };
    Line::from_iter([
        Span::styled(format!("{mark} "), style),
        Span::styled(format!("{what}{word}"), theme.strip),
        Span::styled(when, theme.dim),
    ])
}

fn saved(app: &App, live: &Live) -> Line<'static> {
    let when = match live.run.header.created {
        0 => String::new(),
        created => format!(" · {}", calendar::moment(created)),
    };
    let end = match live.run.status {
        Some(Status::Done) => "",
        Some(Status::Cancelled) => ", cancelled",
        Some(Status::Failed(_)) => ", failed",
        None => ", cut off",
    };
    Line::from_iter([
        Span::styled("saved run", app.theme.strip),
        Span::styled(end, app.theme.warn),
        Span::styled(when, app.theme.dim),
    ])
}

/// How far a run has come: `prefill  block 17/30`, `decode 12/64 · 20.1 tok/s`.
fn progress(live: &Live) -> String {
    let header = &live.run.header;
    match live.phase() {
        None if live.is_traced => "warming up".into(),
        None => "starting".into(),
        Some(Phase::Decode) => {
            let repeat = live.run.tokens.last().map(|token| token.repeat);
            let made = live.run.tokens.iter().rev().take_while(|token| Some(token.repeat) == repeat).count();
            let rate = live.run.decode_tokens_per_s().map(|rate| format!(" · {} tok/s", figure(rate)));
            format!("decode {}/{}{}", made, header.new_tokens, rate.unwrap_or_default())
        }
        Some(Phase::Prefill) => {
            let top = live.running_top().unwrap_or_default();
            match block_of(&top) {
                Some(block) => format!("prefill  block {}/{}", block + 1, header.model.n_layers),
                None if top.is_empty() => "prefill".into(),
                None => format!("prefill  {}", name_of(&top)),
            }
        }
    }
}
