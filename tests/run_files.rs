//! Run files: every version opens, what is written is read back, and no file does harm.

use blockscope::record::file::{self, Error, Existing, RunReader, RunWriter};
use blockscope::record::{Event, Phase, Run, Status};
use blockscope::units::{Bytes, Flops, Nanos};
use std::io::Cursor;
use std::path::{Path, PathBuf};

const OLDEST: &str = include_str!("../traces/v1-tiny.jsonl");
const NEWEST: &str = include_str!("../traces/v2-tiny.jsonl");

/// The run of version 1.
fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/v1-tiny.jsonl")
}

/// The run of the version that is written now.
fn newest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/v2-tiny.jsonl")
}

/// The first line of a fixture, with its end.
fn header_of(file: &'static str) -> &'static str {
    file.split_inclusive('\n').next().unwrap()
}

fn header() -> &'static str {
    header_of(OLDEST)
}

/// Reads a file with this content.
fn read(content: impl AsRef<[u8]>) -> Result<Run, Error> {
    let mut run = Run::default();
    for event in RunReader::new(Cursor::new(content.as_ref()), Path::new("x.jsonl")) {
        run.apply(event?);
    }
    Ok(run)
}

fn refusal(content: impl AsRef<[u8]>) -> String {
    read(content).expect_err("refused").to_string()
}

#[test]
fn version_1_opens_with_the_numbers_that_were_measured() {
    let run = file::read(&fixture()).unwrap();
    assert_eq!(run.header.model.name, "tiny");
    assert_eq!(run.header.toggles[1], ("kv_cache".to_owned(), "on".to_owned()));
    assert_eq!(run.header.prompt.as_deref(), Some("The cat sat on"));
    assert_eq!(run.status, Some(Status::Done));
    assert_eq!(run.tokens.iter().map(|token| token.id).collect::<Vec<_>>(), [279, 302, 266, 279]);
    assert_eq!(run.tokens[0].top[1].text, " a");

    // Headline numbers come from repeat 0, whose parts were not timed.
    assert_eq!(run.ttft().unwrap().median, Nanos(2_100_000));
    assert_eq!(run.tpot().unwrap().median, Nanos(2_000_000));
    assert_eq!(run.prefill_tokens_per_s(), Some(2000.0));
    assert_eq!(run.decode_tokens_per_s(), Some(500.0));
    assert_eq!(run.decode_pace().unwrap().median, Nanos(2_000_000));

    // The table of parts comes from repeat 1.
    let rows = run.rows(Some(Phase::Prefill));
    assert_eq!(rows.len(), 5);
    assert_eq!((rows[1].time.median, rows[1].flops, rows[1].bytes), (Nanos(1_500_000), Flops(327_680), Bytes(130_000)));
    assert_eq!(run.rows(Some(Phase::Decode)), []);
    assert_eq!(run.parts[2].parent, Some(1));
}

/// Version 1 knew two families, and said no more of a model than its sizes.
#[test]
fn version_1_says_enough_of_a_model_to_describe_it() {
    let run = file::read(&fixture()).unwrap();
    let model = run.header.model.description.as_deref().unwrap();
    assert_eq!((model.family, model.n_layers(), model.d_mlp()), ("llama", 1, 128));
    assert_eq!(run.header.top_level(), ["embed", "blocks.0", "final_norm", "lm_head"]);
    let part = run.header.part("blocks.0.attn.qkv").unwrap();
    assert_eq!(part.shapes(4, 0), "[4, 64] → Q [4, 4, 16]  K V [2, 4, 16]");
}

#[test]
fn version_2_describes_the_model_part_by_part() {
    let run = file::read(&newest()).unwrap();
    let header = &run.header;
    let model = header.model.description.as_deref().unwrap();
    assert_eq!((model.family, header.model.n_layers), ("gemma3_text", 2));
    let masks: Vec<String> = model.stack.blocks.iter().map(|block| block.attn.mask.to_string()).collect();
    assert_eq!(masks, ["window:6", "causal"]);
    // What ran is what the description says, in its order.
    let expected: Vec<String> = model.parts(&header.choices()).iter().map(|part| part.path.to_string()).collect();
    assert_eq!(run.parts.iter().map(|part| part.path.as_str()).collect::<Vec<_>>(), expected);
    let norm = header.part("blocks.1.mlp.post_norm").unwrap();
    assert_eq!(norm.shapes(6, 0), "[6, 64] → [6, 64]");
    assert_eq!((run.passes.len(), run.tokens.len(), run.status), (6, 6, Some(Status::Done)));
}

