//! Traces of PyTorch's profiler: they open with the numbers that are in them, what is exported opens again, and
//! no file does harm.

use blockscope::report::perfetto;
use blockscope::trace::chrome::{self, Error};
use blockscope::trace::operator::{Scope, Tensor};
use blockscope::trace::timeline::{Kind, Level, Slice, Timeline, Track};
use blockscope::trace::{
    Allocation, Argument, ByCategory, Category, Cut, Dtype, Event, Header, ModelInfo, Operator, Part, PassMemory,
    PassStart, Phase, Run, Signature, Span, Watched,
};
use blockscope::units::{Bytes, Flops, Nanos};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pytorch-trace/tiny.json.gz")
}

/// The fixture, decompressed.
fn plain() -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(std::fs::File::open(fixture()).unwrap()).read_to_end(&mut text).unwrap();
    text
}

fn read(content: impl AsRef<[u8]>) -> Result<Timeline, Error> {
    let timeline = chrome::read(Cursor::new(content.as_ref().to_vec()), Path::new("x.json"));
    timeline.as_ref().inspect(|timeline| assert_sound(timeline)).ok();
    timeline
}

fn opened(content: impl AsRef<[u8]>) -> Timeline {
    read(content).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(content: impl AsRef<[u8]>) -> String {
    read(content).expect_err("refused").to_string()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A trace of these events, which are JSON.
fn trace(events: &[&str]) -> String {
    format!("{{\"schemaVersion\":1,\"traceEvents\":[{}]}}", events.join(","))
}

/// What every timeline promises.
fn assert_sound(timeline: &Timeline) {
    for track in &timeline.tracks {
        let mut inside = vec![Nanos(0); track.slices.len()];
        for (index, slice) in track.slices.iter().enumerate() {
            assert!((slice.name as usize) < timeline.names.len() && (slice.detail as usize) < timeline.details.len());
            assert!(slice.depth < track.rows && slice.end() <= timeline.end);
            assert!(index == 0 || track.slices[index - 1].start <= slice.start);
            match slice.parent {
                Slice::NO_PARENT => assert_eq!(slice.depth, 0),
                parent => {
                    let outer = &track.slices[parent as usize];
                    assert!((parent as usize) < index && outer.depth + 1 == slice.depth);
                    assert!(outer.start <= slice.start && slice.end() <= outer.end());
                    inside[parent as usize] += slice.time;
                }
            }
        }
        for (slice, inside) in track.slices.iter().zip(inside) {
            assert_eq!(slice.own + inside, slice.time);
        }
    }
    for curve in &timeline.memory {
        assert!(curve.points.is_sorted_by_key(|&(at, _)| at));
    }
}

fn name<'a>(timeline: &'a Timeline, slice: &Slice) -> &'a str {
    &timeline.names[slice.name as usize]
}

fn detail<'a>(timeline: &'a Timeline, slice: &Slice) -> &'a str {
    &timeline.details[slice.detail as usize]
}

/// The slices of a track as name, start and time.
fn seen<'a>(timeline: &'a Timeline, track: &Track) -> Vec<(&'a str, u64, u64)> {
    track.slices.iter().map(|slice| (name(timeline, slice), slice.start.0, slice.time.0)).collect()
}

