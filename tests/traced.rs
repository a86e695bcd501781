//! `profile --trace` as other programs see it: every number there, and adding up.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The shapes of a tiny model, on one thread, so that other tests have the others.
const TRACED: [&str; 11] = [
    "profile",
    "random:tests/fixtures/golden/llama/config.json",
    "--trace",
    "--prompt-tokens",
    "16",
    "--new-tokens",
    "4",
    "--repeats",
    "1",
    "--set",
    "threads=1",
];

/// Runs it with a cache folder of its own.
fn traced(cache: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.args(TRACED).args(more).env("XDG_CACHE_HOME", cache).env("COLUMNS", "80");
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{more:?}: {}", errors(&output));
    output
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().filter(|number| number.is_finite()).unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn json_has_every_total_and_everything_of_every_part() {
    let cache = tempfile::tempdir().unwrap();
    let found = json(&traced(cache.path(), &["--json", "--no-peaks"]));
    assert_eq!(found["repeats"], serde_json::json!({ "plain": 1, "recorded": 1 }));
    assert!(found["basis"]["ttft_s"].as_str().unwrap().contains("while no parts were timed"));
    assert!(number(&found["flops_counted"]) > 0.0 && found["flops_counted"] == found["flops_analytic"]);
    assert!(number(&found["flops_causal"]) < number(&found["flops_counted"]));
    assert!(number(&found["overhead_ratio"]) > 0.0);
    assert!((0.0..1.0).contains(&number(&found["unaccounted"])));
    assert_eq!((&found["cut"], &found["unknown_operators"]), (&Value::Null, &Value::Array(vec![])));
    assert!(found["findings"].is_array());
    for key in ["flops_counted", "flops_analytic", "overhead_ratio", "unaccounted", "peak_memory", "findings"] {
        assert!(found["basis"][key].is_string(), "where {key} comes from");
    }
    let memory = &found["peak_memory"];
    let categories = ["weights", "kv_cache", "activations", "temporaries"].map(|name| number(&memory[name]));
    assert_eq!(categories.iter().sum::<f64>(), number(&memory["total"]));
    // 61,632 numbers of f32, and 8 frequencies.
    assert_eq!(categories[0], number(&found["model"]["weight_bytes"]) + 32.0);

    let parts = found["parts"].as_array().unwrap();
    let mut counted = 0.0;
    for phase in ["prefill", "decode"] {
        let whole = &found["phases"][phase];
        assert!(number(&whole["overhead_ratio"]) > 0.0 && whole["overhead_quartiles"]["n"] == 1, "{phase}");
        assert_eq!(whole["flops_counted"], whole["flops_analytic"], "{phase}");
        counted += number(&whole["flops_counted"]);
        let parts = parts.iter().filter(|part| part["phase"] == phase);
        let own: f64 = parts.clone().map(|part| number(&part["time_s"]["self"])).sum();
        assert!((own + number(&whole["unaccounted_s"]) - number(&whole["wall_s"])).abs() < 1e-9, "{phase} adds up");
        for part in parts {
            assert!(number(&part["time_s"]["total"]) >= number(&part["time_s"]["self"]), "{part}");
            assert_eq!(part["flops_counted"], part["flops"], "{part}");
            assert!(number(&part["bytes"]) > 0.0 && number(&part["bytes_moved"]) > 0.0, "{part}");
            assert_eq!(number(&part["intensity"]), number(&part["flops_counted"]) / number(&part["bytes"]), "{part}");
            assert!(number(&part["memory"]["allocated"]) >= number(&part["memory"]["alive"]), "{part}");
            assert!(number(&part["memory"]["allocated"]) >= number(&part["memory"]["peak"]), "{part}");
            assert!(part["roof_share"].is_null() && part["bound"].is_null(), "without peaks there is no roof: {part}");
        }
    }
    assert_eq!(counted, number(&found["flops_counted"]), "of both phases");
    // The LM head reads its whole matrix of 384 by 64: what it moves is no less than what it must.
    let head = parts.iter().find(|part| part["name"] == "lm_head" && part["phase"] == "prefill").unwrap();
    assert!(number(&head["bytes_moved"]) >= 4.0 * 384.0 * 64.0, "{head}");
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0, "nothing was measured, nothing kept");
}

#[test]
fn missing_roofs_are_measured_once_before_a_traced_profile_and_kept() {
    let cache = tempfile::tempdir().unwrap();
    let output = traced(cache.path(), &["--json"]);
    let said = errors(&output);
    assert!(said.contains("measuring what this machine can do at most (cpu, 1 thread)"), "{said}");
    let found = json(&output);
    assert!(number(&found["peaks"]["bandwidth"]["best"]) > 0.0 && number(&found["decode_limit_tokens_per_s"]) > 0.0);
    for part in found["parts"].as_array().unwrap() {
        assert!(number(&part["roof_share"]) > 0.0, "{part}");
        assert!(["compute", "memory"].contains(&part["bound"].as_str().unwrap()), "{part}");
    }
    let output = traced(cache.path(), &["--json", "--no-peaks"]);
    assert!(!errors(&output).contains("measuring"), "{}", errors(&output));
    assert_eq!(json(&output)["peaks"], found["peaks"], "those that were kept are used in any case");
    let output = traced(cache.path(), &[]);
    assert!(!errors(&output).contains("measuring"), "{}", errors(&output));
}

#[test]
fn the_table_fits_its_columns_and_says_where_its_numbers_come_from() {
    let cache = tempfile::tempdir().unwrap();
    for detail in [&[][..], &["--blocks"], &["--parts"], &["--operators"], &["--blocks", "--operators"]] {
        let table = String::from_utf8(traced(cache.path(), &[detail, &["--no-peaks"]].concat()).stdout).unwrap();
        for expected in [
            "1 plain and 1 traced repeat after a warm-up",
            "prefill: 16 tokens at once, traced",
            "time measured (1 traced repeat)",
            "  by formula           the same           the same  modelled",
            "measured, 1 pair",
            "memory at its peak",
            "no roofs: blockscope doctor measures",
        ] {
            let (table, expected) = (words(&table), words(expected));
            assert!(table.contains(&expected), "{detail:?}: {expected} in\n{table}");
        }
        // Of what goes before, the conditions are one line each.
        let tables = table.split_once("\n\n").unwrap().1;
        let widest = tables.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= 80, "{detail:?}: {widest}");
    }
}

/// Without its line ends and columns.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