#[test]
fn a_description_of_what_cannot_be_a_model_is_refused() {
    for (from, to, problem) in [
        ("\"times\":1", "\"times\":1000000000", "at most 10000"),
        ("\"family\":\"gemma3_text\",\"d_model\"", "\"family\":\"x\",\"d_model\"", "'x', which is not known"),
        ("\"mask\":\"causal\"", "\"mask\":\"oval\"", "a mask such as window:256"),
        ("\"d_head\":32,\"mask\"", "\"d_head\":0,\"mask\"", "d_head is 0"),
        ("\"n_kv_heads\":2,\"d_head\"", "\"n_kv_heads\":3,\"d_head\"", "evenly"),
    ] {
        let changed = header_of(NEWEST).replace(from, to);
        assert_ne!(changed, header_of(NEWEST), "{from}");
        assert!(refusal(&changed).contains(problem), "{}", refusal(&changed));
    }
}

#[test]
fn what_is_read_is_written_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (streamed, saved) = (folder.path().join("streamed.jsonl"), folder.path().join("saved.jsonl"));

    // Event by event, as while a run goes on: the same lines, also the one of an unknown kind.
    let mut writer = RunWriter::create(&streamed, Existing::Keep).unwrap();
    for event in RunReader::open(&newest()).unwrap() {
        writer.write(&event.unwrap()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&streamed).unwrap(), NEWEST);

    // As a whole, as the interface saves it: the same run, of whichever version it was.
    for (number, fixture) in [fixture(), newest()].iter().enumerate() {
        let run = file::read(fixture).unwrap();
        assert_eq!(run.unknown.len(), 1);
        let saved = saved.with_extension(number.to_string());
        file::write_run(&saved, &run).unwrap();
        assert_eq!(file::read(&saved).unwrap(), run);
    }
}

#[test]
fn a_run_rebuilds_from_its_own_events() {
    let run = file::read(&fixture()).unwrap();
    let mut again = Run::default();
    run.events().into_iter().for_each(|event| again.apply(event));
    assert_eq!(again, run);
}

#[test]
fn an_existing_file_is_never_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    std::fs::write(&path, "precious").unwrap();
    let run = file::read(&newest()).unwrap();
    assert!(matches!(RunWriter::create(&path, Existing::Keep), Err(Error::Exists { .. })));
    assert!(matches!(file::write_run(&path, &run), Err(Error::Exists { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

    RunWriter::create(&path, Existing::Replace).unwrap().write(&run.events()[0]).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), header_of(NEWEST));
}

#[test]
fn a_failure_to_write_names_the_file() {
    let run = file::read(&fixture()).unwrap();
    let missing = Path::new("/no/such/folder/run.jsonl");
    for error in [file::write_run(missing, &run).unwrap_err(), RunWriter::create(missing, Existing::Keep).unwrap_err()]
    {
        assert!(error.to_string().starts_with("/no/such/folder/run.jsonl: "), "{error}");
    }
    // A device that is always full, where there is one.
    let full = Path::new("/dev/full");
    if full.exists() {
        let error = RunWriter::create(full, Existing::Replace).unwrap().write(&run.events()[0]).unwrap_err();
        assert!(error.to_string().starts_with("/dev/full: "), "{error}");
    }
}

#[test]
fn a_run_killed_at_any_byte_opens_with_all_that_was_complete() {
    let whole = std::fs::read(fixture()).unwrap();
    for cut in header().len()..whole.len() {
        let run = read(&whole[..cut]).unwrap_or_else(|error| panic!("cut after {cut} bytes: {error}"));
        let lines = whole[..cut].iter().filter(|&&byte| byte == b'\n').count();
        let end = whole.len() - cut;
        // A cut that takes no more than the last line's end leaves the run complete.
        assert_eq!(run.status.is_some(), end <= 1, "cut after {cut} bytes");
        assert!(run.passes.len() <= lines);
    }
    // Half a character, and what a crash of the machine leaves behind.
    for tail in [&b"{\"event\":\"token\",\"text\":\"\xe2\x96"[..], b"{\"event\":\"pa\0\0\0\0", b"\0\0\0"] {
        let run = read([header().as_bytes(), tail].concat()).unwrap();
        assert_eq!(run.status, None);
    }
    // Within the header nothing was measured.
    for cut in [13, 100, header().len() - 2] {
        assert!(refusal(&whole[..cut]).contains("ends within its first line"), "{cut}");
    }
}

#[test]
fn what_was_written_before_a_kill_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut writer = RunWriter::create(&path, Existing::Keep).unwrap();
    for event in file::read(&fixture()).unwrap().events() {
        let keep = matches!(event, Event::Header(_) | Event::PassEnd { .. } | Event::Token(_));
        writer.write(&event).unwrap();
        if keep {
            // The writer is still open: this is what a killed program would leave.
            let run = file::read(&path).unwrap();
            let last = run.events().pop().unwrap();
            assert_eq!(last, event);
        }
    }
    std::mem::forget(writer);
    assert_eq!(file::read(&path).unwrap().status, Some(Status::Done));
}

