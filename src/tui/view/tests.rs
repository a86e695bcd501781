//! Every screen and popup, drawn off screen: held to a picture or to what it says at two sizes, at every size without a
//! panic, and with hostile text in every place that takes text from outside.

use crate::arch::toggles::Attention;
use crate::measure::Prompt;
use crate::record::study::{self, Study, fixture as studies};
use crate::record::{Category, Cut, Event, Part, Status};
use crate::tui::action::Act;
use crate::tui::app::{App, Engine, Popup, Screen};
use crate::tui::effect::Effect;
use crate::tui::form::{Field, Form};
use crate::tui::live::Live;
use crate::tui::message::Msg;
use crate::tui::picker::{CachedModel, Picker};
use crate::tui::theme::{Depth, Theme};
use crate::tui::{draw, fixture};
use crate::units::Nanos;
use crate::worker::{self, Command, RunId};
use crossterm::event::{Event as Input, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Color, Modifier};

const SMALL: Size = Size::new(80, 24);
const LARGE: Size = Size::new(200, 60);

mod exploring;
mod lessons;
mod phrases;

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
        // What is shown is worked out in `update`.
        app.update(Msg::Tick(app.clock));
    }
    app
}

/// A saved run of which every pass was traced.
fn traced(depth: Depth, change: impl FnOnce(&mut crate::record::Run)) -> App {
    let mut run = fixture::traced_run();
    change(&mut run);
    let live = Live::saved(run, "run.jsonl".into());
    App::new(Theme::new(depth), fixture::toggles(), Form::new(None), Vec::new(), Some(live))
}

/// The trace of PyTorch's profiler that the tests of its reader use.
fn foreign(depth: Depth, acts: &[Act]) -> App {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pytorch-trace/tiny.json.gz");
    let timeline = crate::analyse::chrome::open(&[path.into()], &mut |_| ()).unwrap();
    let mut app = empty(depth);
    app.show_trace(&timeline, "tiny.json.gz");
    with(app, acts)
}

fn stepping(depth: Depth, path: &str) -> App {
    let mut app = ready(depth);
    app.perform(Act::Step);
    let mut events = fixture::mid_prefill(5, 3);
    events.push(Event::Part(Part { path: "blocks.3.attn".into(), parent: Some(49) }));
    app.update(Msg::Worker(worker::Event::Run { run: RunId(1), events }));
    app.update(Msg::Worker(worker::Event::Halted { run: RunId(1), halt: fixture::halt(path) }));
    app
}

