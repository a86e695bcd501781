//! Runs of Blockscope as traces: what is exported opens again, and says what others look for.

use crate::common::*;
use blockscope::analyse::timeline::{Level, Slice, SliceKind, Track};
use blockscope::record::operator::{Scope, Tensor};
use blockscope::record::{
    Allocation, Argument, ByCategory, Category, Cut, Dtype, Event, Header, ModelInfo, Operator, Part, PassMemory,
    PassStart, Phase, Run, Signature, Span, Watched,
};
use blockscope::report::perfetto;
use blockscope::units::{Bytes, Flops, Nanos};
use std::path::Path;

/// A run of two traced passes: parts in one another, operators in them, one on another thread, memory.
fn run() -> Run {
    let mut run = Run::default();
    let tensor = |dtype, sizes: &[u64]| Argument::Tensor(Tensor { dtype, sizes: sizes.to_vec() });
    run.apply(Event::Header(Box::new(Header {
        model: ModelInfo { name: "a \"quoted\" \u{1b}[31m\\name".into(), n_layers: 1, ..ModelInfo::default() },
        device: "cpu".into(),
        created: 1_767_225_600,
        ..Header::default()
    })));
    for (path, parent) in [
        ("embed", None),
        ("blocks.0", None),
        ("blocks.0.attn", Some(1)),
        ("blocks.0.attn.qkv", Some(2)),
        ("blocks.0.mlp", Some(1)),
    ] {
        run.apply(Event::Part(Part { path: path.into(), parent }));
    }
    let linear = Signature {
        name: "aten::linear".into(),
        inputs: vec![tensor(Dtype::Bf16, &[1, 8, 16]), tensor(Dtype::Bf16, &[32, 16]), Argument::Other],
        outputs: vec![tensor(Dtype::Bf16, &[1, 8, 32])],
        ..Signature::default()
    };
    let cat = Signature {
        name: "aten::cat".into(),
        inputs: vec![
            Argument::Tensors(vec![Tensor { dtype: Dtype::F32, sizes: vec![2] }; 2]),
            Argument::Int(-1),
            Argument::Bool(true),
        ],
        ..Signature::default()
    };
    let region = Signature { name: "somebody's region".into(), scope: Scope::User, ..Signature::default() };
    for signature in [linear, cat, region] {
        run.apply(Event::Signature(Box::new(signature)));
    }
    for step in 0..2u32 {
        run.apply(Event::PassStart(PassStart {
            phase: if step == 0 { Phase::Prefill } else { Phase::Decode },
            repeat: 0,
            step: 0,
            n_new: 8,
            n_past: 0,
            watched: Watched::Operators,
            start: Nanos(1_000_007 * u64::from(step)),
        }));
        let span =
            |part, start, time| Span { part, start: Nanos(start), time: Nanos(time), flops: Flops(7), bytes: Bytes(9) };
        // By end, as they are recorded.
        run.apply(Event::Spans(vec![
            span(0, 0, 1000),
            span(3, 1200, 500),
            span(2, 1100, 700),
            span(4, 1800, 300),
            span(1, 1000, 1200),
        ]));
        let operator = |signature, thread, depth, start, time| Operator {
            signature,
            part: Some(3),
            depth,
            thread,
            start: Nanos(start),
            time: Nanos(time),
            sequence: (signature == 0).then_some(41),
        };
        run.apply(Event::Operators(vec![
            operator(2, 0, 0, 10, 900),
            operator(0, 0, 0, 1201, 400),
            operator(1, 0, 1, 1300, 123),
            operator(1, 3, 0, 1250, 600),
        ]));
        let allocation = |category, start: Option<u64>, end: Option<u64>, bytes| Allocation {
            part: Some(3),
            operator: None,
            category,
            start: start.map(Nanos),
            end: end.map(Nanos),
            bytes: Bytes(bytes),
        };
        let mut before = ByCategory::default();
        *before.of_mut(Category::Weights) = Bytes(5000);
        *before.of_mut(Category::KvCache) = Bytes(64);
        run.apply(Event::Memory(Box::new(PassMemory {
            before,
            allocations: vec![
                allocation(Category::KvCache, None, Some(1500), 64),
                allocation(Category::Activations, Some(1210), None, 512),
                allocation(Category::Temporaries, Some(1300), Some(1400), 100),
            ],
            resident: None,
        })));
        run.apply(Event::Cut(Cut { operators: 2, allocations: 0 }));
        run.apply(Event::PassEnd { time: Nanos(2500) });
    }
    run
}

