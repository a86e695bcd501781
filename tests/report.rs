//! A run as a table and as JSON: the numbers of the fixture, worked out by hand.

use blockscope::record::{Event, Part, PassStart, Phase, Run, Span, Watched, file};
use blockscope::report::layout::{Detail, lines};
use blockscope::report::piece::Piece;
use blockscope::report::{json, table};
use blockscope::units::{Bytes, Flops, Nanos};
use std::path::Path;

fn fixture() -> Run {
    file::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/v1-tiny.jsonl")).unwrap()
}

/// Two blocks of two parts, in two recorded repeats.
fn two_blocks() -> Run {
    let mut run = fixture();
    (run.parts, run.passes, run.tokens) = Default::default();
    let parts = [
        ("embed", None),
        ("blocks.0", None),
        ("blocks.0.attn", Some(1)),
        ("blocks.0.attn.qkv", Some(2)),
        ("blocks.1", None),
        ("blocks.1.attn", Some(4)),
        ("blocks.1.attn.qkv", Some(5)),
        ("lm_head", None),
    ];
    for (path, parent) in parts {
        run.apply(Event::Part(Part { path: path.into(), parent }));
    }
    for repeat in 0..2 {
        let start = PassStart {
            phase: Phase::Prefill,
            repeat,
            step: 0,
            n_new: 4,
            n_past: 0,
            watched: Watched::Parts,
            start: Nanos(0),
        };
        run.apply(Event::PassStart(start));
        let span = |part: u32, millis: u64, flops| Span {
            part,
            start: Nanos(0),
            time: Nanos(millis * 1_000_000),
            flops: Flops(flops),
            bytes: Bytes(1000),
        };
        // Block 0 takes 10 ms and block 1 30 ms; the other way round in the second repeat.
        let (a, b) = if repeat == 0 { (10, 30) } else { (30, 10) };
        run.apply(Event::Spans(vec![
            span(0, 1, 0),
            span(1, a, 2_000_000),
            span(2, a - 2, 2_000_000),
            span(3, a - 4, 2_000_000),
            span(4, b, 2_000_000),
            span(5, b - 2, 2_000_000),
            span(6, b - 4, 2_000_000),
            span(7, 7, 0),
        ]));
        run.apply(Event::PassEnd { time: Nanos(50_000_000) });
    }
    run
}

fn text(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.plain(usize::MAX)).collect::<Vec<_>>().join("\n")
}

#[test]
fn blocks_are_summed_within_a_repeat_before_repeats_are_compared() {
    let run = two_blocks();
    let summed = lines(&run, Phase::Prefill, Detail::Summed);
    let names: Vec<_> = summed.iter().map(|line| (line.depth, line.name.as_str())).collect();
    assert_eq!(names, [(0, "embed"), (0, "2 blocks"), (1, "attn"), (2, "qkv"), (0, "lm head")]);
    // 40 ms in both repeats, although each block varies from 10 to 30.
    assert_eq!((summed[1].row.time.min, summed[1].row.time.max), (Nanos(40_000_000), Nanos(40_000_000)));
    assert_eq!(summed[1].row.flops, Flops(4_000_000));
    assert_eq!(summed[3].row.calls_of_one_repeat(), 2);

    let blocks = lines(&run, Phase::Prefill, Detail::Blocks);
    assert_eq!(
        blocks.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(),
        ["embed", "block 0", "block 1", "lm head"]
    );
    assert_eq!(lines(&run, Phase::Prefill, Detail::Parts).len(), 8);
    assert_eq!(lines(&run, Phase::Decode, Detail::Parts), []);
}

#[test]
fn rows_add_up_to_the_wall() {
    for detail in [Detail::Summed, Detail::Blocks, Detail::Parts] {
        let report = text(&table::profile(&two_blocks(), detail, 120));
        // 50 − (1 + 40 + 7), from the median of every row: blocks 20 + 20 in their own rows.
        let row = report.lines().find(|line| line.starts_with("unaccounted")).unwrap();
        assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["unaccounted", "2.00", "ms", "4.0%"], "{report}");
    }
}

#[test]
fn the_table_says_what_ran_and_where_its_numbers_come_from() {
    let report = text(&table::profile(&fixture(), Detail::Summed, 120));
    insta::assert_snapshot!(report);
}

#[test]
fn a_narrow_screen_gets_fewer_columns_and_no_longer_lines() {
    for width in [40, 72, 96] {
        let mut run = two_blocks();
        run.header.toggles.clear();
        let pieces = table::profile(&run, Detail::Summed, width);
        let tables = pieces.iter().filter_map(|piece| match piece {
            Piece::Table(table) => Some(table.plain()).filter(|text| text.contains("part")),
            _ => None,
        });
        let lines: Vec<String> = tables.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        for line in lines.iter().filter(|line| line.contains("ms")) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn json_has_the_numbers_of_the_run_in_seconds() {
    let value = json::profile(&fixture());
    assert_eq!(value["model"]["name"], "tiny");
    assert_eq!(value["toggles"]["kv_cache"], "on");
    assert_eq!((&value["libtorch"], &value["blockscope"]), (&"2.11.0".into(), &"0.1.0".into()));
    assert_eq!(value["ttft_s"], 0.0021);
    assert_eq!(value["tpot_s"], 0.002);
    assert_eq!(value["prefill_tokens_per_s"], 2000.0);
    assert_eq!(value["decode_tokens_per_s"], 500.0);
    assert_eq!(value["quartiles"]["tpot_s"]["q3"], 0.0025);
    let block = &value["parts"][1];
    assert_eq!((&block["name"], &block["phase"], &block["calls"]), (&"blocks.0".into(), &"prefill".into(), &1.into()));
    assert_eq!(block["time_s"]["median"], 0.0015);
    assert_eq!((&block["flops"], &block["bytes"]), (&327_680.into(), &130_000.into()));
    assert!(value["basis"]["parts.flops"].as_str().unwrap().starts_with("modelled"));
    assert!(value["basis"]["ttft_s"].as_str().unwrap().starts_with("measured"));
}

#[test]
fn a_run_that_was_cut_off_reports_what_there_is() {
    let run = Run::default();
    assert_eq!(json::profile(&run)["ttft_s"], serde_json::Value::Null);
    let report = text(&table::profile(&run, Detail::Parts, 10));
    assert!(report.contains('–'), "{report}");
}
