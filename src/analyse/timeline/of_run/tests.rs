use super::*;
use crate::record::{Allocation, ByCategory, Category, Event, Part, PassStart, Watched};
use crate::units::Bytes;

fn operator(signature: u32, depth: u16, start: u64, time: u64) -> Operator {
    let part = Some(1);
    Operator { signature, part, depth, thread: 0, start: Nanos(start), time: Nanos(time), sequence: None }
}

fn start(step: u32, start: u64) -> PassStart {
    let phase = if step == 0 { Phase::Prefill } else { Phase::Decode };
    let (step, watched, start) = (step.saturating_sub(1), Watched::Operators, Nanos(start));
    PassStart { phase, repeat: 0, step, n_new: 1, n_past: 0, watched, start }
}

fn span(part: u32, start: u64, time: u64) -> Span {
    Span { part, start: Nanos(start), time: Nanos(time), flops: Flops(1000), bytes: Bytes(0) }
}

fn signature(name: &str) -> Event {
    Event::Signature(Box::new(Signature { name: name.into(), ..Signature::default() }))
}

/// A part in a block, `linear` calling `mm` in it, twice; the first pass begins 500 ns into the run.
fn run() -> Run {
    let mut run = Run::default();
    let part = |path: &str, parent| Event::Part(Part { path: path.into(), parent });
    let events = [part("blocks.0", None), part("blocks.0.mlp", Some(0)), signature("linear"), signature("mm")];
    events.into_iter().for_each(|event| run.apply(event));
    for (step, at) in [(0, 500), (1, 2000)] {
        run.apply(Event::PassStart(start(step, at)));
        run.apply(Event::Spans(vec![span(1, 20, 70), span(0, 10, 85)]));
        run.apply(Event::Operators(vec![operator(0, 0, 20, 60), operator(1, 1, 30, 40)]));
        run.apply(Event::PassEnd { time: Nanos(100) });
    }
    run
}

fn counted(signature: &Signature) -> Option<Flops> {
    (signature.name == "mm").then_some(Flops(7))
}

#[test]
fn operators_lie_in_parts_and_passes_where_they_began() {
    let timeline = Timeline::of_run(&run(), &counted);
    let track = &timeline.tracks[0];
    let seen: Vec<_> = track
        .slices
        .iter()
        .map(|s| (timeline.names[s.name as usize].as_str(), s.depth, s.start.0, s.own.0, s.flops.0))
        .collect();
    let pass = |name, at| {
        [
            (name, 0, at, 15, 7),
            ("block 0", 1, at + 10, 15, 7),
            ("mlp", 2, at + 20, 10, 7),
            ("linear", 3, at + 20, 20, 7),
            ("mm", 4, at + 30, 40, 7),
        ]
    };
    assert_eq!(seen, [pass("prefill", 0), pass("decode 1", 1500)].concat());
    assert_eq!(track.slices[2].kind, SliceKind::Mlp);
    assert_eq!((timeline.end, timeline.sections.len()), (Nanos(1600), 2));
    assert!(timeline.warnings.is_empty(), "{:?}", timeline.warnings);
}

#[test]
fn without_operators_there_are_parts_with_their_modelled_work() {
    let mut run = run();
    run.passes.iter_mut().for_each(|pass| pass.operators.clear());
    let timeline = Timeline::of_run(&run, &counted);
    assert_eq!((timeline.tracks[0].rows, timeline.tracks[0].slices.len()), (3, 6));
    assert_eq!(timeline.tracks[0].slices[1].flops, Flops(1000));
}

#[test]
fn parts_have_the_names_of_the_tables_and_the_colours_of_their_stages() {
    let mut run = Run::default();
    for (path, parent) in [("blocks.7", None), ("blocks.7.attn_residual", Some(0)), ("lm_head", None)] {
        run.apply(Event::Part(Part { path: path.into(), parent }));
    }
    run.apply(Event::PassStart(start(0, 0)));
    run.apply(Event::Spans(vec![span(1, 20, 30), span(0, 10, 50), span(2, 60, 30)]));
    run.apply(Event::PassEnd { time: Nanos(100) });
    let timeline = Timeline::of_run(&run, &counted);
    let slices = timeline.tracks[0].slices.iter();
    let seen: Vec<_> = slices.map(|slice| (timeline.names[slice.name as usize].as_str(), slice.kind)).collect();
    let parts = [("block 7", SliceKind::Part), ("attn residual", SliceKind::Attention), ("lm head", SliceKind::Part)];
    assert_eq!(seen, [&[("prefill", SliceKind::Pass)][..], &parts].concat());
}

