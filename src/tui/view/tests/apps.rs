//! The interface in the states that tests begin with.

use super::*;
use crate::record::study::{self, Study};
use crate::record::{Event, Part, Status};
use crate::tui::live::Live;
use crate::tui::popups::picker::CachedModel;
use crate::tui::popups::prompt::form::Form;
use crate::tui::theme::Theme;
use crate::units::Nanos;

/// The interface with nothing in it.
pub fn empty(depth: Depth) -> App {
    let cached = vec![
        CachedModel {
            name: "SmolLM2-135M-Instruct".into(),
            source: "~/.cache/blockscope/models/SmolLM2-135M-Instruct.Q4_1.gguf".into(),
        },
        CachedModel { name: "tiny-llama".into(), source: "~/models/tiny-llama".into() },
    ];
    App::new(Theme::new(depth), fixture::toggles(), Form::new(None), cached, None)
}

/// With the model loaded.
pub fn ready(depth: Depth) -> App {
    let mut app = empty(depth);
    app.update(Msg::Tick(Nanos(1_000_000_000)));
    app.open("smollm2".into(), false);
    app.update(Msg::Worker(worker::Event::Loaded(Box::new(fixture::card()))));
    app
}

/// With a run of these events on the screen, two seconds after it began.
pub fn running(depth: Depth, events: Vec<Event>) -> App {
    let mut app = ready(depth);
    app.perform(Act::Run);
    app.update(Msg::Tick(Nanos(3_000_000_000)));
    app.update(Msg::Worker(worker::Event::Run { run: RunId(1), events }));
    app
}

pub fn with(mut app: App, acts: &[Act]) -> App {
    for &act in acts {
        app.perform(act);
        // What is shown is worked out in `update`.
        app.update(Msg::Tick(app.clock));
    }
    app
}

/// A saved run of which every pass was traced.
pub fn traced(depth: Depth, change: impl FnOnce(&mut crate::record::Run)) -> App {
    let mut run = fixture::traced_run();
    change(&mut run);
    let live = Live::saved(run, "run.jsonl".into());
    App::new(Theme::new(depth), fixture::toggles(), Form::new(None), Vec::new(), Some(live))
}

/// The trace of PyTorch's profiler that the tests of its reader use.
pub fn foreign(depth: Depth, acts: &[Act]) -> App {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pytorch-trace/tiny.json.gz");
    let timeline = crate::analyse::chrome::open(&[path.into()], &mut |_| ()).unwrap();
    let mut app = empty(depth);
    app.show_trace(&timeline, "tiny.json.gz");
    with(app, acts)
}

pub fn stepping(depth: Depth, path: &str) -> App {
    let mut app = ready(depth);
    app.perform(Act::Step);
    let mut events = fixture::mid_prefill(5, 3);
    events.push(Event::Part(Part { path: "blocks.3.attn".into(), parent: Some(49) }));
    app.update(Msg::Worker(worker::Event::Run { run: RunId(1), events }));
    app.update(Msg::Worker(worker::Event::Halted { run: RunId(1), halt: fixture::halt(path) }));
    app
}

pub fn failed(depth: Depth) -> App {
    let mut app = empty(depth);
    app.open("models/notes.zip".into(), false);
    let error = "models/notes.zip: expected a GGUF file, which begins with the four bytes GGUF; found PK\\x03\\x04, \
                 which is a zip archive. Unpack it, and open the .gguf file or the folder with config.json inside.";
    app.update(Msg::Worker(worker::Event::LoadFailed { error: error.into(), kept: false }));
    app
}

/// What happened in a study, up to so many samples; with its end if there is one.
fn happened(study: &Study, samples: usize, end: Option<Status>) -> Vec<study::Event> {
    let mut events = vec![study::Event::Header(Box::new(study.header.clone()))];
    events.extend(study.arms.iter().cloned().map(|mut arm| {
        // The quality is measured after the rounds.
        arm.quality = arm.quality.filter(|_| end.is_some());
        study::Event::Arm(Box::new(arm))
    }));
    events.extend(study.parts.iter().cloned().map(study::Event::Part));
    events.extend(study.samples.iter().take(samples).cloned().map(study::Event::Sample));
    events.extend(end.map(study::Event::End));
    events
}

/// With a study going on that was begun on this screen.
pub fn studying(depth: Depth, screen: Act, study: &Study, samples: usize, end: Option<Status>) -> App {
    let mut app = with(ready(depth), &[screen, Act::Choose]);
    if let Some(Popup::Candidate(candidate)) = &mut app.popup {
        candidate.toggles = candidate.toggles.with("attention=eager").unwrap();
    }
    app.perform(Act::Accept);
    app.update(Msg::Tick(Nanos(13_000_000_000)));
    let (stage, left) = ("round 4 · attention=eager".into(), Some(Nanos(41_000_000_000)));
    let progress = crate::measure::Progress { stage, done: 31, most: 120, left };
    app.update(Msg::Worker(worker::Event::Study { run: RunId(1), events: happened(study, samples, end) }));
    app.update(Msg::Worker(worker::Event::Studying { run: RunId(1), progress }));
    app
}

/// A saved study.
pub fn saved_study(depth: Depth, study: Study, acts: &[Act]) -> App {
    let mut app = empty(depth);
    app.show_study(study, "study.jsonl".into());
    with(app, acts)
}