fn failed(depth: Depth) -> App {
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
fn studying(depth: Depth, screen: Act, study: &Study, samples: usize, end: Option<Status>) -> App {
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
fn saved_study(depth: Depth, study: Study, acts: &[Act]) -> App {
    let mut app = empty(depth);
    app.show_study(study, "study.jsonl".into());
    with(app, acts)
}

/// The states of the screens of studies.
fn scenes_of_studies(depth: Depth) -> Vec<(&'static str, App)> {
    let compare = |acts: &[Act]| saved_study(depth, studies::compare(), acts);
    let matrix = |acts: &[Act]| saved_study(depth, studies::matrix(), acts);
    let sweep = |acts: &[Act]| saved_study(depth, studies::sweep(), acts);
    let mut chosen = with(ready(depth), &[Act::Compare, Act::Choose, Act::Right, Act::Down, Act::Right]);
    chosen = with(chosen, &[Act::Down; 4]);
    let ended = Some(Status::Cancelled);
    vec![
        ("compare_empty", with(ready(depth), &[Act::Compare])),
        ("compare_choosing", chosen),
        ("compare_begun", studying(depth, Act::Compare, &Study::default(), 0, None)),
        ("compare_running", studying(depth, Act::Compare, &studies::compare(), 24, None)),
        ("compare_cancelled", studying(depth, Act::Compare, &studies::compare(), 60, ended)),
        ("compare_done", compare(&[])),
        ("compare_open", compare(&[Act::Down, Act::Open, Act::Down, Act::Down, Act::Down, Act::Open])),
        ("compare_decode", compare(&[Act::Phase, Act::OpenAll, Act::Last])),
        ("blocks_of_a_study", compare(&[Act::Blocks])),
        ("matrix_empty", with(empty(depth), &[Act::Matrix])),
        ("matrix_choosing", with(ready(depth), &[Act::Matrix, Act::Choose, Act::Down])),
        ("matrix_running", studying(depth, Act::Matrix, &studies::matrix(), 30, None)),
        ("matrix_done", matrix(&[Act::Down])),
        ("matrix_sorted", matrix(&[Act::Phase, Act::Right, Act::Right, Act::Last])),
        ("matrix_plot", matrix(&[Act::Phase, Act::Grouping, Act::Down, Act::Down])),
        ("sweep_empty", with(ready(depth), &[Act::Sweep])),
        ("sweep_choosing", with(ready(depth), &[Act::Sweep, Act::Choose, Act::Up, Act::Up])),
        ("sweep_running", studying(depth, Act::Sweep, &studies::sweep(), 17, None)),
        ("sweep_prefill", sweep(&[Act::Last])),
        ("sweep_decode", sweep(&[Act::Phase, Act::Down])),
    ]
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
    let mut refused = with(ready(depth), &[Act::Toggles]);
    refused = with(refused, &[[Act::Down; 5].as_slice(), &[Act::Right]].concat());
    refused.toast = None;
    let mut palette = ready(depth);
    palette.popup = Some(Popup::Palette(Picker { input: "to".into(), selected: 1 }));
    let mut viewer_run = Live::saved(crate::record::Run::default(), "run.jsonl".into());
    whole().into_iter().for_each(|event| viewer_run.apply(event));
    let viewer = App::new(Theme::new(depth), fixture::toggles(), Form::new(None), Vec::new(), Some(viewer_run));
    let seen = |acts: &[Act]| with(traced(depth, |_| ()), acts);
    let mut operators = seen(&[]);
    operators.outline.reveal("blocks.1.mlp.up/aten::mm");
    operators.outline.open.insert("blocks.1.attn".into());
    let without_peaks = traced(depth, |run| run.peaks = None);
    let cut = traced(depth, |run| {
        run.passes[0].cut = Some(Cut { operators: 1207, allocations: 311 });
        run.signatures.iter_mut().for_each(|made| made.name = made.name.replace("aten::silu", "own::silu"));
    });
    let mut found = seen(&[Act::Timeline]);
    found.popup = Some(Popup::Find(Picker { input: "mm".into(), selected: 0 }));
    let mut sampling = with(ready(depth), &[Act::EditPrompt]);
    sampling.form.focus(Field::Temperature);
    let mut all = vec![
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
        ("blocks_traced", seen(&[Act::Down, Act::Down, Act::Open])),
        ("blocks_operators", operators),
        ("blocks_traced_decode", seen(&[Act::Phase, Act::Last, Act::Open, Act::Down])),
        ("timeline_whole", seen(&[Act::Timeline])),
        ("timeline_prefill", seen(&[Act::Timeline, Act::NextPass, Act::Slowest])),
        ("timeline_decode", seen(&[Act::Timeline, Act::PreviousPass, Act::Down, Act::Down, Act::Open, Act::Down])),
        ("timeline_operators", seen(&[Act::Timeline, Act::Grouping, Act::Down])),
        ("timeline_parts", seen(&[Act::Timeline, Act::Grouping, Act::Grouping])),
        ("timeline_found", with(found, &[Act::Down, Act::Accept, Act::NextFound])),
        ("timeline_untraced", done(&[Act::Timeline])),
        ("timeline_empty", with(ready(depth), &[Act::Timeline])),
        ("timeline_foreign", foreign(depth, &[Act::Slowest])),
        ("popup_find", seen(&[Act::Timeline, Act::Find])),
        ("roofline_empty", with(empty(depth), &[Act::Roofline])),
        ("roofline_untraced", done(&[Act::Roofline])),
        ("roofline_prefill", seen(&[Act::Roofline])),
        ("roofline_decode", seen(&[Act::Roofline, Act::Phase, Act::Down])),
        ("roofline_operators", seen(&[Act::Roofline, Act::Grouping, Act::Grouping])),
        ("roofline_no_peaks", with(without_peaks, &[Act::Roofline, Act::Grouping])),
        ("roofline_unknown", with(cut, &[Act::Roofline, Act::Last])),
        ("memory_untraced", done(&[Act::Memory])),
        ("memory_prefill", seen(&[Act::Memory])),
        ("memory_decode", seen(&[Act::Memory, Act::Phase, Act::Grouping, Act::Down])),
        ("generate_empty", with(ready(depth), &[Act::Generate])),
        ("generate_prefill", with(running(depth, fixture::mid_prefill(512, 17)), &[Act::Generate])),
        ("generate_streaming", with(running(depth, fixture::events(512, 12)), &[Act::Generate])),
        ("generate_coloured", done(&[Act::Generate, Act::Colour, Act::First, Act::Down])),
        ("step_empty", with(ready(depth), &[Act::SingleStep])),
        ("step_qkv", stepping(depth, "blocks.3.attn.qkv")),
        ("step_embedding", stepping(depth, "embed")),
        ("popup_prompt", sampling),
        ("popup_toggles", refused),
        ("popup_models", with(ready(depth), &[Act::Models])),
        ("popup_palette", palette),
        ("popup_help", with(ready(depth), &[Act::Help])),
        ("popup_failure", failed(depth)),
    ];
    all.extend(scenes_of_studies(depth));
    all.extend(exploring::scenes(depth));
    all
}

fn drawn(app: &mut App, size: Size) -> Buffer {
    let area = Rect::from((Position::ORIGIN, size));
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

fn snapshot(name: &str, shown: &str, size: Size) {
    insta::assert_snapshot!(format!("{name}_{}x{}", size.width, size.height), shown);
}

/// Each phrase stands below, or on the same line behind, the one before it.
fn assert_says(name: &str, shown: &str, phrases: &[&str]) {
    let mut rest = shown;
    for phrase in phrases {
        let (_, after) = rest.split_once(*phrase).unwrap_or_else(|| panic!("{name} lacks {phrase:?} in:\n{shown}"));
        rest = after;
    }
}

/// Something stands between the strips, and no line is wider than the screen.
fn assert_fills(name: &str, shown: &str, size: Size) {
    let mut body = shown.lines().take(usize::from(size.height) - 1).skip(2);
    assert!(body.any(|line| !line.trim().is_empty()), "{name} at {size:?} is blank:\n{shown}");
    for line in shown.lines() {
        let columns = unicode_width::UnicodeWidthStr::width(line);
        assert!(columns <= usize::from(size.width), "{name} at {size:?}: {columns} columns: {line}");
    }
}

#[test]
fn every_scene_shows_what_it_should() {
    let mut all = scenes(Depth::True);
    all.extend(lessons::scenes(Depth::Plain));
    for known in phrases::scenes() {
        assert!(all.iter().any(|(name, _)| *name == known), "there is no scene {known}");
    }
    for (name, mut app) in all {
        let (is_picture, said) = (phrases::PICTURES.contains(&name), phrases::of(name));
        assert!(is_picture || !said.is_empty(), "{name} has neither a picture nor a phrase in phrases.rs");
        for size in [SMALL, LARGE] {
            let shown = without_threads(&text(&drawn(&mut app, size)));
            assert_fills(name, &shown, size);
            assert_says(name, &shown, &said);
            if is_picture {
                snapshot(name, &shown, size);
            }
        }
    }
}

/// How many threads can be chosen depends on the machine.
fn without_threads(shown: &str) -> String {
    let cut = |line: &str| match line.split_once("threads ") {
        Some((start, _)) if line.contains('●') => format!("{start}threads (as many as this machine has)"),
        _ => line.to_owned(),
    };
    shown.lines().map(cut).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_size_is_too_small_to_draw() {
    // A panic at any of these sizes fails the test; what is drawn at two larger ones has a test of its own.
    let sizes = (1..=18).flat_map(|height| [1, 2, 5, 20, 59, 60, 61, 79].map(|width| (width, height)));
    let sizes: Vec<_> = sizes.chain([(80, 16), (60, 40), (100, 20), (131, 17), (132, 16), (300, 90)]).collect();
    for (name, mut app) in scenes(Depth::True) {
        for &size in &sizes {
            let shown = text(&drawn(&mut app, Size::from(size)));
            let least = size.0 >= super::LEAST.0 && size.1 >= super::LEAST.1;
            if !least && size.0 >= 20 && size.1 >= 8 {
                assert!(shown.contains("Blockscope needs 60"), "{name} at {size:?}:\n{shown}");
            }
        }
    }
}

#[test]
fn a_window_that_is_too_small_can_still_be_left() {
    let mut app = ready(Depth::True);
    drawn(&mut app, Size::new(30, 5));
    let effects = app.update(super::super::tests::press('q'));
    assert!(matches!(effects[..], [Effect::Quit(None)]));
}

#[test]
fn no_colour_means_no_colour() {
    for (name, mut app) in scenes(Depth::Plain) {
        let buf = drawn(&mut app, SMALL);
        let coloured = buf.content().iter().find(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert_eq!(coloured, None, "{name}");
    }
}

#[test]
fn without_colours_the_selection_is_still_seen() {
    let mut app = running(Depth::Plain, fixture::whole(512, 4));
    app.perform(Act::Down);
    let buf = drawn(&mut app, SMALL);
    let reversed: Vec<u16> = (0..24).filter(|&y| buf[(5, y)].modifier.contains(Modifier::REVERSED)).collect();
    assert_eq!(reversed.len(), 1);
    // The bar in that row is not: it would be a gap.
    let bar = (0..80).map(|x| &buf[(x, reversed[0])]).find(|cell| cell.symbol() == "█").unwrap();
    assert!(!bar.modifier.contains(Modifier::REVERSED));
}

#[test]
fn a_blocks_bar_is_in_the_colours_of_its_stages() {
    let mut app = with(running(Depth::True, fixture::whole(512, 4)), &[Act::Phase, Act::Phase]);
    let buf = drawn(&mut app, LARGE);
    let theme = Theme::new(Depth::True);
    let y = (0..60).find(|&y| row_text(&buf, y).contains("block 0")).unwrap();
    let odd = (y - 4) % 2 == 1;
    let colours: Vec<Color> =
        (0..140).map(|x| &buf[(x, y)]).filter(|cell| cell.symbol() == "█").map(|cell| cell.fg).collect();
    let [attention, mlp] = [theme.attention, theme.mlp].map(|style| theme.bar(style, odd).fg.unwrap());
    let first = colours.iter().take_while(|&&colour| colour == attention).count();
    assert!(first > 3 && first < colours.len());
    assert!(colours[first..].iter().all(|&colour| colour == mlp), "{colours:?}");
    // MLPs have most of the work of this model.
    assert!(colours.len() - first > first);
}

#[test]
fn points_of_the_roofline_are_in_the_colours_of_their_stages() {
    let mut app = with(traced(Depth::True, |_| ()), &[Act::Roofline, Act::Down, Act::Down]);
    let theme = Theme::new(Depth::True);
    for size in [SMALL, LARGE] {
        let buf = drawn(&mut app, size);
        let at = find(&buf, "◆").unwrap();
        assert_eq!(Some(buf[at].fg), theme.mlp.fg);
        let label = find(&buf, "MLP down 69%").unwrap();
        assert_eq!((label.1, Some(buf[label].bg)), (at.1, theme.selected.bg));
        let (x, y) = find(&buf, "● LM head").unwrap();
        assert_eq!(Some(buf[(x, y)].fg), theme.other.fg);
        let (x, y) = find(&buf, "● attention QKV").unwrap();
        assert_eq!(Some(buf[(x, y)].fg), theme.attention.fg);
        // The roof that these products have is drawn stronger than the other.
        let ink = |name: &str| find(&buf, name).map(|at| buf[at].fg);
        assert_eq!((ink("f32 130 G"), ink("bf16 210 G")), (theme.text.fg, theme.faint.fg));
    }
    // A click on a row selects its point, and what is selected stays so in the other phase.
    let (column, row) = find(&drawn(&mut app, LARGE), "● MLP gate").unwrap();
    let kind = MouseEventKind::Down(MouseButton::Left);
    let click = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    app.update(Msg::Input(Input::Mouse(click)));
    assert_eq!(app.roofline.selected, "mlp.gate");
    let mut app = with(app, &[Act::Phase]);
    assert!(text(&drawn(&mut app, LARGE)).contains("◆ MLP gate"));
}

#[test]
fn memory_is_stacked_in_the_colours_of_its_categories() {
    let mut app = with(traced(Depth::True, |_| ()), &[Act::Memory]);
    let theme = Theme::new(Depth::True);
    let buf = drawn(&mut app, LARGE);
    let (x, foot) = find(&buf, "▲ peak").unwrap();
    let filled = |y: &u16| "▁▂▃▄▅▆▇█".contains(buf[(x, *y)].symbol());
    let seen: Vec<Color> = (4..foot).rev().filter(filled).map(|y| buf[(x, y)].fg).collect();
    let [cache, activations, temporaries] = [Category::KvCache, Category::Activations, Category::Temporaries]
        .map(|category| theme.bar(theme.category(category), false).fg.unwrap());
    let mut order = seen.clone();
    order.dedup();
    assert_eq!(order, [cache, activations, temporaries], "from the bottom up");
    // Of 4.03 MB, 2.65 MB are activations.
    assert!(seen.iter().filter(|&&colour| colour == activations).count() > seen.len() / 2, "{seen:?}");
    let mut app = with(app, &[Act::Phase]);
    let buf = drawn(&mut app, LARGE);
    let line = (3..14).find(|&y| row_text(&buf, y).contains("─── ─── ───")).unwrap();
    assert_eq!(buf[(8, line)].bg, cache, "the formula lies on the cache that was taken");
}

#[test]
fn nothing_is_added_up_while_a_run_goes_on() {
    let mut events = fixture::traced_events(128, 3);
    let end = events.pop().unwrap();
    let mut app = with(running(Depth::True, events), &[Act::Roofline]);
    assert!(app.sums().is_none());
    assert!(text(&drawn(&mut app, SMALL)).contains("The run goes on"));
    app.update(Msg::Worker(worker::Event::Run { run: RunId(1), events: vec![end] }));
    assert!(app.sums().is_some());
    // A run after it begins with nothing.
    let mut app = with(app, &[Act::Run]);
    assert!(app.sums().is_none());
    assert!(!text(&drawn(&mut app, SMALL)).contains("LM head"));
}

#[test]
fn what_is_missing_or_unknown_is_said() {
    let mut app = traced(Depth::True, |run| {
        run.passes[0].cut = Some(Cut { operators: 1207, allocations: 311 });
        run.signatures.iter_mut().for_each(|made| made.name = made.name.replace("aten::silu", "own::silu"));
        run.header.threads = 2;
    });
    assert!(text(&drawn(&mut app, LARGE)).contains("cut: 1207 operators and 311 allocations are missing"));
    let mut app = with(app, &[Act::Memory]);
    for size in [SMALL, LARGE] {
        assert!(text(&drawn(&mut app, size)).contains("cut: 311 allocations did not fit"));
    }
    let mut app = with(app, &[Act::Roofline, Act::Grouping, Act::Grouping]);
    let shown = text(&drawn(&mut app, LARGE));
    let silu = shown.lines().find(|line| line.contains("own::silu")).unwrap();
    assert!(silu.contains("unknown work"), "{silu}");
    assert!(shown.contains("1 thread but the run had 2"), "{shown}");
}

/// Limits that nobody could have measured must not hang or break the plot.
#[test]
fn impossible_roofs_are_not_drawn() {
    for best in [0.0, -1.0, f64::INFINITY, f64::NAN, 1e-300, 1e300] {
        let spoil = |run: &mut crate::record::Run| {
            let peaks = run.peaks.as_mut().unwrap();
            peaks.bandwidth.best = best;
            peaks.gemm[0].flops.best = best;
        };
        let mut app = with(traced(Depth::True, spoil), &[Act::Roofline]);
        assert!(text(&drawn(&mut app, LARGE)).contains("MLP gate"), "{best}");
    }
}

#[test]
fn without_colours_the_stages_have_patterns_of_their_own() {
    let mut app = with(running(Depth::Plain, fixture::whole(512, 4)), &[Act::Phase, Act::Phase]);
    let buf = drawn(&mut app, LARGE);
    let y = (0..60).find(|&y| row_text(&buf, y).contains("block 0")).unwrap();
    let bar: String = row_text(&buf, y).chars().filter(|c| "█▒░".contains(*c)).collect();
    let attention = bar.chars().take_while(|&c| c == '█').count();
    let mlp = bar.chars().skip(attention).take_while(|&c| c == '▒').count();
    assert!(attention > 3 && mlp > attention && bar.chars().count() <= attention + mlp + 1, "{bar}");
}

#[test]
fn a_tokens_ground_says_how_likely_it_was() {
    let mut app = with(running(Depth::True, fixture::whole(512, 40)), &[Act::Generate, Act::Colour]);
    let buf = drawn(&mut app, SMALL);
    let ground_of = |word: &str| {
        let (x, y) = find(&buf, word).unwrap();
        buf[(x, y)].bg
    };
    let theme = Theme::new(Depth::True);
    for (word, p) in [("Paris", 0.81), ("largest", 0.29), ("light", 0.03), ("visited", 0.12)] {
        assert_eq!(Some(ground_of(word)), theme.of_probability(p).bg, "{word}");
    }
    // The prompt has no probabilities.
    assert_eq!(Some(ground_of("capital")), theme.ground.bg);
    app.perform(Act::Colour);
    let buf = drawn(&mut app, SMALL);
    let (x, y) = find(&buf, "Paris").unwrap();
    assert_eq!(Some(buf[(x, y)].bg), theme.ground.bg);
}

#[test]
fn text_from_outside_never_drives_the_terminal() {
    const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\r\u{202e}live\u{2066}\0\t\n\u{feff}";
    let mut header = fixture::header(3);
    header.prompt = Some(EVIL.into());
    (header.model.name, header.model.family, header.device) = (EVIL.into(), EVIL.into(), EVIL.into());
    header.toggles = vec![("attention".into(), EVIL.into()), ("weights".into(), EVIL.into())];
    let mut events = vec![Event::Header(Box::new(header))];
    events.extend(fixture::whole(3, 4).into_iter().skip(1).map(|event| match event {
        Event::Part(part) if part.path.ends_with("up") => {
            Event::Part(Part { path: format!("{}{EVIL}", part.path), ..part })
        }
        Event::Token(mut token) => {
            token.text = EVIL.into();
            token.top[1].text = EVIL.into();
            Event::Token(token)
        }
        event => event,
    }));
    let mut card = fixture::card();
    card.info.name = EVIL.into();
    card.info.source = EVIL.into();
    card.warnings = vec![EVIL.into()];
    let cached = vec![CachedModel { name: EVIL.into(), source: EVIL.into() }];
    let form = Form::new(Some(&Prompt::Text(EVIL.into())));
    let mut app = App::new(Theme::new(Depth::True), fixture::toggles(), form, cached, None);
    app.open(EVIL.into(), false);
    app.update(Msg::Worker(worker::Event::Loading { stage: EVIL.into(), done: 1, total: 2 }));
    assert_harmless(&mut app);
    app.update(Msg::Worker(worker::Event::Loaded(Box::new(card))));
    assert_harmless(&mut app);
    app.perform(Act::Dismiss);
    app.perform(Act::Step);
    app.update(Msg::Worker(worker::Event::Run { run: RunId(1), events }));
    let mut halt = fixture::halt("blocks.3.attn.qkv");
    halt.path = format!("blocks.3.{EVIL}");
    halt.made[0].name = EVIL.into();
    halt.made[0].kind = EVIL.into();
    app.update(Msg::Worker(worker::Event::Halted { run: RunId(1), halt }));
    app.perform(Act::OpenAll);
    for screen in Screen::ALL {
        app.screen = screen;
        assert_harmless(&mut app);
        app.reading.coloured = true;
    }
    for act in [Act::EditPrompt, Act::Toggles, Act::Models, Act::Palette, Act::Help] {
        app.popup = None;
        app.perform(act);
        assert_harmless(&mut app);
    }
    app.popup = None;
    app.update(Msg::Saved(Err(EVIL.into())));
    assert_harmless(&mut app);
    app.update(Msg::Saved(Ok(EVIL.into())));
    assert_harmless(&mut app);
    app.update(Msg::Worker(worker::Event::LoadFailed { error: EVIL.into(), kept: false }));
    assert_harmless(&mut app);
}

fn assert_harmless(app: &mut App) {
    for size in [SMALL, LARGE] {
        let buf = drawn(app, size);
        for cell in buf.content() {
            let harmful =
                |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
            assert!(!cell.symbol().contains(harmful), "{:?}", cell.symbol());
        }
    }
}

#[test]
fn what_is_clicked_is_what_was_drawn() {
    let mut app = running(Depth::True, fixture::whole(512, 4));
    let click = |app: &mut App, word: &str| {
        let buf = drawn(app, SMALL);
        let (x, y) = find(&buf, word).unwrap_or_else(|| panic!("{word} in\n{}", text(&buf)));
        let (kind, modifiers) = (MouseEventKind::Down(MouseButton::Left), KeyModifiers::NONE);
        app.update(Msg::Input(Input::Mouse(MouseEvent { kind, column: x, row: y, modifiers })))
    };
    click(&mut app, "block 3");
    assert_eq!(app.outline.selected, "blocks.3");
    click(&mut app, "block 3");
    assert!(app.outline.open.contains("blocks.3"));
    click(&mut app, "Text");
    assert_eq!(app.screen, Screen::Generate);
    click(&mut app, "Paris");
    assert_eq!(app.reading.selected, Some(0));
    app.perform(Act::Models);
    let effects = click(&mut app, "random:gpt2");
    assert!(matches!(&effects[..], [Effect::Send(Command::Load { source, .. })] if source == "random:gpt2-124m"));
    assert!(app.popup.is_none());
    app.perform(Act::Toggles);
    click(&mut app, "eager");
    assert!(matches!(&app.popup, Some(Popup::Toggles { draft, row: 0 }) if draft.attention == Attention::EAGER));
    click(&mut app, "Blockscope");
    assert!(app.popup.is_some(), "the strip on top is no part of what closes a popup");
    click(&mut app, "5Generate");
    assert!(app.popup.is_none(), "a click beside a popup closes it");
}

#[test]
fn the_selected_row_and_the_running_row_stay_in_view() {
    let mut app = running(Depth::True, fixture::mid_prefill(512, 25));
    assert!(text(&drawn(&mut app, SMALL)).contains("block 25"), "the table goes along with the run");
    app.perform(Act::Last);
    assert!(text(&drawn(&mut app, SMALL)).contains("LM head"));
    app.perform(Act::First);
    app.perform(Act::Down);
    assert!(text(&drawn(&mut app, SMALL)).contains("block 0"), "until the user goes elsewhere");
}

fn row_text(buf: &Buffer, y: u16) -> String {
    (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect()
}

/// Where a word stands first.
fn find(buf: &Buffer, word: &str) -> Option<(u16, u16)> {
    (0..buf.area.height).find_map(|y| {
        let line = row_text(buf, y);
        let at = line.find(word)?;
        Some((unicode_width::UnicodeWidthStr::width(&line[..at]) as u16, y))
    })
}

#[test]
fn a_verdict_has_a_sign_and_a_colour() {
    let theme = Theme::new(Depth::True);
    let mut app = saved_study(Depth::True, studies::compare(), &[]);
    for size in [SMALL, LARGE] {
        let buf = drawn(&mut app, size);
        let style = |word: &str| find(&buf, word).map(|at| (buf[at].fg, at));
        let (faster, at) = style("✓ faster").unwrap();
        assert_eq!(Some(faster), theme.good.fg);
        assert!(row_text(&buf, at.1).contains("TTFT"));
        let (same, at) = style("= no difference").unwrap();
        assert_eq!(Some(same), theme.dim.fg);
        assert!(row_text(&buf, at.1).contains("TPOT"));
        // The whisker has the colour of its verdict, and lies on the side of 1 that is faster.
        let line = style("✓ faster").unwrap().1.1;
        let whisker = (40..size.width).find(|&x| buf[(x, line)].symbol() == "●").unwrap();
        let one = (whisker..size.width).find(|&x| buf[(x, line)].symbol() == "│").unwrap();
        assert!(whisker < one && Some(buf[(whisker, line)].fg) == theme.good.fg);
    }
    // Without colours the words and the signs are still there.
    let shown = text(&drawn(&mut saved_study(Depth::Plain, studies::compare(), &[]), SMALL));
    assert!(shown.contains("✓ faster") && shown.contains("= no difference"));
}

#[test]
fn both_times_share_a_bar() {
    let mut app = saved_study(Depth::True, studies::compare(), &[]);
    let buf = drawn(&mut app, LARGE);
    let (_, y) = find(&buf, "block 0").unwrap();
    let bar: Vec<_> = (55..100).map(|x| &buf[(x, y)]).filter(|cell| "▀▄".contains(cell.symbol())).collect();
    let both = bar.iter().filter(|cell| cell.bg != Color::Reset && Some(cell.bg) != app.theme.ground.bg).count();
    assert!(both > 10 && bar.len() > both, "A takes longer than B: {} of {}", both, bar.len());
}

#[test]
fn while_a_comparison_goes_on_its_verdicts_are_preliminary() {
    let mut app = studying(Depth::True, Act::Compare, &studies::compare(), 24, None);
    let shown = text(&drawn(&mut app, SMALL));
    assert!(shown.contains("4 pairs so far: preliminary") && shown.contains("≤ 41 s left"), "{shown}");
    assert!(shown.contains("? noisy: ") && shown.contains("The parts are judged at the end"), "{shown}");
    // What the strip and the header say of it is not said again below.
    assert_eq!(shown.matches("round 4").count(), 1);
    let end = vec![study::Event::End(Status::Cancelled)];
    app.update(Msg::Worker(worker::Event::Study { run: RunId(1), events: end }));
    let shown = text(&drawn(&mut app, SMALL));
    assert!(shown.contains("block 0") && !shown.contains("preliminary"), "what was measured stays:\n{shown}");
}

#[test]
fn what_was_refused_says_why_and_what_is_beaten_is_quieter() {
    let theme = Theme::new(Depth::True);
    let mut app = saved_study(Depth::True, studies::matrix(), &[Act::Phase]);
    for size in [SMALL, LARGE] {
        let buf = drawn(&mut app, size);
        let line = find(&buf, "✗ lm_head=f32 would take").unwrap();
        assert_eq!(Some(buf[line].fg), theme.warn.fg);
        let beaten = find(&buf, "weights=f16").unwrap();
        assert_eq!(Some(buf[beaten].fg), theme.dim.fg, "bf16 is faster, but f32 is better and faster than it");
        let best = find(&buf, "weights=int8").unwrap();
        assert_eq!(Some(buf[best].fg), theme.text.fg);
    }
    let mut app = with(app, &[Act::Grouping, Act::Last, Act::Up]);
    let buf = drawn(&mut app, SMALL);
    let (x, y) = find(&buf, "weights=int4").unwrap();
    assert_eq!(Some(buf[(x, y)].bg), theme.selected.bg, "the selected one is labelled");
    let hollow = find(&buf, "◦").unwrap();
    assert_eq!(Some(buf[hollow].fg), theme.faint.fg);
}

#[test]
fn each_series_of_a_sweep_has_a_colour_and_a_sign() {
    let theme = Theme::new(Depth::True);
    let mut app = saved_study(Depth::True, studies::sweep(), &[Act::Down]);
    for size in [SMALL, LARGE] {
        let buf = drawn(&mut app, size);
        for (sign, style) in [("● attention=eager ≈ n^1.", theme.attention), ("■ attention=fused ≈ n^0.99", theme.mlp)]
        {
            let at = find(&buf, sign).unwrap();
            assert_eq!(Some(buf[at].fg), style.fg);
        }
        let marks = (3..size.height).filter(|&y| row_text(&buf, y).contains('╌')).count();
        assert!(marks > 2, "the floor rises with the prompt");
        // One point is selected, in the chart and in the table.
        let selected = |symbol: &str| {
            buf.content().iter().filter(|cell| cell.symbol() == symbol && Some(cell.bg) == theme.selected.bg).count()
        };
        assert!(selected("■") + selected("●") == 1, "{} {}", selected("■"), selected("●"));
    }
    let shown = text(&drawn(&mut saved_study(Depth::Plain, studies::sweep(), &[]), SMALL));
    assert!(shown.contains('●') && shown.contains('■'));
}

#[test]
fn a_study_from_outside_never_drives_the_terminal() {
    const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}live\u{2066}\0\n";
    for made in [studies::compare, studies::matrix, studies::sweep] {
        let mut study = made();
        study.header.model.name = EVIL.into();
        study.header.device = EVIL.into();
        study.header.text = Some(study::Text { name: EVIL.into(), tokens: 1 });
        for arm in &mut study.arms {
            arm.name = format!("{EVIL}{}", arm.name);
            arm.toggles.push((EVIL.into(), arm.name.clone()));
            arm.refused = arm.refused.take().map(|_| EVIL.into());
        }
        study.parts.iter_mut().for_each(|part| part.push_str(EVIL));
        for acts in [&[][..], &[Act::Last, Act::OpenAll], &[Act::Phase, Act::Grouping, Act::Last]] {
            assert_harmless(&mut saved_study(Depth::True, study.clone(), acts));
        }
    }
}
