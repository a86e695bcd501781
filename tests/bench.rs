//! `bench` as other programs see it: the rows and columns of llama-bench, on a tiny model.

use serde_json::Value;
use std::process::{Command, Output, Stdio};

const LLAMA: &str = "tests/fixtures/golden/llama";

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.args([&["bench", LLAMA, "--set", "threads=1"], args].concat());
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refusal(args: &[&str], code: i32) -> String {
    let output = run(args);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn there_is_a_row_for_every_length_and_depth() {
    let args = ["-p", "8,16", "-n", "4", "-d", "0,32", "-r", "2"];
    let table = stdout(&args);
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect();
    assert_eq!(rows[0], ["model", "size", "params", "format", "backend", "threads", "test", "t/s"]);
    let tests: Vec<&str> = rows[2..].iter().map(|row| row[6]).collect();
    assert_eq!(tests, ["pp8", "pp16", "tg4", "pp8 @ d32", "pp16 @ d32", "tg4 @ d32"]);
    for row in &rows[2..] {
        assert_eq!(row[3..6], ["f32", "LibTorch cpu", "1"]);
        let (mean, deviation) = row[7].split_once(" ± ").unwrap();
        assert!(mean.parse::<f64>().unwrap() > 0.0 && deviation.parse::<f64>().unwrap() >= 0.0, "{row:?}");
    }
    let alone = stdout(&["-p", "8", "-n", "0", "-r", "1", "--set", "kv_cache=off,weights=int8"]);
    assert_eq!(alone.lines().count(), 3, "0 leaves a row out: {alone}");
    assert!(!alone.contains('±') && alone.contains("kv\\_cache=off") && alone.contains("| int8 "), "{alone}");
}

#[test]
fn json_and_csv_have_every_repetition_and_agree_with_each_other() {
    let args = ["-p", "8", "-n", "3", "-d", "5", "-r", "3", "-o"];
    let found: Value = serde_json::from_str(&stdout(&[&args[..], &["json"]].concat())).unwrap();
    assert_eq!((&found["model"]["n_layers"], &found["threads"]), (&2.into(), &1.into()));
    let tests = found["tests"].as_array().unwrap();
    let names: Vec<&str> = tests.iter().map(|test| test["test"].as_str().unwrap()).collect();
    assert_eq!(names, ["pp8 @ d5", "tg3 @ d5"]);
    for (test, tokens) in tests.iter().zip([8.0, 3.0]) {
        let numbers = |name: &str| -> Vec<f64> {
            test[name].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
        };
        let (times, rates) = (numbers("samples_ns"), numbers("samples_ts"));
        assert!(times.len() == 3 && times.iter().all(|time| *time > 0.0));
        for (time, rate) in times.iter().zip(&rates) {
            assert!((tokens / (time / 1e9) - rate).abs() < 1e-6 * rate);
        }
        let mean = rates.iter().sum::<f64>() / 3.0;
        assert!((test["avg_ts"].as_f64().unwrap() - mean).abs() < 1e-9 * mean);
        assert!(test["stddev_ts"].as_f64().unwrap() >= 0.0);
    }
    let csv = stdout(&[&args[..], &["csv"]].concat());
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| rows[0].iter().position(|column| *column == name).unwrap();
    assert_eq!(rows[1][column("test")], "pp8 @ d5");
    assert_eq!(rows[2][column("n_gen")], "3");
    assert_eq!(rows[2][column("model_n_params")], found["model"]["parameters"].to_string());
    assert!(rows[2][column("avg_ts")].parse::<f64>().unwrap() > 0.0);
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_is() {
    assert!(refusal(&["-p", "0", "-n", "0"], 2).contains("nothing to measure"));
    assert!(refusal(&["-r", "0"], 2).contains("1..=1000"));
    assert!(refusal(&["-o", "xml"], 2).contains("csv"));
    let said = refusal(&["-p", "8", "-n", "8", "-d", "0,250"], 1);
    assert!(said.contains("pp8 @ d250 takes 258 positions, but the model's context holds 256"), "{said}");
}
