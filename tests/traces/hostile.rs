//! Files that are broken, cut off, or made to do harm: an error or a warning in words, in bounded time and memory.

use crate::common::*;
use blockscope::analyse::chrome::{self, Error};
use std::path::PathBuf;

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
        (include_bytes!("../../traces/v1-tiny.jsonl"), "not a trace"),
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

#[test]
fn a_compressed_file_that_was_cut_or_changed_anywhere_is_read_as_far_as_it_goes() {
    let packed = std::fs::read(fixture()).unwrap();
    let mut shown = 0;
    for cut in (0..packed.len()).step_by(97) {
        match read(&packed[..cut]) {
            Ok(timeline) => {
                shown += 1;
                assert!(timeline.warnings[0].contains("compressed"), "{cut}: {:?}", timeline.warnings);
            }
            Err(error) => assert!(error.to_string().starts_with("x.json: "), "{cut}: {error}"),
        }
        let mut changed = packed.clone();
        changed[cut] ^= 0x55;
        if let Err(error) = read(&changed) {
            assert!(!error.to_string().chars().any(char::is_control), "{cut}: {error}");
        }
    }
    assert!(shown > 20, "{shown}");
    // What is wrong with the sum at the end, or follows it, takes nothing away.
    let whole = opened(&packed);
    let n = packed.len();
    for end in [&packed[..n - 8], &[&packed[..n - 8], &[0; 8]].concat(), &[&packed[..], b"garbage"].concat()] {
        let timeline = opened(end);
        assert_eq!((&timeline.tracks, timeline.end), (&whole.tracks, whole.end));
    }
}

#[test]
fn names_and_numbers_of_any_kind_are_taken_as_they_are() {
    let timeline = opened(trace(&[
        r#"{"ph":"X","cat":"cpu_op","name":"\u001b[2J\u202e\u0000\ud800","pid":1,"tid":1,"ts":1,"dur":2}"#,
        r#"{"ph":"X","cat":["cpu_op"],"name":{"a":[1]},"pid":{},"tid":[],"ts":1,"dur":1}"#,
        r#"{"ph":"X","cat":null,"name":null,"pid":null,"tid":null,"ts":1,"dur":1,"args":"text"}"#,
        r#"{"ph":"X","cat":true,"name":7.5,"pid":-1e300,"tid":"x","ts":1,"dur":1,"args":null}"#,
        r#"{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":2,"ts":1,"dur":1,"args":{"Input type":["float","float"],
            "Input Dims":[[18446744073709551615,18446744073709551615],[18446744073709551615,9223372036854775808]]}}"#,
        r#"{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":2,"ts":5,"dur":1,"args":{"Input Dims":[[2,2],[2,2]],
            "Input Dims":[[3,3],[3,3]],"Input type":["float","float"]}}"#,
        r#"{"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"\u001b]0;title\u0007"}}"#,
        r#"{"ph":"M","name":"process_sort_index","pid":1,"tid":2,"args":{"sort_index":1e300}}"#,
        r#"{"ph":"i","name":"[memory]","pid":1,"tid":2,"ts":2,"args":{"Bytes":9e99,"Device Type":"x","Device Id":[]}}"#,
        r#"{"ph":"i","name":"[memory]","pid":1,"tid":2,"ts":2,"args":{"Bytes":9223372036854775807,"Device Type":1}}"#,
        r#"{"ph":"i","name":"[memory]","pid":1,"tid":2,"ts":3,"args":{"Bytes":9223372036854775807,"Device Type":1}}"#,
        r#"{"ph":"C","name":"memory","ts":2,"args":{"weights":-1,"kv_cache":1e99,"activations":"a","temporaries":{}}}"#,
        r#"{"ph":"X","name":"late","pid":1,"tid":3,"ts":4611686018427387,"dur":4611686018427387}"#,
        r#"{"ph":"X","name":"early","pid":1,"tid":3,"ts":-4611686018427387,"dur":4611686018427387}"#,
    ]));
    let names: Vec<&str> = timeline.tracks.iter().flat_map(|track| seen(&timeline, track)).map(|seen| seen.0).collect();
    for name in ["\u{1b}[2J\u{202e}\0\\ud800", "", "7.5", "late", "early"] {
        assert!(names.contains(&name), "{name:?} in {names:?}");
    }
    // Work beyond all numbers is not known; what is said twice is not believed.
    let products = timeline.tracks.iter().flat_map(|track| &track.slices).filter(|s| name(&timeline, s) == "aten::mm");
    assert_eq!(products.map(|slice| slice.flops.0).collect::<Vec<_>>(), [0, 0]);
    assert!(timeline.tracks.iter().any(|track| track.name == "\u{1b}]0;title\u{7}"), "it is shown by others");
    assert!(!timeline.warnings.concat().chars().any(char::is_control), "{:?}", timeline.warnings);
}

#[test]
fn text_that_is_not_utf_8_spoils_only_itself() {
    let good: &[u8] = br#"{"ph":"X","cat":"cpu_op","name":"good","pid":1,"tid":1,"ts":1,"dur":2}"#;
    let bad: &[u8] =
        b"{\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"\xff\xfe \xc3\",\"pid\":1,\"tid\":1,\"ts\":5,\"dur\":2}";
    let key: &[u8] =
        b"{\"\xff\":1,\"ph\":\"X\",\"cat\":\"cpu_op\",\"name\":\"key\",\"pid\":1,\"tid\":1,\"ts\":8,\"dur\":2}";
    let text = [b"{\"\xff\xfe\":\"\xff\",\"traceEvents\":[", good, b",", bad, b",", key, b"]}"].concat();
    match read(&text) {
        Ok(timeline) => {
            let names: Vec<&str> = seen(&timeline, &timeline.tracks[0]).iter().map(|seen| seen.0).collect();
            assert_eq!(names, ["good", "\u{fffd}\u{fffd} \u{fffd}", "key"]);
            assert_eq!(timeline.warnings, [""; 0]);
        }
        Err(error) => panic!("{error}"),
    }
    let utf_16: Vec<u8> = trace(&["{}"]).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(refusal(utf_16).contains("not a trace"));
}

#[test]
fn what_is_said_twice_is_read_twice() {
    let event = |name: &str| format!(r#"{{"ph":"X","name":"{name}","pid":1,"tid":1,"ts":1,"dur":2}}"#);
    let (one, two) = (event("one"), event("two"));
    let timeline = opened(format!(r#"{{"traceEvents":[{one}],"x":[[[{{}}]]],"traceEvents":[{two}]}}"#));
    assert_eq!(seen(&timeline, &timeline.tracks[0]), [("one", 0, 2000), ("two", 0, 2000)]);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_and_not_waited_for_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = |name: &str| {
        let pipe = folder.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        pipe
    };
    let used = pipe("used");
    let writer = std::thread::spawn({
        let used = used.clone();
        move || std::fs::copy(fixture(), used)
    });
    let timeline = chrome::open(&[used], &mut |_| ()).unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(timeline, chrome::open(&[fixture()], &mut |_| ()).unwrap());
    let error = chrome::open(&[pipe("unused")], &mut |_| ()).unwrap_err().to_string();
    assert!(error.contains("nobody writes"), "{error}");
}
