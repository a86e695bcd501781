//! Reports on made-up studies.

use super::*;
use crate::record::study::{Arm, Event, fixture};
use serde_json::Value;

fn text(pieces: &[Piece], width: usize) -> String {
    pieces.iter().map(|piece| piece.plain(width)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_comparison_reads_as_the_screen_does() {
    insta::assert_snapshot!("compare", text(&report(&fixture::compare(), Detail::Summed, 110), 110));
}

#[test]
fn a_matrix_is_a_row_for_each_arm() {
    insta::assert_snapshot!("matrix", text(&report(&fixture::matrix(), Detail::Summed, 130), 130));
}

#[test]
fn a_sweep_is_a_table_for_each_series() {
    insta::assert_snapshot!("sweep", text(&report(&fixture::sweep(), Detail::Summed, 100), 100));
}

#[test]
fn a_pull_request_gets_tables() {
    insta::assert_snapshot!("compare_markdown", markdown(&fixture::compare()));
}

#[test]
fn a_narrow_screen_gets_fewer_columns() {
    for (study, widths) in [(fixture::compare(), [72, 80]), (fixture::matrix(), [50, 80]), (fixture::sweep(), [72, 90])]
    {
        for width in widths {
            for piece in report(&study, Detail::Parts, width) {
                let Piece::Table(table) = piece else { continue };
                let text = table.plain();
                // Names of arms and verdicts are as long as they are.
                let long = text.lines().filter(|line| line.chars().count() > width);
                let wrong: Vec<&str> = long.filter(|line| !line.contains("seen (") && !line.contains('–')).collect();
                assert_eq!(wrong, [] as [&str; 0], "{width}");
            }
        }
    }
}

#[test]
fn a_study_that_was_cut_off_anywhere_is_reported() {
    for whole in [fixture::compare(), fixture::matrix(), fixture::sweep()] {
        let events = whole.events();
        for cut in [0, 1, 2, 3, events.len() / 2, events.len() - 1] {
            let mut study = Study::default();
            events[..cut].iter().cloned().for_each(|event| study.apply(event));
            assert!(!report(&study, Detail::Blocks, 80).is_empty());
            assert!(markdown(&study).starts_with("# "));
            assert!(json::study(&study).is_object());
            assert_eq!(csv::samples(&study).lines().count(), study.samples.len() + 1);
            assert_eq!(csv::arms(&study).lines().count(), study.arms.len() + 1);
        }
    }
    let text = text(&report(&Study::default(), Detail::Summed, 80), 80);
    assert!(text.contains("no two arms to compare"), "{text}");
}

#[test]
fn json_has_every_number_with_its_basis() {
    let compare = json::study(&fixture::compare());
    assert_eq!(
        (&compare["study"], &compare["rounds"], &compare["status"]),
        (&"compare".into(), &24.into(), &"done".into())
    );
    let comparison = &compare["comparisons"][0];
    assert_eq!(comparison["differ"]["attention"], json_of(["eager", "fused"]));
    let ttft = &comparison["prefill"]["ttft"];
    assert_eq!(
        (&ttft["verdict"], &ttft["ratio"]["n"], &ttft["ratio"]["paired"]),
        (&"faster".into(), &24.into(), &true.into())
    );
    assert!(ttft["ratio"]["low"].as_f64() < ttft["ratio"]["high"].as_f64());
    assert_eq!(comparison["decode"]["tpot"]["verdict"], "no_difference");
    assert!(comparison["decode"]["tpot"]["within"].as_f64().unwrap() < 0.05);
    assert_eq!(comparison["prefill"]["blocks"].as_array().unwrap().len(), 4);
    let only = &comparison["prefill"]["parts_in_blocks"];
    let scores = only.as_array().unwrap().iter().find(|row| row["name"] == "attn.scores").unwrap();
    assert_eq!((&scores["candidate_s"], &scores["verdict"]), (&Value::Null, &Value::Null));
    assert_eq!(compare["arms"][0]["resources"]["peak"]["weights"], 538_000_000);
    assert_eq!(compare["arms"][1]["quality"]["kl_mean"], 3.1e-9);

    let matrix = json::study(&fixture::matrix());
    assert_eq!(matrix["comparisons"].as_array().unwrap().len(), 5);
    assert_eq!((&matrix["pareto"][2]["dominated_by"], &matrix["pareto"][5]), (&0.into(), &Value::Null));
    assert_eq!(matrix["arms"][5]["ttft_s"], Value::Null);

    let sweep = json::study(&fixture::sweep());
    assert_eq!((&sweep["over"], sweep["series"].as_array().unwrap().len()), (&"prompt_tokens".into(), 2));
    let eager = &sweep["series"][0];
    assert!(eager["ttft_power"]["exponent"].as_f64().unwrap() > 1.4, "{}", eager["ttft_power"]);
    assert_eq!((&eager["points"][0]["x"], &eager["points"][0]["ttft_s"]["n"]), (&64.0.into(), &6.into()));

    for (name, value) in [("compare", &compare), ("matrix", &matrix), ("sweep", &sweep)] {
        let basis = value["basis"].as_object().unwrap();
        let known = ["measured", "counted", "modelled", "fitted", "a change needs", "by the medians"];
        for (field, basis) in basis {
            let basis = basis.as_str().unwrap();
            assert!(known.iter().any(|known| basis.starts_with(known)), "{name}: {field}: {basis}");
        }
    }
}

fn json_of(pair: [&str; 2]) -> Value {
    Value::from(pair.to_vec())
}

#[test]
fn csv_has_a_row_for_each_sample_and_each_arm() {
    let study = fixture::matrix();
    let samples = csv::samples(&study);
    let mut lines = samples.lines();
    assert_eq!(lines.next(), Some("arm,name,round,again,watched,ttft_s,steps,tpot_s,decode_s"));
    let first: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(first[..5], ["0", "weights=f32", "0", "false", "plain"]);
    assert_eq!(first[5].parse::<f64>().unwrap(), study.samples[0].ttft.seconds());

    let arms = csv::arms(&study);
    let heading: Vec<&str> = arms.lines().next().unwrap().split(',').collect();
    let of = |row: usize, column: &str| {
        let at = heading.iter().position(|name| *name == column).unwrap_or_else(|| panic!("there is no {column}"));
        // No field of these rows is quoted.
        arms.lines().nth(row + 1).unwrap().split(',').nth(at).unwrap().to_owned()
    };
    assert_eq!((of(1, "weights"), of(1, "tpot_verdict")), ("bf16".to_owned(), "faster".to_owned()));
    assert!(of(1, "tpot_ratio").parse::<f64>().unwrap() < of(1, "tpot_ratio_high").parse::<f64>().unwrap());
    assert_eq!((of(0, "tpot_ratio"), of(0, "ttft_verdict")), (String::new(), String::new()), "the baseline");
    assert_eq!((of(3, "kl_mean"), of(3, "peak_weights")), ("0.0046".to_owned(), "140000000".to_owned()));
    for row in 0..5 {
        assert_eq!(arms.lines().nth(row + 1).unwrap().split(',').count(), heading.len());
    }
}

#[test]
fn names_from_files_stay_names() {
    let mut study = fixture::matrix();
    let name = "=SUM(A1)|<b>,\"x\"";
    study.apply(Event::Arm(Box::new(Arm { name: name.into(), refused: Some("<script>".into()), ..Arm::default() })));
    let text = markdown(&study);
    assert!(!text.contains("<b>") && !text.contains("<script>") && text.contains("&lt;script"), "{text}");
    assert!(csv::arms(&study).contains("\"'=SUM(A1)|<b>,\"\"x\"\"\""), "{}", csv::arms(&study));
}