#[test]
fn a_trace_of_pytorch_opens_with_the_numbers_that_are_in_it() {
    let timeline = chrome::open(&[fixture()], &mut |_| ()).unwrap();
    assert_sound(&timeline);
    // A step begins within the function that begins it, and ends long after: it has a row of its own.
    let tracks: Vec<_> =
        timeline.tracks.iter().map(|track| (&*track.name, &*track.group, track.slices.len())).collect();
    assert_eq!(tracks, [("thread 17350 (python)", "", 375), ("thread 17350 (python) (2)", "", 2)]);
    assert_eq!(timeline.warnings, ["2 slices overlap others and have rows of their own"]);
    let slices = &timeline.tracks[0].slices;
    let of = |kind: Kind| slices.iter().filter(|slice| slice.kind == kind).count();
    assert_eq!([Kind::Operator, Kind::Function, Kind::Module].map(of), [146, 211, 18]);
    assert_eq!(timeline.end, Nanos(1_250_347));

    // Times to the nanosecond, from the first slice on.
    let step = |n: usize| (&*timeline.stretches[n].name, timeline.stretches[n].start, timeline.stretches[n].time);
    assert_eq!(step(0), ("ProfilerStep#1", Nanos(227_509), Nanos(643_698)));
    assert_eq!(step(1), ("ProfilerStep#2", Nanos(916_985), Nanos(302_541)));

    // A product of [8,16] and [16,32], in its module.
    let products: Vec<usize> = (0..slices.len()).filter(|&i| name(&timeline, &slices[i]) == "aten::addmm").collect();
    assert_eq!(products.len(), 8);
    let product = &slices[products[0]];
    assert_eq!(product.time, Nanos(28_693));
    assert_eq!(detail(&timeline, product), "f32[32], f32[8,16], f32[16,32]");
    assert_eq!(product.flops, Flops(2 * 8 * 16 * 32));
    let mut outer = product;
    while outer.kind != Kind::Module {
        outer = &slices[outer.parent as usize];
    }
    assert_eq!((name(&timeline, outer), outer.time), ("Linear_0", Nanos(69_373)));

    let curve = &timeline.memory[0];
    let levels: Vec<u64> = curve.points.iter().map(|(_, level)| level.total().0).collect();
    assert_eq!((curve.name.as_str(), levels.len()), ("cpu", 40));
    assert_eq!((levels[0], levels.iter().max(), levels[39]), (512, Some(&2560), 0));
    assert_eq!(curve.points[0].0, Nanos(438_743));
}

#[test]
fn it_does_not_matter_how_a_file_is_named_or_packed() {
    let folder = tempfile::tempdir().unwrap();
    let expected = chrome::open(&[fixture()], &mut |_| ()).unwrap();
    let misnamed = folder.path().join("trace.json");
    std::fs::copy(fixture(), &misnamed).unwrap();
    assert_eq!(chrome::open(&[misnamed], &mut |_| ()).unwrap(), expected);
    let unpacked = folder.path().join("trace.gz");
    std::fs::write(&unpacked, plain()).unwrap();
    let mut seen = 0;
    assert_eq!(chrome::open(&[unpacked], &mut |bytes| seen = bytes).unwrap(), expected);
    // In one list, in two members, with other things before and after.
    let text = plain();
    let list = &text[text.windows(11).position(|w| w == b"traceEvents").unwrap() + 13..];
    let list = &list[..list.windows(3).rposition(|w| w == b"],\n").unwrap() + 1];
    assert_eq!(opened(list), expected);
    let (first, second) = text.split_at(text.len() / 2);
    assert_eq!(opened([gzip(first), gzip(second)].concat()), expected);
}

#[test]
fn a_file_that_was_cut_off_opens_with_all_that_came_before() {
    let text = plain();
    let events = text.windows(11).position(|w| w == b"traceEvents").unwrap();
    let end = text.windows(3).rposition(|w| w == b"],\n").unwrap();
    let mut before = 0;
    for cut in (0..text.len() - 1).step_by(89) {
        match read(&text[..cut]) {
            Ok(timeline) => {
                assert!(cut > events && timeline.warnings[0].contains("cut off"), "{cut}: {:?}", timeline.warnings);
                let n: usize = timeline.tracks.iter().map(|track| track.slices.len()).sum();
                assert!(n >= before, "{cut}");
                before = n;
            }
            Err(error) => {
                let error = error.to_string();
                assert!(cut < events + 400, "{cut}: {error}");
                assert!(error.contains("not a trace") || error.contains("nothing to show"), "{cut}: {error}");
            }
        }
    }
    assert_eq!(before, 377);
    assert!(opened(&text[..end + 1]).warnings[0].contains("cut off"));

    let packed = std::fs::read(fixture()).unwrap();
    let half = opened(&packed[..packed.len() / 2]);
    assert!(half.warnings[0].contains("compressed") && half.warnings[0].contains("came before"), "{:?}", half.warnings);
    let mut damaged = packed.clone();
    damaged[packed.len() / 2] ^= 0xff;
    if let Ok(timeline) = read(&damaged) {
        assert!(!timeline.warnings.is_empty());
    }
}