fn exported(run: &Run) -> Vec<u8> {
    let mut text = Vec::new();
    perfetto::write(run, &mut text).unwrap();
    text
}

#[test]
fn what_is_exported_opens_with_the_same_slices() {
    let timeline = opened(exported(&run()));
    assert_eq!(timeline.warnings, [""; 0]);
    assert_eq!(timeline.tracks.len(), 2);
    let expected = [
        ("ProfilerStep#0", 0, 2500),
        ("prefill", 0, 2500),
        ("embed", 0, 1000),
        ("somebody's region", 10, 900),
        ("block 0", 1000, 1200),
        ("attn", 1100, 700),
        ("qkv", 1200, 500),
        ("aten::linear", 1201, 400),
        ("aten::cat", 1300, 123),
        ("mlp", 1800, 300),
    ];
    let (first, second) = timeline.tracks[0].slices.split_at(10);
    let track = |slices: &[Slice]| Track { slices: slices.to_vec(), ..Track::default() };
    assert_eq!(seen(&timeline, &track(first)), expected);
    let later = expected.map(|(name, start, time)| {
        let name = match name {
            "ProfilerStep#0" => "ProfilerStep#1",
            "prefill" => "decode 1",
            name => name,
        };
        (name, start + 1_000_007, time)
    });
    assert_eq!(seen(&timeline, &track(second)), later);
    assert_eq!(
        first.iter().map(|slice| slice.depth).collect::<Vec<_>>(),
        [0, 1, 2, 3, 2, 3, 4, 5, 6, 3],
        "they lie in one another as they did in the run"
    );
    let kinds: Vec<SliceKind> = first.iter().map(|slice| slice.kind).collect();
    assert_eq!(
        kinds,
        [
            SliceKind::Pass,
            SliceKind::Annotation,
            SliceKind::Part,
            SliceKind::Annotation,
            SliceKind::Part,
            SliceKind::Attention,
            SliceKind::Attention,
            SliceKind::Operator,
            SliceKind::Operator,
            SliceKind::Mlp
        ]
    );
    assert_eq!(detail(&timeline, &first[7]), "bf16[1,8,16], bf16[32,16]");
    assert_eq!(first[7].flops, Flops(2 * 8 * 16 * 32));
    assert_eq!(detail(&timeline, &first[8]), "(other[2],other[2])");
    assert_eq!(timeline.tracks[1].name, "thread 3");
    assert_eq!(seen(&timeline, &timeline.tracks[1])[0], ("aten::cat", 1250, 600));
    assert_eq!(timeline.sections.iter().map(|stretch| stretch.start.0).collect::<Vec<_>>(), [0, 1_000_007]);

    // Live bytes by category: before, and after everything that was taken or given back.
    let curve = &timeline.memory[0];
    let split = |values: [u64; 4]| Level::Split(ByCategory(values.map(Bytes)));
    let points = [
        (0, [5000, 64, 0, 0]),
        (1210, [5000, 64, 512, 0]),
        (1300, [5000, 64, 512, 100]),
        (1400, [5000, 64, 512, 0]),
        (1500, [5000, 0, 512, 0]),
    ];
    assert_eq!((timeline.memory.len(), curve.name.as_str(), curve.points.len()), (1, "memory", 10));
    assert_eq!(curve.points[..5], points.map(|(at, values)| (Nanos(at), split(values))));
}

