//! What the keys do on the Blocks screen.

use crate::arch::path::parent_of;
use crate::record::Phase;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Engine};
use crate::tui::going::moved;

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    match act {
        Act::Findings => app.shown.phase.is_some() && app.sums().is_some(),
        Act::Phase | Act::Slowest | Act::PerStep => app.live.is_some(),
        Act::Up | Act::Down | Act::Open => app.live.is_some() || app.card().is_some(),
        _ => true,
    }
}

pub fn perform(app: &mut App, act: Act) {
    let nodes = app.nodes();
    let at = app.screens.blocks.index(&nodes);
    let target = moved(act, at, nodes.len(), app.drawn.rows.1);
    let Some(node) = nodes.get(target) else { return };
    app.screens.blocks.selected = node.path.clone();
    match act {
        Act::Open => twist(app, &node.path),
        Act::Close if node.open => drop(app.screens.blocks.open.remove(&node.path)),
        Act::Close => {
            if let Some(parent) = parent_of(&node.path) {
                app.screens.blocks.selected = parent.to_owned();
            }
        }
        Act::OpenAll => {
            let card = match &app.engine {
                Engine::Ready(card) => Some(&**card),
                Engine::Loading { previous, .. } => previous.as_deref(),
                Engine::Viewer | Engine::Empty => None,
            };
            app.screens.blocks.open_all(app.live.as_ref(), card);
        }
        Act::CloseAll => app.screens.blocks.open.clear(),
        Act::Phase => {
            app.shown.follows = false;
            app.shown.phase = match app.shown.phase {
                Some(Phase::Prefill) => Some(Phase::Decode),
                Some(Phase::Decode) => None,
                None => Some(Phase::Prefill),
            };
        }
        Act::PerStep => app.shown.per_step = !app.shown.per_step,
        Act::Slowest => reveal_slowest(app),
        Act::Findings => show_findings(app),
        _ => {}
    }
}

/// Opens what is closed, closes what is open.
pub fn twist(app: &mut App, path: &str) {
    if !app.screens.blocks.open.remove(path) {
        app.screens.blocks.open.insert(path.to_owned());
    }
}

/// Every finding of the phase, in full.
fn show_findings(app: &mut App) {
    let Some(sums) = app.sums() else {
        let key = action::key_of(&[Scope::Everywhere], Act::TraceRun);
        return app.say(format!("findings are made of traced runs: press {key}"), false);
    };
    let said: Vec<&str> = sums.findings.iter().map(|finding| finding.text.as_str()).collect();
    let how =
        "Shares are measured, in traced passes. Savings are modelled, the most that they could be, and they overlap.";
    let text = match said.as_slice() {
        [] => "Nothing stands out.".to_owned(),
        _ => format!("{}\n\n{how}", said.join("\n\n")),
    };
    let title = format!("Findings · {}", app.one_phase().name());
    app.notice(&title, text, false);
}

fn reveal_slowest(app: &mut App) {
    let Some(live) = &app.live else { return };
    let leaves = (0..live.run.parts.len() as u32).filter(|&part| live.tally.children(Some(part)).is_empty());
    let timed = leaves.filter_map(|part| Some((live.tally.row(part, app.shown.phase)?.typical, part)));
    if let Some((_, part)) = timed.max() {
        let path = live.run.parts[part as usize].path.clone();
        app.screens.blocks.reveal(&path);
    }
}