#[test]
fn what_is_no_trace_is_refused_in_words() {
    for (content, expected) in [
        (
            &b""[..],
            "not a trace: expected JSON with a list traceEvents, as PyTorch's export_chrome_trace writes it, found nothing",
        ),
        (b"   \n ", "found nothing"),
        (b"hello", "found 'hello'"),
        (b"\x7fELF\x02\x01\x1b[2J\0", "found '\\x7fELF\\x02\\x01\\x1b[2J\\x00'"),
        (b"GGUF\x03\0\0\0", "not a trace"),
        (b"{}", "not a trace"),
        (b"{\"a\":1}", "not a trace"),
        (b"{\"traceEvents\":7}", "not a trace"),
        (b"{\"traceEvents\":{}}", "not a trace"),
        (b"{\"traceEvents\"", "not a trace"),
        (b"[package]\nname = \"x\"", "not a trace"),
        (b"[1,2,3]", "not a trace"),
        (b"42", "not a trace"),
        (include_bytes!("../traces/v1-tiny.jsonl"), "not a trace"),
        (b"{\"traceEvents\":[]}", "no event in it takes time"),
        (b"{\"traceEvents\":[{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1}]}", "no event in it takes time"),
        (b"{\"traceEvents\":[{\"ph\":\"X\",\"na", "the file ends within its events"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "compressed"),
        (b"\x1f\x8bnot gzip at all", "compressed"),
    ] {
        let text = refusal(content);
        assert!(text.starts_with("x.json: ") && text.contains(expected), "{text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    let missing = chrome::open(&[PathBuf::from("no/such.json")], &mut |_| ()).unwrap_err();
    assert!(matches!(&missing, Error::Io { .. }) && missing.to_string().starts_with("no/such.json: "), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(chrome::open(&[folder.path().to_owned()], &mut |_| ()), Err(Error::Io { .. })));
}

#[test]
fn events_that_make_no_sense_are_counted_and_spoil_no_other() {
    let good = r#"{"ph":"X","cat":"cpu_op","name":"good","pid":1,"tid":1,"ts":1,"dur":2}"#;
    let deep = format!(
        r#"{{"ph":"X","name":"deep","pid":1,"tid":2,"ts":1,"dur":2,"args":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let long = format!(r#"{{"ph":"X","name":"{}","pid":1,"tid":1,"ts":1,"dur":2}}"#, "x".repeat(17 << 20));
    for (event, expected) in [
        (r#"{"ph":"X","name":"nan","pid":1,"tid":1,"ts":NaN,"dur":2}"#, "1 event has no time that makes sense"),
        (r#"{"ph":"X","name":"huge","pid":1,"tid":1,"ts":1e300,"dur":2}"#, "1 event has no time"),
        (r#"{"ph":"X","name":"negative","pid":1,"tid":1,"ts":1,"dur":-2}"#, "1 event has no time"),
        (r#"{"ph":"X","name":"none","pid":1,"tid":1}"#, "1 event has no time"),
        (r#"{"ph":"X","name":"twice","ts":1,"ts":2,"dur":1}"#, "1 event is not JSON"),
        (r#"7"#, "1 event is not JSON"),
        (r#"{"ph" "X"}"#, "1 event is not JSON"),
        ("{\"ph\":\"X\",\"name\":\"open\n}", "1 event is not JSON"),
        (&long, "1 event is endless"),
        (r#"{"ph":"B","name":"open","pid":1,"tid":2,"ts":0}"#, "1 slice has no end"),
        (r#"{"ph":"E","pid":1,"tid":2,"ts":0}"#, "1 slice has no begin"),
        (r#"{"ph":"b","id":1,"name":"async","pid":1,"tid":2,"ts":0}"#, "1 asynchronous span"),
        (r#"{"ph":"C","name":"GPU","pid":1,"ts":0,"args":{"busy":7}}"#, "1 value of a counter"),
    ] {
        let timeline = opened(trace(&[good, event, good]));
        let shown = timeline.tracks.iter().flat_map(|track| seen(&timeline, track));
        assert_eq!(shown.filter(|slice| slice.0 == "good").count(), 2, "{event:.80}");
        assert_eq!(timeline.warnings.len(), 1, "{event:.80}: {:?}", timeline.warnings);
        assert!(timeline.warnings[0].starts_with(expected), "{event:.80}: {:?}", timeline.warnings);
    }
    // Arrows, marks without a length, and depth that nobody looks into are no trouble at all.
    let arrow = r#"{"ph":"s","id":7,"name":"ac2g","cat":"ac2g","pid":1,"tid":1,"ts":1}"#;
    assert_eq!(opened(trace(&[good, arrow, &deep])).warnings, [""; 0]);
    // Garbage between events ends the reading.
    let torn = opened(format!("{{\"traceEvents\":[{good},{good} oops {good}]}}"));
    assert_eq!(torn.tracks[0].slices.len(), 2);
    assert!(torn.warnings[0].contains("something that is not JSON"), "{:?}", torn.warnings);
}

#[test]
fn a_file_made_to_fill_the_memory_is_refused() {
    // 300 MB of spaces in 300 kB, before, within and after an event.
    let spaces = vec![b' '; 300 << 20];
    let event: &[u8] = br#"{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":1}"#;
    let before = refusal(gzip(&spaces));
    assert!(before.contains("250-fold"), "{before}");
    let text = [b"{\"traceEvents\":[", event, b",", spaces.as_slice(), event, b"]}"].concat();
    let after = opened(gzip(&text));
    assert!(after.tracks[0].slices.len() == 1 && after.warnings[0].contains("250-fold"), "{:?}", after.warnings);
    let text = [b"{\"traceEvents\":[{\"name\":\"", spaces.as_slice(), b"\"}]}"].concat();
    assert!(refusal(gzip(&text)).contains("250-fold"));
    let small = [b"{\"traceEvents\":[", &spaces[..60 << 20], event, b"]}"].concat();
    assert_eq!(opened(gzip(&small)).tracks[0].slices.len(), 1);
}

#[test]
fn every_spelling_of_an_event_is_understood() {
    let timeline = opened(trace(&[
        r#"{"ph":"B","cat":"cpu_op","name":"outer","pid":"7","tid":1,"ts":"10"}"#,
        r#"{"ph":"X","cat":"cpu_op","name":"C:\Users\new","pid":7,"tid":"1","ts":"12.5","dur":"0.25","args":{"bandwidth":inf}}"#,
        r#"{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":7,"tid":1,"ts":1.3e1,"dur":1}"#,
        r#"{"ph":"E","pid":7,"tid":1,"ts":20.001}"#,
        r#"{"ph":"X","cat":"kernel","name":"gemm","pid":0,"tid":9,"ts":21,"dur":3}"#,
        r#"{"ph":"X","cat":"gpu_memcpy","name":"Memcpy","pid":0,"tid":9,"ts":22,"dur":3.5}"#,
        r#"{"ph":"X","cat":"Trace","name":"PyTorch Profiler (0)","pid":"Spans","tid":"PyTorch Profiler","ts":0,"dur":99}"#,
        r#"{"ph":"M","name":"process_labels","pid":0,"tid":0,"args":{"labels":"GPU 0"}}"#,
        r#"{"ph":"M","name":"process_sort_index","pid":0,"tid":0,"args":{"sort_index":16777216}}"#,
        r#"{"ph":"M","name":"thread_name","pid":0,"tid":9,"args":{"name":"stream 9 "}}"#,
        r#"{"ph":"i","name":"[memory]","pid":7,"tid":1,"ts":11,"args":{"Bytes":64,"Device Type":1,"Device Id":0}}"#,
        r#"{"ph":"i","name":"[memory]","pid":7,"tid":1,"ts":9,"args":{"Bytes":100,"Device Type":1,"Device Id":0}}"#,
        r#"{"ph":"i","name":"[memory]","pid":7,"tid":1,"ts":12,"args":{"Bytes":-900,"Device Type":1,"Device Id":0}}"#,
    ]));
    let tracks: Vec<&str> = timeline.tracks.iter().map(|track| track.name.as_str()).collect();
    assert_eq!(tracks, ["thread 1", "GPU 0 · stream 9", "GPU 0 · stream 9 (2)"]);
    // Time begins where memory was taken first.
    assert_eq!(
        seen(&timeline, &timeline.tracks[0]),
        [("outer", 1000, 10_001), ("C:\\Users\new", 3500, 250), ("cudaLaunchKernel", 4000, 1000)]
    );
    assert_eq!(timeline.tracks[0].slices[0].own, Nanos(8751));
    assert_eq!(seen(&timeline, &timeline.tracks[1]), [("gemm", 12_000, 3000)]);
    assert_eq!(seen(&timeline, &timeline.tracks[2]), [("Memcpy", 13_000, 3500)]);
    assert_eq!(timeline.tracks[1].slices[0].kind, Kind::Kernel);
    assert_eq!(timeline.warnings, ["1 slice overlaps another and has a row of its own"]);
    let levels = [(0, 100), (2000, 164), (3000, 0)].map(|(at, bytes)| (Nanos(at), Level::Total(Bytes(bytes))));
    assert_eq!((timeline.memory[0].name.as_str(), timeline.memory[0].points.as_slice()), ("cuda:0", &levels[..]));
}

/// Files of several ranks, with their own ranks and times.
fn ranks(files: &[(&str, &str, &str)]) -> Timeline {
    let folder = tempfile::tempdir().unwrap();
    let write = |(index, (rank, base, ts)): (usize, &(&str, &str, &str))| {
        let path = folder.path().join(format!("{index}.json"));
        let text = format!(
            "{{{rank}\"traceEvents\":[{{\"ph\":\"X\",\"name\":\"step\",\"pid\":1,\"tid\":1,\"ts\":{ts},\"dur\":5}},\
             {{\"ph\":\"i\",\"name\":\"[memory]\",\"pid\":1,\"tid\":1,\"ts\":{ts},\"args\":{{\"Bytes\":8,\"Total Allocated\":8}}}}]{base}}}"
        );
        std::fs::write(&path, text).unwrap();
        path
    };
    let paths: Vec<PathBuf> = files.iter().enumerate().map(write).collect();
    let timeline = chrome::open(&paths, &mut |_| ()).unwrap();
    assert_sound(&timeline);
    timeline
}

fn groups(timeline: &Timeline) -> Vec<(&str, u64)> {
    timeline.tracks.iter().map(|track| (track.group.as_str(), track.slices[0].start.0)).collect()
}

#[test]
fn ranks_lie_side_by_side_on_one_clock() {
    // One counts from a base, the other has the time of the clock itself; both began in 2023.
    let timeline = ranks(&[
        (
            "\"distributedInfo\": {\"rank\": 3, \"world_size\": 8},",
            ",\"baseTimeNanoseconds\":1700000000000000000",
            "2000",
        ),
        ("\"distributedInfo\": {\"rank\": 0},", "", "1700000000001500.25"),
    ]);
    assert_eq!(groups(&timeline), [("rank 3", 499_750), ("rank 0", 0)]);
    assert_eq!(timeline.warnings, [""; 0]);
    let curves: Vec<_> = timeline.memory.iter().map(|curve| (curve.name.as_str(), curve.points[0].0)).collect();
    assert_eq!(curves, [("rank 3 · cpu", Nanos(499_750)), ("rank 0 · cpu", Nanos(0))]);
}

#[test]
fn ranks_without_a_common_clock_are_drawn_from_their_own_begins() {
    let base = ",\"baseTimeNanoseconds\":1700000000000000000";
    let unknown = ranks(&[("", base, "2000"), ("", "", "77")]);
    assert_eq!(groups(&unknown), [("rank 0", 0), ("rank 1", 0)]);
    assert!(unknown.warnings[0].contains("numbered as they were named"), "{:?}", unknown.warnings);
    assert!(unknown.warnings[1].contains("rank 1 does not say when it began"), "{:?}", unknown.warnings);
    let another_day = ranks(&[("", base, "2000"), ("", base, "90000000000")]);
    assert_eq!(groups(&another_day), [("rank 0", 0), ("rank 1", 0)]);
    assert!(
        another_day.warnings[1].contains("rank 1 begins 1500 min 00 s after the first"),
        "{:?}",
        another_day.warnings
    );
    let neither = ranks(&[("", "", "5"), ("", "", "7")]);
    assert!(neither.warnings[1].contains("do not say when they began"), "{:?}", neither.warnings);
}

#[test]
fn bytes_changed_at_random_never_panic() {
    let text = plain();
    let events = text.windows(11).position(|w| w == b"traceEvents").unwrap();
    let whole = &text[..events + 12_000];
    // A small generator of our own, so that a failure can be found again.
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut shown = 0;
    for _ in 0..2000 {
        let mut bytes = whole.to_vec();
        for _ in 0..=random(5) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes[at] = b"0123456789-\"[]{}:,\n\\"[random(20)],
                _ => {
                    let end = (at + random(60)).min(bytes.len() - 1);
                    bytes.drain(at.min(end)..end);
                }
            }
        }
        shown += usize::from(read(&bytes).is_ok());
    }
    assert!(shown > 1000, "most changes leave something to show: {shown}");
}

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
    let kinds: Vec<Kind> = first.iter().map(|slice| slice.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Pass,
            Kind::Annotation,
            Kind::Part,
            Kind::Annotation,
            Kind::Part,
            Kind::Attention,
            Kind::Attention,
            Kind::Operator,
            Kind::Operator,
            Kind::Mlp
        ]
    );
    assert_eq!(detail(&timeline, &first[7]), "bf16[1,8,16], bf16[32,16]");
    assert_eq!(first[7].flops, Flops(2 * 8 * 16 * 32));
    assert_eq!(detail(&timeline, &first[8]), "(other[2],other[2])");
    assert_eq!(timeline.tracks[1].name, "thread 3");
    assert_eq!(seen(&timeline, &timeline.tracks[1])[0], ("aten::cat", 1250, 600));
    assert_eq!(timeline.stretches.iter().map(|stretch| stretch.start.0).collect::<Vec<_>>(), [0, 1_000_007]);

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

#[test]
fn a_run_without_operators_or_with_wrong_times_exports_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run_of_parts = blockscope::trace::file::read(&folder.join("traces/v1-tiny.jsonl")).unwrap();
    let timeline = opened(exported(&run_of_parts));
    assert_eq!(timeline.stretches.len(), 4);
    assert_eq!(timeline.tracks[0].slices.len(), 13);
    let attn = timeline.tracks[0].slices.iter().find(|slice| name(&timeline, slice) == "attn").unwrap();
    assert_eq!((attn.start, attn.time, attn.kind), (Nanos(7_120_000), Nanos(600_000), Kind::Attention));
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
    assert_eq!(timeline.stretches[1].start, Nanos(2500));
    assert_eq!(timeline.stretches[1].time, Nanos(2200));
}