#[test]
fn other_threads_have_tracks_of_their_own() {
    let mut run = run();
    run.passes[0].operators[1].thread = 3;
    let timeline = Timeline::of_run(&run, &counted);
    assert_eq!(timeline.tracks.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["model thread", "thread 3"]);
    assert_eq!((timeline.tracks[1].slices[0].depth, timeline.tracks[1].slices[0].start), (0, Nanos(30)));
}

#[test]
fn the_curve_has_a_level_at_every_change_and_goes_on_over_passes() {
    let mut run = run();
    let piece = |category, start: Option<u64>, end: Option<u64>, bytes| Allocation {
        part: None,
        operator: None,
        category,
        start: start.map(Nanos),
        end: end.map(Nanos),
        bytes: Bytes(bytes),
    };
    let memory = |before: [u64; 4], allocations| {
        Some(Box::new(PassMemory { before: ByCategory(before.map(Bytes)), allocations, resident: None }))
    };
    let (activations, temporaries) = (Category::Activations, Category::Temporaries);
    run.passes[0].memory = memory(
        [1000, 0, 0, 0],
        vec![piece(activations, Some(20), None, 64), piece(temporaries, Some(30), Some(40), 8)],
    );
    run.passes[1].memory = memory([1000, 0, 64, 0], vec![piece(activations, None, Some(5), 64)]);
    let timeline = Timeline::of_run(&run, &counted);
    let totals: Vec<_> = timeline.memory[0].points.iter().map(|(time, level)| (time.0, level.total().0)).collect();
    assert_eq!(totals, [(0, 1000), (20, 1064), (30, 1072), (40, 1064), (1500, 1064), (1505, 1000)]);
}

#[test]
fn what_was_cut_and_what_does_not_fit_is_said() {
    let mut run = run();
    run.passes[0].cut = Some(Cut { operators: 12_345, allocations: 1 });
    run.passes[1].start.start = Nanos(0);
    run.passes[1].operators[0].time = Nanos(1_000_000);
    let warnings = Timeline::of_run(&run, &counted).warnings;
    assert_eq!(warnings[0], "cut: 12,345 operators did not fit");
    assert_eq!(warnings[1], "cut: 1 allocation did not fit");
    assert!(warnings[2].starts_with("1 slice ") && warnings[3].starts_with("1 pass "), "{warnings:?}");
}

#[test]
fn of_several_repeats_the_traced_one_is_shown() {
    let mut run = run();
    let mut parts_only = run.passes[0].clone();
    (parts_only.start.repeat, parts_only.start.watched) = (7, Watched::Parts);
    run.passes.insert(0, parts_only);
    assert_eq!(shown_repeat(&run), 0);
    assert_eq!(Timeline::of_run(&run, &counted).sections.len(), 2);
}

#[test]
fn a_repeat_that_was_cut_off_is_shown_only_alone() {
    let mut run = run();
    let mut cut = run.passes[0].clone();
    (cut.start.repeat, cut.time) = (9, None);
    run.passes.push(cut);
    assert_eq!(shown_repeat(&run), 0);
    run.passes.retain(|pass| pass.start.repeat == 9);
    assert_eq!(shown_repeat(&run), 9);
}

#[test]
fn shapes_read_from_inputs_to_outputs() {
    use crate::record::operator::{Argument, Dtype, Tensor};
    let tensor = |sizes: &[u64]| Argument::Tensor(Tensor { dtype: Dtype::F32, sizes: sizes.to_vec() });
    let signature = Signature {
        inputs: vec![tensor(&[2, 3]), Argument::Other, Argument::Int(-1)],
        outputs: vec![tensor(&[3])],
        ..Signature::default()
    };
    assert_eq!(shapes(&signature), "f32[2,3] -1 → f32[3]");
    assert_eq!(shapes(&Signature::default()), "");
}
