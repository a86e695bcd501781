//! How long a frame of each screen takes at 200×60: with a real traced run of 512 prompt and 64 new tokens loaded, with real
//! studies of a tiny model, a text that was read, and the pattern of a head that fills the screen.

use blockscope::arch::Toggles;
use blockscope::measure::{Control, Prompt, Request, Session};
use blockscope::record::explored::{Head, HeadScores, Score, Sink};
use blockscope::record::{Event, Run, Watched};
use blockscope::tui::app::Screen;
use blockscope::tui::explorer::{Explorer, HeadsView};
use blockscope::tui::live::Live;
use blockscope::tui::popups::prompt::form::Form;
use blockscope::tui::{App, Depth, Effect, Msg, Theme, draw};
use blockscope::units::Nanos;
use blockscope::worker::{Answer, InspectedText, Observation, Question, RunId, Worker};
use criterion::{Criterion, criterion_group, criterion_main};
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// So many that one of a hundred is known well.
const FRAMES: usize = 2_000;

fn recorded() -> Run {
    let session = Session::open("smollm2", &Toggles::default(), &mut |_, _, _| true).unwrap_or_else(|e| panic!("{e}"));
    let request = Request {
        prompt: Prompt::Synthetic(512),
        new_tokens: 64,
        stop: false,
        watched: Watched::Operators,
        top: 10,
        ..Request::default()
    };
    let mut run = Run::default();
    session.run(&request, &Control::default(), &mut |event: Event| run.apply(event));
    run
}

fn press(app: &mut App, key: char) {
    let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
    app.update(Msg::Input(Input::Key(key)));
}

/// The mean of a frame by criterion, and what one of a hundred frames exceeds.
fn time_frames(c: &mut Criterion, name: &str, app: &mut App, area: Rect) {
    let mut frame = || {
        let mut buffer = Buffer::empty(area);
        draw(app, area, &mut buffer);
        buffer
    };
    c.bench_function(name, |b| b.iter(&mut frame));
    let mut times: Vec<Duration> = Vec::with_capacity(FRAMES);
    for _ in 0..FRAMES {
        let began = Instant::now();
        black_box(frame());
        times.push(began.elapsed());
    }
    times.sort_unstable();
    println!("{name:<24}p99:    {:.2?} of {FRAMES} frames", times[FRAMES * 99 / 100]);
}

fn frames(c: &mut Criterion) {
    let run = recorded();
    let area = Rect::new(0, 0, 200, 60);
    for (screen, key) in
        [("Blocks", '1'), ("Timeline", '2'), ("Roofline", '3'), ("Memory", '4'), ("Generate", '5'), ("Step", '6')]
    {
        let live = Live::saved(run.clone(), "run.jsonl".into());
        let mut app = App::new(Theme::new(Depth::True), Toggles::default(), Form::new(None), Vec::new(), Some(live));
        press(&mut app, key);
        if screen == "Blocks" {
            press(&mut app, '+');
        }
        time_frames(c, &format!("frame/{screen}"), &mut app, area);
    }
}

/// The interface with a model thread of its own, driven by keys.
struct Driven {
    app: App,
    worker: Worker,
    inbox: Receiver<Msg>,
}

impl Driven {
    fn open(model: &str, prompt: &str) -> Self {
        let (sender, inbox) = channel();
        let worker = Worker::spawn(move |event| drop(sender.send(Msg::Worker(event))));
        let form = Form::new(Some(&Prompt::Text(prompt.to_owned())));
        let app = App::new(Theme::new(Depth::True), Toggles::default(), form, Vec::new(), None);
        let mut driven = Self { app, worker, inbox };
        let effects = driven.app.open(model.to_owned(), false);
        driven.perform(effects);
        driven.settle();
        driven
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Send(command) = effect {
                self.worker.send(command);
            }
        }
    }

    /// Until nothing is waited for any more.
    fn settle(&mut self) {
        while self.app.is_busy() {
            let message = self.inbox.recv().expect("the model thread lives");
            let effects = self.app.update(message);
            self.perform(effects);
        }
    }

    fn press(&mut self, code: KeyCode) {
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        let effects = self.app.update(Msg::Input(Input::Key(key)));
        self.perform(effects);
        self.settle();
    }
}

