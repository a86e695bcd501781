//! What stands on a screen of traced numbers where there are none: why, and what leads to some.

use crate::record::{Pass, Phase, Run, Watched};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Engine};
use crate::tui::kit::{below, put, wrap};
use crate::tui::screens::list::Screen;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// Columns that are read with ease.
const MEASURE: u16 = 76;

/// Says in words why nothing is known of the phase; returns what is left of the area.
pub fn draw(app: &App, wanted: &str, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = &app.theme;
    let (title, text) = words(app, wanted);
    put(buf, area, Span::styled(title, theme.strong));
    let mut rest = below(area, 1);
    for line in wrap(&text, area.width.min(MEASURE)) {
        put(buf, rest, Span::styled(line, theme.text));
        rest = below(rest, 1);
    }
    below(rest, 1)
}

fn words(app: &App, wanted: &str) -> (&'static str, String) {
    let key = |act| action::key_of(&[Scope::Everywhere], act);
    let trace = match app.engine {
        Engine::Viewer => "blockscope profile --trace --out FILE records a run with all of it.".to_owned(),
        _ if app.card().is_some() => {
            format!("{} runs the prompt and traces every operator and every allocation.", key(Act::TraceRun))
        }
        _ => {
            let [models, trace] = [Act::Models, Act::TraceRun].map(key);
            format!("Choose a model with {models}; {trace} then runs it and traces every operator.")
        }
    };
    let other_phase = |what: &str| {
        let key = action::key_of(&[Scope::On(app.screen), Scope::On(Screen::Memory)], Act::Phase);
        format!("{key} shows its {what}.")
    };
    match &app.live {
        None if app.imported.is_some() => {
            let text = format!("Its slices and its memory are on the Timeline: press {}.", key(Act::Go(Screen::Timeline)));
            ("A trace of another profiler is looked at", text)
        }
        None => ("No run yet", format!("{wanted} {trace}")),
        Some(live) if live.is_going_on() => (
            "The run goes on",
            "What its operators add up to is worked out when it has ended: that would take time from what is being \
             measured."
                .into(),
        ),
        Some(live) => match traced_phases(&live.run).as_slice() {
            [] => ("This run was not traced", format!("{wanted} {trace}")),
            [Phase::Prefill] if app.one_phase() == Phase::Decode => {
                ("No decode step of this run was traced", other_phase("prefill"))
            }
            [Phase::Decode] if app.one_phase() == Phase::Prefill => {
                ("No prefill of this run was traced", other_phase("decode steps"))
            }
            _ => (
                "The repeat that is shown was not traced",
                "Of several recorded repeats the one with the median time counts, and in this run it holds no operators."
                    .into(),
            ),
        },
    }
}

fn traced_phases(run: &Run) -> Vec<Phase> {
    let is_traced = |phase: &Phase| {
        let of_phase = |pass: &Pass| pass.start.phase == *phase && pass.time.is_some();
        run.passes.iter().any(|pass| of_phase(pass) && pass.start.watched == Watched::Operators)
    };
    [Phase::Prefill, Phase::Decode].into_iter().filter(is_traced).collect()
}
