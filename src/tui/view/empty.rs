//! What stands where there is nothing to show yet: what there is, and which keys lead on.
//!
//! ```text
//! ╭───────────────────────────────────────────────╮
//! │ SmolLM2-135M is ready                         │
//! │ llama · 30 blocks · 135M parameters · 538 MB  │
//! │                                               │
//! │ r  run the prompt, and time every part        │
//! │ …                                             │
//! ╰───────────────────────────────────────────────╯
//! ```

use crate::record::ModelInfo;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Engine, Hit};
use crate::tui::kit::{bar, fit, fit_end, put, row, skip, take};
use crate::tui::sanitize;
use crate::tui::screens::list::Screen;
use crate::units;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

/// The whole screen, where not even the model's parts are known.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    if app.popup.is_none() {
        card(app, area, buf, drawn);
    }
}

/// A card in the middle of an area.
pub fn card(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let (title, facts, keys) = words(app);
    let loading = matches!(app.engine, Engine::Loading { .. });
    let height = 4 + keys.len() as u16 + u16::from(!facts.is_empty()) + if loading { 1 } else { 0 };
    let width = 58.min(area.width.saturating_sub(4));
    let place = area.centered(Constraint::Length(width), Constraint::Length(height.min(area.height)));
    Clear.render(place, buf);
    buf.set_style(place.intersection(buf.area), theme.popup);
    Block::bordered().border_type(BorderType::Rounded).border_style(theme.rule).style(theme.popup).render(place, buf);
    let inside = place.inner(Margin::new(2, 1));
    let wide = inside.width as usize;
    put(buf, inside, Span::styled(fit(&title, wide), theme.strong));
    let mut y = 1;
    if !facts.is_empty() {
        put(buf, row(inside, y), Span::styled(fit(&facts, wide), theme.dim));
        y += 1;
    }
    if let Engine::Loading { done, total, .. } = app.engine {
        let rail = row(inside, y);
        buf.set_style(rail.intersection(buf.area), theme.selected);
        if total > 0 {
            bar::bar(buf, rail, done as f64 / total as f64, theme.accent, theme);
        } else {
            // How long it takes is not known: something small goes to and fro.
            let (span, at) = (inside.width.saturating_sub(8).max(1), app.clock.0 / 60_000_000);
            let phase = (at % u64::from(2 * span)) as u16;
            let x = if phase < span { phase } else { 2 * span - 1 - phase };
            bar::bar(buf, take(skip(rail, x), 8), 1.0, theme.accent, theme);
        }
        y += 1;
    }
    y += 1;
    for (act, text) in keys {
        let line = row(inside, y);
        let key = action::key_of(&[Scope::Everywhere], act);
        let shown = Line::from_iter([Span::styled(format!("{key:<4}"), theme.accent), Span::styled(text, theme.text)]);
        let shown = shown.patch_style(ratatui::style::Style { bg: theme.popup.bg, ..Default::default() });
        put(buf, line, shown);
        drawn.hits.push((line, Hit::Act(act)));
        y += 1;
    }
}

/// Actions whose keys lead on, and what they lead to.
type Keys = Vec<(Act, &'static str)>;

/// A title, facts, and the keys that lead on.
fn words(app: &App) -> (String, String, Keys) {
    match &app.engine {
        Engine::Ready(card) => (
            format!("{} is ready", sanitize::label(&card.info.name)),
            facts(&card.info),
            vec![
                (Act::Run, "run the prompt, and time every part"),
                (Act::Step, "single step: halt after every part"),
                (Act::EditPrompt, "edit the prompt and the sampling"),
                (Act::Toggles, "toggles: attention, KV cache, formats, threads"),
                (Act::Models, "another model"),
                (Act::Help, "all keys"),
            ],
        ),
        Engine::Loading { source, stage, done, total, .. } => {
            let bytes = |n: u64| units::Bytes(n).to_string();
            let amount =
                if *total > 100_000 { format!(" {} of {}", bytes(*done), bytes(*total)) } else { String::new() };
            let stage = if stage.is_empty() { "opening" } else { stage };
            (
                format!("Loading {}", fit_end(&sanitize::label(source), 44)),
                format!("{}{amount}", sanitize::label(stage)),
                vec![(Act::Cancel, "cancel")],
            )
        }
        Engine::Viewer if app.imported.is_some() => (
            "This is a trace of another profiler".into(),
            "It has slices of time, and no parts, tokens or steps of a model.".into(),
            vec![(Act::Go(Screen::Timeline), "the Timeline"), (Act::Help, "all keys"), (Act::Quit, "quit")],
        ),
        Engine::Viewer if app.live.is_none() => {
            let studies = &app.studies;
            let screens = [
                (studies.compare.is_some(), (Act::Go(Screen::Compare), "the comparison")),
                (studies.matrix.is_some(), (Act::Go(Screen::Matrix), "the configurations")),
                (studies.sweep.is_some(), (Act::Go(Screen::Sweep), "the sweep")),
                (true, (Act::Quit, "quit")),
            ];
            (
                "This is a saved study".into(),
                "It holds configurations side by side, not one run.".into(),
                screens.into_iter().filter_map(|(is_there, key)| is_there.then_some(key)).collect(),
            )
        }
        Engine::Viewer => {
            ("This run holds no parts".into(), "Its file was cut off before the first pass.".into(), Vec::new())
        }
        Engine::Empty => (
            "No model is loaded".into(),
            "A model from this machine, random weights, or a path.".into(),
            vec![(Act::Models, "choose a model"), (Act::Help, "all keys"), (Act::Quit, "quit")],
        ),
    }
}

/// `llama · 30 blocks · 9 heads (3 KV) · 135M · 538 MB`
fn facts(info: &ModelInfo) -> String {
    let kv = if info.n_kv_heads == info.n_heads { String::new() } else { format!(" ({} KV)", info.n_kv_heads) };
    format!(
        "{} · {} blocks · {} heads{kv} · {} · {}",
        sanitize::label(&info.family),
        info.n_layers,
        info.n_heads,
        units::count(info.parameters),
        info.weight_bytes
    )
}