#[test]
fn the_version_is_read_first() {
    let newer = refusal("{\"version\":7,\"all\":\"else is different\"}\n");
    assert!(newer.contains("written by a newer Blockscope (version 7); this one reads up to 2"), "{newer}");
    assert!(refusal("{\"version\":18446744073709551615}\n").contains("newer"));
    for not_a_run in [
        &b""[..],
        b"\n",
        b"{}",
        b"{}\n",
        b"[]\n",
        b"42\n",
        b"null\n",
        b"{\"version\":0}\n",
        b"{\"version\":-1}\n",
        b"{\"version\":\"1\"}\n",
        b"{\"version\":1.5}\n",
        b"\x7fELF\x02\x01\x01\0\0\0",
        b"GGUF\x03\0\0\0\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"hello\n",
        b"\xef\xbb\xbf{\"version\":1}\n",
        b"{\"schemaVersion\":1,\"traceEvents\":[]}\n",
    ] {
        let text = refusal(not_a_run);
        assert!(text.contains("not a run file: expected"), "{text}");
        assert!(!text.contains('\0') && !text.contains('\x7f'), "{text:?}");
    }
}

#[test]
fn garbage_in_the_middle_is_named_by_its_line() {
    let spans = "{\"event\":\"pass\",\"phase\":\"prefill\",\"repeat\":0,\"step\":0,\"n_new\":1,\"n_past\":0,\
                 \"recorded\":true,\"start_ns\":0}\n";
    for (line, expected) in [
        ("garbage\n", "line 3: expected value"),
        ("42\n", "line 3"),
        ("{}\n", "missing field `event`"),
        ("{\"event\":7}\n", "line 3"),
        ("{\"event\":\"token\"}\n", "missing field"),
        ("{\"event\":\"token\"}", "missing field"),
        ("{\"event\":\"pass_end\",\"time_ns\":-5}\n", "line 3"),
        ("{\"event\":\"pass_end\",\"time_ns\":1e400}\n", "line 3"),
        ("{\"event\":\"pass_end\",\"time_ns\":NaN}\n", "line 3"),
        ("{\"event\":\"pass_end\",\"time_ns\":18446744073709551616}\n", "line 3"),
        ("{\"event\":\"part\",\"path\":\"loop\",\"parent\":0}\n", "inside part 0, but only 0"),
        ("{\"event\":\"spans\",\"spans\":[[0,0,1,0,0]]}\n", "a span of part 0, but only 0"),
        ("{\"event\":\"spans\",\"spans\":[[0,0]]}\n", "line 3"),
        ("{\"version\":1}\n", "missing field `event`"),
        ("{\"event\":\"end\",\"status\":\"unheard of\"}\n", "unknown variant"),
        ("\0\0\0\n", "line 3"),
        ("\u{feff}{}\n", "line 3"),
    ] {
        let text = refusal([header(), spans, line].concat());
        assert!(text.contains(expected) && text.contains("line 3"), "{line:?}: {text}");
    }
    assert!(refusal([header(), "{\"event\":\"spans\",\"spans\":[]}\n"].concat()).contains("no pass has begun"));
    // Deep nesting must not exhaust the stack.
    let deep = format!("{}{{\"event\":\"new\",\"x\":{}\n", header(), "[".repeat(200_000));
    assert!(refusal(deep).contains("line 2"));
}

#[test]
fn a_header_must_be_whole_and_possible() {
    assert!(refusal(header().replace("\"device\":\"cpu\",", "")).contains("missing field `device`"));
    assert!(refusal(header().replace("\"threads\":2,", "\"threads\":-2,")).contains("line 1"));
    assert!(refusal(header().replace("\"n_layers\":1,", "\"n_layers\":4000000000,")).contains("n_layers"));
    assert!(refusal(header().replace("\"d_model\":64", "\"d_model\":1e300")).contains("line 1"));
}

