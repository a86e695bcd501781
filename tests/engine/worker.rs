//! The model thread: what goes in and comes out, and that it ends when it should.

use crate::common::golden;
use blockscope::arch::Toggles;
use blockscope::engine::Device;
use blockscope::interpret::explore::LensRequest;
use blockscope::measure::{Control, Plan, PlannedArm, Prompt, Request, Rounds, Step};
use blockscope::record::explored::{Area, Head};
use blockscope::record::{self, Run, Status, Study, study};
use blockscope::worker::{Answer, Command, Event, Observation, Question, RunId, WhichPass, Worker};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Long enough for any of these, short enough to notice a hang.
const PATIENCE: Duration = Duration::from_secs(60);

fn worker() -> (Worker, Receiver<Event>) {
    let (sender, events) = channel();
    // The receiver is gone when a test ends before its worker.
    (Worker::spawn(move |event| drop(sender.send(event))), events)
}

fn load(worker: &Worker, source: &str, toggles: &str) {
    let toggles = Toggles::default().with(toggles).unwrap();
    worker.send(Command::Load { source: source.into(), toggles, device: Device::Cpu });
}

fn start(worker: &Worker, run: u64, request: Request) {
    worker.send(Command::Run { run: RunId(run), request });
}

fn long_run() -> Request {
    Request { prompt: Prompt::Ids(vec![1; 8]), new_tokens: 200, stop: false, ..Request::default() }
}

