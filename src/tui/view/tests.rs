//! Every screen and popup, drawn off screen: as snapshots at two sizes, at every size without a panic,
//! and with hostile text in every place that takes text from outside.

use crate::trace::Event;
use crate::tui::action::Act;
use crate::tui::app::{App, Engine, Popup, Screen};
use crate::tui::form::{Field, Form};
use crate::tui::live::Live;
use crate::tui::picker::{CachedModel, Picker};
use crate::tui::theme::{Depth, Theme};
use crate::tui::update::Msg;
use crate::tui::{draw, fixture};
use crate::units::Nanos;
use crate::worker::{self, RunId};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 60);

/// The interface with nothing in it.
fn empty(depth: Depth) -> App {
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
fn ready(depth: Depth) -> App {
    let mut app = empty(depth);
    app.update(Msg::Tick(Nanos(1_000_000_000)));
    app.open("smollm2".into(), false);
    app.update(Msg::Worker(worker::Event::Loaded(Box::new(fixture::card()))));
    app
}

/// With a run of these events on the screen, two seconds after it began.
fn running(depth: Depth, events: Vec<Event>) -> App {
    let mut app = ready(depth);
    app.perform(Act::Run);
    app.update(Msg::Tick(Nanos(3_000_000_000)));
    app.update(Msg::Worker(worker::Event::Run { run: RunId(1), events }));
    app
}

fn with(mut app: App, acts: &[Act]) -> App {
    for &act in acts {
        app.perform(act);
    }
    app
}

fn stepping(path: &str) -> App {
    let mut app = ready(Depth::True);
    app.perform(Act::Step);
    let mut events = fixture::mid_prefill(5, 3);
    events.push(Event::Part(crate::trace::Part { path: "blocks.3.attn".into(), parent: Some(49) }));
    app.update(Msg::Worker(worker::Event::Run { run: RunId(1), events }));
    app.update(Msg::Worker(worker::Event::Halted { run: RunId(1), halt: fixture::halt(path) }));
    app
}

fn failed() -> App {
    let mut app = empty(Depth::True);
    app.open("models/notes.zip".into(), false);
    let error = "models/notes.zip: expected a GGUF file, which begins with the four bytes GGUF; found PK\\x03\\x04, \
                 which is a zip archive. Unpack it, and open the .gguf file or the folder with config.json inside.";
    app.update(Msg::Worker(worker::Event::LoadFailed { error: error.into(), kept: false }));
    app
}

/// Every state worth looking at, by name.
fn scenes(depth: Depth) -> Vec<(&'static str, App)> {
    let whole = || fixture::whole(512, 40);
    let done = |acts: &[Act]| with(running(depth, whole()), acts);
    let mut loading = empty(depth);
    loading.open("~/.cache/blockscope/models/SmolLM2-135M-Instruct.Q4_1.gguf".into(), true);
    let (stage, done_bytes, total) = ("reading weights".into(), 38_000_000, 98_900_000);
    loading.update(Msg::Worker(worker::Event::Loading { stage, done: done_bytes, total }));
    let mut toggled = done(&[]);
    toggled.toggles = toggled.toggles.with("attention=eager").unwrap();
    if let Engine::Ready(card) = &mut toggled.engine {
        card.toggles = toggled.toggles.clone();
    }
    let mut refused = with(ready(depth), &[Act::Toggles, Act::Down, Act::Down, Act::Down, Act::Right]);
    refused.toast = None;
    let mut palette = ready(depth);
    palette.popup = Some(Popup::Palette(Picker { input: "to".into(), selected: 1 }));
    let mut viewer_run = Live::saved(crate::trace::Run::default(), "run.jsonl".into());
    whole().into_iter().for_each(|event| viewer_run.apply(event));
    let viewer = App::new(Theme::new(depth), fixture::toggles(), Form::new(None), Vec::new(), Some(viewer_run));
    let mut sampling = with(ready(depth), &[Act::EditPrompt]);
    sampling.form.focus(Field::Temperature);
    vec![
        ("blocks_empty", empty(depth)),
        ("blocks_loading", loading),
        ("blocks_ready", ready(depth)),
        ("blocks_mid_prefill", running(depth, fixture::mid_prefill(512, 17))),
        ("blocks_decoding", running(depth, fixture::events(512, 12))),
        ("blocks_done_prefill", done(&[Act::Phase, Act::Phase])),
        ("blocks_open", done(&[Act::Phase, Act::Phase, Act::Slowest])),
        ("blocks_both", done(&[Act::Phase, Act::Down, Act::Down, Act::Down])),
        ("blocks_other_toggles", toggled),
        ("blocks_saved_run", viewer),
        ("generate_empty", with(ready(depth), &[Act::Generate])),
        ("generate_prefill", with(running(depth, fixture::mid_prefill(512, 17)), &[Act::Generate])),
        ("generate_streaming", with(running(depth, fixture::events(512, 12)), &[Act::Generate])),
        ("generate_coloured", done(&[Act::Generate, Act::Colour, Act::First, Act::Down])),
        ("step_empty", with(ready(depth), &[Act::SingleStep])),
        ("step_qkv", stepping("blocks.3.attn.qkv")),
        ("step_embedding", stepping("embed")),
        ("popup_prompt", sampling),
        ("popup_toggles", refused),
        ("popup_models", with(ready(depth), &[Act::Models])),
        ("popup_palette", palette),
        ("popup_help", with(ready(depth), &[Act::Help])),
        ("popup_failure", failed()),
    ]
}

fn drawn(app: &mut App, (width, height): (u16, u16)) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    // Twice: what was scrolled into view must stay there.
    draw(app, area, &mut buf);
    buf.reset();
    draw(app, area, &mut buf);
    buf
}

fn text(buf: &Buffer) -> String {
    let width = buf.area.width as usize;
    let mut lines = Vec::new();
    for row in buf.content().chunks(width) {
        let (mut line, mut hidden) = (String::new(), 0);
        for cell in row {
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            hidden = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}