#[test]
fn numbers_at_their_limits_do_no_harm() {
    let run = read(
        [
            header(),
            "{\"event\":\"part\",\"path\":\"\\u001b[2Jblocks.99999999999\"}\n",
            "{\"event\":\"pass\",\"phase\":\"decode\",\"repeat\":4294967295,\"step\":4294967295,\"n_new\":4294967295,\
             \"n_past\":4294967295,\"recorded\":true,\"start_ns\":18446744073709551615}\n",
            "{\"event\":\"spans\",\"spans\":[[0,18446744073709551615,18446744073709551615,18446744073709551615,0],\
             [0,0,18446744073709551615,1,1]]}\n",
            "{\"event\":\"pass_end\",\"time_ns\":18446744073709551615}\n",
            "{\"event\":\"token\",\"repeat\":4294967295,\"step\":1,\"id\":4294967295,\"text\":\"\\u0000\",\"p\":1e30,\
             \"latency_ns\":18446744073709551615,\"top\":[[0,\"\",null]]}\n",
            "\r\n",
            "{\"event\":\"end\",\"status\":\"failed\",\"reason\":\"why\"}\r\n",
        ]
        .concat(),
    )
    .unwrap();
    assert_eq!(run.rows(None)[0].time.max, Nanos(u64::MAX));
    assert_eq!(run.tokens[0].p, 1.0, "what is no probability is not let in");
    assert!(run.tokens[0].top[0].p.is_nan());
    assert_eq!(run.status, Some(Status::Failed("why".into())));
    assert!(run.tpot().is_some() && run.decode_tokens_per_s().is_some() && run.wall(None).is_some());
    assert_eq!(run.parts[0].block(), None);
}

#[test]
fn a_probability_that_is_none_is_written_as_null() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.jsonl");
    let mut run = file::read(&fixture()).unwrap();
    run.tokens[0].p = f32::NAN;
    run.tokens[1].p = f32::INFINITY;
    file::write_run(&path, &run).unwrap();
    let again = file::read(&path).unwrap();
    assert!(again.tokens[0].p.is_nan() && again.tokens[1].p.is_nan());
    assert_eq!(again.tokens[2], run.tokens[2]);
}

#[test]
fn a_folder_a_missing_file_and_an_endless_line_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(file::read(folder.path()), Err(Error::Io { .. })));
    assert!(matches!(file::read(&folder.path().join("none.jsonl")), Err(Error::Io { .. })));

    let endless =
        |start: &'static str| std::io::BufReader::new(std::io::Read::chain(start.as_bytes(), std::io::repeat(b'x')));
    let first = RunReader::new(endless(""), Path::new("x")).next().unwrap().unwrap_err();
    assert!(matches!(first, Error::NotARun { .. }), "{first}");
    let second = RunReader::new(endless(header()), Path::new("x")).nth(1).unwrap().unwrap_err();
    assert!(second.to_string().contains("longer than"), "{second}");
}

#[test]
fn bytes_changed_at_random_never_panic() {
    let whole = std::fs::read(fixture()).unwrap();
    // A small generator of our own, so that a failure can be found again.
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut opened = 0;
    for _ in 0..5000 {
        let mut bytes = whole.clone();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes[at] = b"0123456789-\"[]{}:,\n\0"[random(20)],
                _ => {
                    let end = (at + random(60)).min(bytes.len() - 1);
                    bytes.drain(at.min(end)..end);
                }
            }
        }
        if let Ok(run) = read(&bytes) {
            opened += 1;
            run.rows(None);
            run.events();
            let _ = (run.ttft(), run.tpot(), run.wall(None), run.prefill_tokens_per_s(), run.decode_pace());
        }
    }
    assert!(opened > 100, "some changes are harmless: {opened}");
}

#[test]
fn a_long_run_stays_small() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.jsonl");
    let mut run = Run { header: file::read(&fixture()).unwrap().header, ..Run::default() };
    let parts = 480;
    for part in 0..parts {
        run.apply(Event::Part(blockscope::record::Part { path: format!("blocks.{part}"), parent: None }));
    }
    for step in 0..65u32 {
        let prefill = step == 0;
        run.apply(Event::PassStart(blockscope::record::PassStart {
            phase: if prefill { Phase::Prefill } else { Phase::Decode },
            repeat: 0,
            step: step.saturating_sub(1),
            n_new: if prefill { 512 } else { 1 },
            n_past: if prefill { 0 } else { 511 + step },
            watched: blockscope::record::Watched::Parts,
            start: Nanos(u64::from(step) * 70_000_000),
        }));
        let scale = if prefill { 512 } else { 1 };
        let span = |part: u32| blockscope::record::Span {
            part,
            start: Nanos(u64::from(part) * 131_072 * scale / 8),
            time: Nanos(123_456 * scale / 8),
            // Norms, rotations and residuals have no FLOPs by convention: about half of the parts.
            flops: Flops(if part.is_multiple_of(2) { 0 } else { 663_552 * scale }),
            bytes: Bytes(1_327_104 + 4608 * scale),
        };
        run.apply(Event::Spans((0..parts).map(span).collect()));
        run.apply(Event::PassEnd { time: Nanos(63_900_000) });
    }
    file::write_run(&path, &run).unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 1_200_000, "31,200 spans take {size} bytes");
    assert_eq!(file::read(&path).unwrap(), run);
}

