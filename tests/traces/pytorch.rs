//! What PyTorch's profiler writes: every spelling, alone and as several ranks.

use crate::common::*;
use blockscope::analyse::chrome;
use blockscope::analyse::timeline::{Level, SliceKind, Timeline};
use blockscope::units::{Bytes, Flops, Nanos};
use std::path::PathBuf;

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
    let of = |kind: SliceKind| slices.iter().filter(|slice| slice.kind == kind).count();
    assert_eq!([SliceKind::Operator, SliceKind::Function, SliceKind::Module].map(of), [146, 211, 18]);
    assert_eq!(timeline.end, Nanos(1_250_347));

    // Times to the nanosecond, from the first slice on.
    let step = |n: usize| (&*timeline.sections[n].name, timeline.sections[n].start, timeline.sections[n].time);
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
    while outer.kind != SliceKind::Module {
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
    assert_eq!(timeline.tracks[1].slices[0].kind, SliceKind::Kernel);
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