/// Events until `wanted` returns something.
fn until<T>(events: &Receiver<Event>, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
    loop {
        let event = events.recv_timeout(PATIENCE).expect("the worker says something");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

fn end_of(event: &Event) -> Option<(RunId, Status)> {
    let Event::Run { run, events } = event else { return None };
    events.iter().find_map(|event| match event {
        record::Event::End(status) => Some((*run, status.clone())),
        _ => None,
    })
}

#[test]
fn a_model_is_loaded_and_runs() {
    let (worker, events) = worker();
    load(&worker, golden("llama").to_str().unwrap(), "");
    start(&worker, 1, Request { new_tokens: 3, ..long_run() });
    let card = until(&events, |event| match event {
        Event::Loaded(card) => Some(card.clone()),
        _ => None,
    });
    assert_eq!(card.info.n_layers, 2);
    let mut run = Run::default();
    let end = until(&events, |event| {
        if let Event::Run { events, .. } = event {
            events.iter().cloned().for_each(|event| run.apply(event));
        }
        end_of(event)
    });
    assert_eq!(end, (RunId(1), Status::Done));
    assert_eq!(run.tokens.len(), 3);
}

#[test]
fn a_failed_load_says_why_and_keeps_the_model_before_it() {
    let (worker, events) = worker();
    load(&worker, "no/such/model", "");
    load(&worker, golden("llama").to_str().unwrap(), "");
    load(&worker, golden("llama").to_str().unwrap(), "compute=bf16");
    let mut failures = Vec::new();
    until(&events, |event| {
        if let Event::LoadFailed { error, kept } = event {
            failures.push((error.clone(), *kept));
        }
        (failures.len() == 2).then_some(())
    });
    assert!(failures[0].0.contains("no/such/model") && !failures[0].1);
    assert!(failures[1].0.contains("needs weights that are not f32") && failures[1].1);
    start(&worker, 1, Request { new_tokens: 1, ..long_run() });
    assert_eq!(until(&events, end_of).1, Status::Done);
}

#[test]
fn a_cancel_ends_the_present_run_and_what_is_queued_but_not_what_comes_later() {
    let (worker, events) = worker();
    load(&worker, golden("llama").to_str().unwrap(), "");
    start(&worker, 1, long_run());
    start(&worker, 2, long_run());
    until(&events, |event| matches!(event, Event::Run { .. }).then_some(()));
    worker.cancel();
    start(&worker, 3, Request { new_tokens: 1, ..long_run() });
    assert_eq!(until(&events, end_of), (RunId(1), Status::Cancelled));
    assert_eq!(until(&events, end_of), (RunId(2), Status::Cancelled));
    assert_eq!(until(&events, end_of), (RunId(3), Status::Done));
}

#[test]
fn dropping_the_handle_ends_a_halted_run_and_its_thread() {
    let (worker, events) = worker();
    load(&worker, golden("llama").to_str().unwrap(), "");
    start(&worker, 1, Request { step: true, ..long_run() });
    let halt = |event: &Event| match event {
        Event::Halted { halt, .. } => Some(halt.path.clone()),
        _ => None,
    };
    assert_eq!(until(&events, halt), "embed");
    worker.step(Step::Part);
    assert_eq!(until(&events, halt), "blocks.0.attn.norm");
    let began = Instant::now();
    drop(worker);
    assert!(began.elapsed() < PATIENCE, "the drop waits for the thread");
    // The thread's end of the channel is gone: it has ended.
    assert!(events.iter().any(|event| end_of(&event).is_some()));
}

#[test]
fn without_a_model_a_run_fails_in_words() {
    let (worker, events) = worker();
    start(&worker, 1, long_run());
    assert!(matches!(until(&events, end_of).1, Status::Failed(error) if error.contains("no model")));
}

#[test]
fn peaks_are_measured_on_request_with_progress_and_a_cancel_ends_it() {
    let (worker, events) = worker();
    worker.send(Command::MeasurePeaks { device: Device::Cpu, threads: 1 });
    let stage = until(&events, |event| match event {
        Event::Measuring { stage, done, total } => Some((stage.clone(), *done, *total)),
        _ => None,
    });
    assert_eq!(stage, ("measuring products in f32".to_owned(), 0, 5));
    worker.cancel();
    let end = |event: &Event| match event {
        Event::Peaks(peaks) => Some(peaks.clone()),
        _ => None,
    };
    assert_eq!(until(&events, end).unwrap_err(), "cancelled");
    worker.send(Command::MeasurePeaks { device: Device::Cpu, threads: 100_000 });
    assert!(until(&events, end).unwrap_err().contains("threads=100000"));
    worker.send(Command::MeasurePeaks { device: Device::Cuda(99), threads: 1 });
    assert!(until(&events, end).unwrap_err().contains("--device cuda:99 cannot be had"));
}

#[test]
fn a_model_on_a_device_that_is_not_there_is_not_loaded_and_the_one_before_it_stays() {
    let (worker, events) = worker();
    load(&worker, golden("llama").to_str().unwrap(), "");
    let source = golden("llama").to_str().unwrap().to_owned();
    worker.send(Command::Load { source, toggles: Toggles::default(), device: Device::Cuda(99) });
    let failure = until(&events, |event| match event {
        Event::LoadFailed { error, kept } => Some((error.clone(), *kept)),
        _ => None,
    });
    assert!(failure.0.contains("cuda:99") && failure.1);
}

#[test]
fn a_study_is_told_with_how_far_it_is_and_ends_when_it_is_cancelled() {
    let (worker, events) = worker();
    load(&worker, golden("llama").to_str().unwrap(), "threads=1");
    let arm = |toggles: &str| PlannedArm {
        name: toggles.into(),
        toggles: Toggles::default().with("threads=1").unwrap().with(toggles).unwrap(),
        prompt_tokens: 8,
        new_tokens: 3,
    };
    let plan = |rounds: u32| {
        let rounds = Rounds { least: rounds, most: rounds, width: 0.05 };
        let arms = vec![arm("kv_cache=on"), arm("kv_cache=off")];
        Box::new(Plan { kind: study::StudyKind::Compare, arms, rounds, parts: true, quality: None, seed: 0 })
    };
    let follow = |run: u64, cancel: bool| {
        let (mut study, mut told) = (Study::default(), 0);
        until(&events, |event| {
            match event {
                Event::Studying { run: id, .. } if id.0 == run => told += 1,
                Event::Study { run: id, events } if id.0 == run => {
                    events.iter().cloned().for_each(|event| study.apply(event));
                    if cancel && !study.samples.is_empty() {
                        worker.cancel();
                    }
                }
                _ => {}
            }
            study.status.clone()
        });
        (study, told)
    };
    worker.send(Command::Study { run: RunId(1), plan: plan(2) });
    let (whole, told) = follow(1, false);
    assert_eq!((whole.status.as_ref(), whole.rounds()), (Some(&Status::Done), 2));
    assert!(told >= 10);
    worker.send(Command::Study { run: RunId(2), plan: plan(1000) });
    let (cut, _) = follow(2, true);
    assert_eq!(cut.status, Some(Status::Cancelled));
    assert!(!cut.samples.is_empty() && cut.samples.len() < 1000);
    // The model is as it was.
    start(&worker, 3, Request { new_tokens: 2, ..long_run() });
    assert_eq!(until(&events, end_of), (RunId(3), Status::Done));
}

#[test]
fn a_study_without_a_model_fails_in_words() {
    let (worker, events) = worker();
    let plan = Plan {
        kind: study::StudyKind::Compare,
        arms: Vec::new(),
        rounds: Rounds::default(),
        parts: false,
        quality: None,
        seed: 0,
    };
    worker.send(Command::Study { run: RunId(1), plan: Box::new(plan) });
    let status = until(&events, |event| match event {
        Event::Study { events, .. } => events.iter().find_map(|event| match event {
            study::Event::End(status) => Some(status.clone()),
            _ => None,
        }),
        _ => None,
    });
    assert_eq!(status, Status::Failed("no model is loaded".into()));
}

#[test]
fn a_text_is_looked_at_while_its_heads_are_gone_through() {
    let (worker, events) = worker();
    load(&worker, golden("llama").to_str().unwrap(), "threads=1");
    let prompt = Prompt::Ids(vec![1, 5, 9, 5, 9, 5]);
    worker.send(Command::Explore { run: RunId(7), prompt, side: 8 });
    let seen = |event: &Event| match event {
        Event::Observed { run: RunId(7), observation } => Some((**observation).clone()),
        _ => None,
    };
    let text = until(&events, seen);
    assert!(matches!(&text, Observation::Text(text) if text.tokens.len() == 6 && text.n_layers == 2), "{text:?}");
    let area = Area { queries: 5..6, keys: 0..6 };
    worker.send(Command::Ask {
        run: RunId(7),
        question: Question::Pattern { of: WhichPass::Present, head: Head { block: 1, head: 0 }, area, bin: 1 },
    });
    let (mut heads, mut shares) = (0, None);
    until(&events, |event| {
        match seen(event)? {
            Observation::Heads { heads: found, .. } => heads += found.scores.len(),
            Observation::Answer { answer: Answer::Pattern(cells), .. } => shares = Some(cells),
            Observation::AllHeads => {}
            other => panic!("{other:?}"),
        }
        (heads == 8 && shares.is_some()).then_some(())
    });
    assert!((shares.unwrap().iter().sum::<f32>() - 1.0).abs() < 1e-5);
    // Of another text, or after another model came, there is nothing to look at.
    worker.send(Command::Ask { run: RunId(6), question: Question::Neurons { block: 0, position: 0 } });
    load(&worker, golden("gpt2").to_str().unwrap(), "threads=1");
    until(&events, |event| match event {
        Event::Loaded(_) => Some(()),
        Event::Observed { observation, .. } => {
            matches!(**observation, Observation::AllHeads).then_some(()).or_else(|| panic!("{observation:?}"))
        }
        _ => None,
    });
    // What cannot be had is said, and the thread lives on.
    worker.send(Command::Explore { run: RunId(8), prompt: Prompt::Ids(vec![100_000]), side: 8 });
    let failed = until(&events, |event| match event {
        Event::Observed { run: RunId(8), observation } => Some((**observation).clone()),
        _ => None,
    });
    assert!(matches!(&failed, Observation::Failed(why) if why.contains("vocabulary")), "{failed:?}");
}

#[test]
fn a_text_grows_is_pinned_weighed_and_opened_from_a_file() {
    let (worker, events) = worker();
    load(&worker, golden("llama").to_str().unwrap(), "threads=1");
    let seen = |run: u64| {
        move |event: &Event| match event {
            Event::Observed { run: RunId(of), observation } if *of == run => Some((**observation).clone()),
            _ => None,
        }
    };
    let all_heads = |run| until(&events, |event| matches!(seen(run)(event)?, Observation::AllHeads).then_some(()));
    worker.send(Command::Explore { run: RunId(1), prompt: Prompt::Ids(vec![1, 5, 9, 5]), side: 8 });
    all_heads(1);
    worker.send(Command::Grow { run: RunId(1), tokens: 3 });
    let (mut tokens, mut is_grown) = (0, false);
    until(&events, |event| {
        match seen(1)(event)? {
            Observation::Grown(_) => tokens += 1,
            Observation::GrownUp => is_grown = true,
            Observation::AllHeads => return Some(()),
            _ => {}
        }
        None
    });
    assert!(is_grown && tokens == 3);

    worker.send(Command::Weigh { run: RunId(1) });
    let mut parts = 0;
    let table = until(&events, |event| match seen(1)(event)? {
        Observation::Importance(found) => {
            parts += found.len();
            None
        }
        Observation::Worth(table) => Some(table),
        other => panic!("{other:?}"),
    });
    assert_eq!((parts, table.worths.len()), (12, 12));

    // The pinned text stays when another model, or the same with other toggles, comes.
    worker.send(Command::Pin { run: RunId(1) });
    load(&worker, golden("llama").to_str().unwrap(), "threads=1,attention=window:2");
    let ids = vec![1, 5, 9, 5, 9, 5, 3];
    worker.send(Command::Explore { run: RunId(2), prompt: Prompt::Ids(ids.clone()), side: 8 });
    let mut changes = Vec::new();
    until(&events, |event| {
        match seen(2)(event)? {
            Observation::Heads { heads, .. } => changes.extend(heads.scores.into_iter().map(|scores| scores.change)),
            Observation::AllHeads => return Some(()),
            _ => {}
        }
        None
    });
    assert!(changes.len() == 8 && changes.iter().all(Option::is_some), "{changes:?}");
    let question = Question::Pattern {
        of: WhichPass::Pinned,
        head: Head { block: 0, head: 0 },
        area: Area { queries: 3..4, keys: 0..4 },
        bin: 1,
    };
    worker.send(Command::Ask { run: RunId(2), question });
    let answered = until(&events, |event| match seen(2)(event)? {
        Observation::Answer { answer, .. } => Some(answer),
        _ => None,
    });
    assert!(matches!(&answered, Answer::Pattern(cells) if (cells.iter().sum::<f32>() - 1.0).abs() < 1e-5));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen.safetensors");
    let session = crate::common::open(golden("llama").to_str().unwrap(), "");
    let captured =
        session.captured(&ids, LensRequest { positions: 5..7, top: 2 }, &Control::default(), &mut |_| {}).unwrap();
    captured.write(&path).unwrap();
    worker.send(Command::OpenCapture { run: RunId(3), path, side: 8 });
    all_heads(3);
    let ask = |question: Question| {
        worker.send(Command::Ask { run: RunId(3), question });
        until(&events, |event| match seen(3)(event)? {
            Observation::Answer { answer, .. } => Some(answer),
            _ => None,
        })
    };
    assert!(
        matches!(ask(Question::Lens { positions: 0..7, top: 2 }), Answer::Lens(lens) if lens.positions() == (5..7))
    );
    assert!(matches!(ask(Question::Lens { positions: 0..3, top: 2 }), Answer::Refused(why) if why.contains("--lens")));
    assert!(matches!(ask(Question::Neurons { block: 0, position: 0 }), Answer::Refused(why) if why.contains("model")));
}