/// A traced pass of `n` operators with a few shapes, and as many allocations.
fn traced(n: u32) -> Run {
    use blockscope::record::operator::Tensor;
    use blockscope::record::{
        Allocation, Argument, ByCategory, Category, Cut, Dtype, Operator, PassMemory, PassStart, Resident, Signature,
        Watched,
    };
    let mut run = file::read(&fixture()).unwrap();
    let tensor = |sizes: &[u64]| Argument::Tensor(Tensor { dtype: Dtype::F32, sizes: sizes.to_vec() });
    for width in [576, 1536] {
        run.apply(Event::Signature(Box::new(Signature {
            name: "aten::mm".into(),
            inputs: vec![tensor(&[512, 576]), tensor(&[576, width]), Argument::Other, Argument::Bool(true)],
            outputs: vec![tensor(&[512, width])],
            ..Signature::default()
        })));
    }
    let start = PassStart {
        phase: Phase::Prefill,
        repeat: 2,
        step: 0,
        n_new: 512,
        n_past: 0,
        watched: Watched::Operators,
        start: Nanos(7),
    };
    run.apply(Event::PassStart(start));
    let operator = |index: u32| Operator {
        signature: index % 2,
        part: Some(index % 3).filter(|&part| part > 0),
        depth: (index % 4) as u16,
        thread: u16::from(index == 5),
        start: Nanos(u64::from(index) * 51_234),
        time: Nanos(49_876),
        sequence: (index == 6).then_some(41),
    };
    run.apply(Event::Operators((0..n).map(operator).collect()));
    let allocation = |index: u32| Allocation {
        part: Some(1),
        operator: Some(index),
        category: Category::ALL[index as usize % 4],
        start: (index > 0).then_some(Nanos(u64::from(index) * 51_234)),
        end: index.is_multiple_of(2).then_some(Nanos(u64::from(index) * 51_234 + 9_999)),
        bytes: Bytes(1_179_648),
    };
    run.apply(Event::Memory(Box::new(PassMemory {
        before: ByCategory([538_000_000, 7, 8, 0].map(Bytes)),
        allocations: (0..n).map(allocation).collect(),
        resident: Some(Resident { before: Bytes(1), peak: Bytes(2), is_of_pass: true }),
    })));
    run.apply(Event::Cut(Cut { operators: 3, allocations: 0 }));
    run.apply(Event::PassEnd { time: Nanos(51_234 * u64::from(n)) });
    run
}

#[test]
fn what_was_traced_is_read_back_and_stays_small() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traced.jsonl");
    let run = traced(20_000);
    file::write_run(&path, &run).unwrap();
    // Signatures are written first: what is read back has them in the same order.
    assert_eq!(file::read(&path).unwrap(), run);
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 2_000_000, "20,000 operators and as many allocations take {size} bytes");
}

#[test]
fn operators_that_refer_to_nothing_are_refused() {
    let pass = "{\"event\":\"pass\",\"phase\":\"prefill\",\"repeat\":0,\"step\":0,\"n_new\":1,\"n_past\":0,\
                \"recorded\":true,\"traced\":true,\"start_ns\":0}\n";
    let with = |line: &str| refusal(format!("{}{pass}{line}\n", header()));
    let refused = with("{\"event\":\"operators\",\"operators\":[[0,null,0,0,1]]}");
    assert!(refused.contains("line 3") && refused.contains("signature 0, but only 0"), "{refused}");
    let refused = with("{\"event\":\"memory\",\"before\":[0,0,0,0],\"allocations\":[[9,null,2,0,1,64]]}");
    assert!(refused.contains("memory of part 9"), "{refused}");
    let refused = with("{\"event\":\"memory\",\"before\":[0,0,0,0],\"allocations\":[[null,null,4,0,1,64]]}");
    assert!(refused.contains("category 4"), "{refused}");
    let refused = with("{\"event\":\"signature\",\"name\":\"aten::mm\",\"inputs\":[\"f32[2\"],\"outputs\":[]}");
    assert!(refused.contains("f32[2,3]"), "{refused}");
}