/// The screens of studies, the text screens and a lesson, on what was really measured and read.
fn driven(c: &mut Criterion) {
    let area = Rect::new(0, 0, 200, 60);
    let tiny = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/golden/llama");
    let mut studies = Driven::open(tiny, "The cat sat on the mat");
    // Compared with the cache off; every value of the first toggle; with the present toggles alone.
    for (name, keys) in [("Compare", "7cj"), ("Matrix", "8c"), ("Sweep", "9c")] {
        keys.chars().for_each(|key| studies.press(KeyCode::Char(key)));
        if name == "Compare" {
            studies.press(KeyCode::Left);
        }
        studies.press(KeyCode::Enter);
        assert!(studies.app.study().is_some_and(|study| !study.is_going_on()), "{name} was measured");
        time_frames(c, &format!("frame/{name}"), &mut studies.app, area);
    }
    let mut text =
        Driven::open("smollm2", &"When Mary and John went to the store, John gave a drink to Mary. ".repeat(8));
    for (name, keys) in [("All heads", "0r"), ("Lens", "L"), ("Lesson", "y")] {
        keys.chars().for_each(|key| text.press(KeyCode::Char(key)));
        // What is missing for what there is room for.
        draw(&mut text.app, area, &mut Buffer::empty(area));
        text.press(KeyCode::Null);
        if name == "Lesson" {
            text.press(KeyCode::Enter);
        }
        assert!(text.app.explorer.as_ref().is_some_and(|seen| seen.scores.len() == 270), "{name} was read");
        time_frames(c, &format!("frame/{name}"), &mut text.app, area);
    }
}

/// What head 0.0 does on a made-up text of so many tokens.
fn seen(tokens: usize) -> Explorer {
    let mut explorer = Explorer::new(RunId(1), Nanos(0));
    let labels = (0..tokens).map(|n| (n as u32, format!("·word{n}"))).collect();
    let text = InspectedText { tokens: labels, n_layers: 1, n_heads: 1, n_kv_heads: 1, ..InspectedText::default() };
    explorer.apply(Observation::Text(Box::new(text)));
    let score = Score { value: 0.4, uniform: 0.1, queries: 100 };
    explorer.scores.push(HeadScores {
        at: Head { block: 0, head: 0 },
        previous: score,
        duplicate: score,
        induction: score,
        sink: Sink { key: 0, mass: 0.4, uniform: 0.1 },
        entropy: 0.5,
        distance: 9.0,
        change: None,
    });
    explorer.apply(Observation::AllHeads);
    explorer
}

/// A row of shares over all keys that a query sees, each of them another shade.
fn share(query: usize, key: usize) -> f32 {
    if key > query { f32::NAN } else { (query * 31 + key * 17) as f32 % 97.0 / 97.0 }
}

fn answered(question: &Question, tokens: usize) -> Answer {
    Answer::Pattern(match question {
        Question::Margins { .. } => {
            return Answer::Margins { received: vec![0.3; tokens], entropy: vec![0.5; tokens] };
        }
        Question::Pattern { area, .. } => {
            let row = |query: usize| area.keys.clone().map(move |key| share(query, key));
            area.queries.clone().flat_map(row).collect()
        }
        Question::Links { query, .. } => (0..tokens).map(|key| share(*query, key)).collect(),
        _ => panic!("the screen of one head asks for nothing else"),
    })
}

fn one_head(c: &mut Criterion) {
    const TOKENS: usize = 512;
    let area = Rect::new(0, 0, 200, 60);
    let mut app = App::new(Theme::new(Depth::True), Toggles::default(), Form::new(None), Vec::new(), None);
    app.explorer = Some(seen(TOKENS));
    (app.screen, app.selection.shows) = (Screen::Heads, HeadsView::One);
    (app.selection.query, app.selection.key) = (TOKENS - 1, TOKENS / 2);
    // How much there is room for is known when it was drawn once.
    draw(&mut app, area, &mut Buffer::empty(area));
    app.selection.cells = app.drawn.cells;
    let mut explorer = app.explorer.take().unwrap();
    for question in explorer.missing(&app.selection, false) {
        let answer = answered(&question, TOKENS);
        explorer.apply(Observation::Answer { question, answer, labels: BTreeMap::new() });
    }
    let tile = explorer.pattern.as_ref().map(|pattern| pattern.cells.len());
    assert_eq!(tile, Some(app.selection.cells.0 * app.selection.cells.1), "the screen is full");
    app.explorer = Some(explorer);
    time_frames(c, "frame/One head", &mut app, area);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = one_head, frames, driven
}
criterion_main!(benches);