#[test]
fn an_export_says_what_pytorchs_readers_look_for() {
    let text = String::from_utf8(exported(&run())).unwrap();
    assert!(text.lines().any(|line| line == "\"distributedInfo\": {\"rank\": 0},"));
    let trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&trace["schemaVersion"], &trace["displayTimeUnit"]), (&1.into(), &"ms".into()));
    assert_eq!(trace["baseTimeNanoseconds"], 1_767_225_600_000_000_000u64);
    assert_eq!(trace["traceName"], "a \"quoted\" \u{1b}[31m\\name · blockscope");
    let events = trace["traceEvents"].as_array().unwrap();
    let find = |name: &str| events.iter().find(|event| event["name"] == name).unwrap();
    let linear = find("aten::linear");
    assert_eq!((&linear["cat"], &linear["ts"], &linear["dur"]), (&"cpu_op".into(), &1.201.into(), &0.4.into()));
    let args = &linear["args"];
    assert_eq!(args["Input Dims"], serde_json::json!([[1, 8, 16], [32, 16], []]));
    assert_eq!(args["Input type"], serde_json::json!(["c10::BFloat16", "c10::BFloat16", ""]));
    assert_eq!(args["Sequence number"], 41);
    let cat = &find("aten::cat")["args"];
    assert_eq!(cat["Input Dims"], serde_json::json!([[[2], [2]], [], []]));
    assert_eq!(cat["Input type"], serde_json::json!(["TensorList", "Scalar", "Scalar"]));
    assert_eq!(cat["Concrete Inputs"], serde_json::json!(["", "-1", "True"]));
    let prefill = find("prefill");
    assert_eq!((&prefill["cat"], &prefill["args"]["operators left out"]), (&"user_annotation".into(), &2.into()));
    assert_eq!(prefill["args"]["watched"], "its parts, operators and memory");
    // Numbers of events do not repeat.
    let ids: Vec<u64> = events.iter().filter_map(|event| event["args"]["External id"].as_u64()).collect();
    assert!(ids.is_sorted_by(|one, next| one < next) && ids.len() == 22);
    // What is taken is given back at the same address, and the totals follow.
    let memory: Vec<(i64, u64, u64)> = events
        .iter()
        .filter(|event| event["name"] == "[memory]")
        .map(|event| &event["args"])
        .map(|args| {
            (args["Bytes"].as_i64().unwrap(), args["Total Allocated"].as_u64().unwrap(), args["Addr"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(memory[..4], [(512, 5576, 2), (100, 5676, 3), (-100, 5576, 3), (-64, 5512, 1)]);
    assert_eq!(memory[4].2, 5);
}

/// The most that was alive is the same in the trace as in the run.
#[test]
fn what_is_taken_in_a_moment_comes_before_what_is_given_back_in_it() {
    let mut run = run();
    let memory = run.passes[0].memory.as_mut().unwrap();
    memory.allocations[1].end = Some(Nanos(1300));
    let (peak, after) = (memory.peak().1.total(), memory.after());
    let timeline = opened(exported(&run));
    let of_first = timeline.memory[0].points.iter().filter(|(at, _)| *at < Nanos(1_000_007));
    let levels: Vec<Level> = of_first.map(|&(_, level)| level).collect();
    assert_eq!(levels.iter().map(|level| level.total()).max(), Some(peak));
    assert_eq!(levels.last(), Some(&Level::Split(after)));
}

#[test]
fn a_run_without_operators_or_with_wrong_times_exports_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run_of_parts = blockscope::record::file::read(&folder.join("traces/v1-tiny.jsonl")).unwrap();
    let timeline = opened(exported(&run_of_parts));
    assert_eq!(timeline.sections.len(), 4);
    assert_eq!(timeline.tracks[0].slices.len(), 13);
    let attn = timeline.tracks[0].slices.iter().find(|slice| name(&timeline, slice) == "attn").unwrap();
    assert_eq!((attn.start, attn.time, attn.kind), (Nanos(7_120_000), Nanos(600_000), SliceKind::Attention));
    assert_eq!(timeline.warnings, [""; 0]);
    assert!(refusal(exported(&Run::default())).contains("no event in it takes time"));

    // Operators before their part, beyond its end, beyond the pass; passes that overlap; no end.
    let mut wrong = run();
    wrong.passes[0].operators[1].start = Nanos(1150);
    wrong.passes[0].operators[2].time = Nanos(u64::MAX);
    wrong.passes[0].spans[1].start = Nanos(u64::MAX);
    wrong.passes[1].start.start = Nanos(3);
    wrong.passes[1].time = None;
    let timeline = opened(exported(&wrong));
    assert_eq!(timeline.warnings, [""; 0], "every slice was laid into its place");
    assert_eq!(timeline.sections[1].start, Nanos(2500));
    assert_eq!(timeline.sections[1].time, Nanos(2200));
}
