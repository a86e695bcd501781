//! A benchmark of rates as a table in Markdown, as JSON and as CSV; tests and fields are named as llama-bench names them.

use super::csv::line;
use super::grid::{Align, Table};
use super::json::{header, object};
use super::markdown;
use crate::analyse::statistics::Mean;
use crate::arch::Toggles;
use crate::record::Header;
use crate::record::benchmark::{Benchmark, Measured, Test, Work};
use crate::units::count;
use serde_json::{Value, json};

/// Columns of the CSV.
const COLUMNS: [&str; 17] = [
    "model",
    "source",
    "model_size",
    "model_n_params",
    "format",
    "backend",
    "n_threads",
    "settings",
    "test",
    "n_prompt",
    "n_gen",
    "n_depth",
    "repetitions",
    "avg_ns",
    "stddev_ns",
    "avg_ts",
    "stddev_ts",
];

/// One table in Markdown: a row for each test, mean ± standard deviation in tokens per second.
pub fn markdown(benchmark: &Benchmark) -> String {
    let header = &benchmark.header;
    let settings = settings(header);
    let mut columns = vec![
        ("model", Align::Left, header.model.name.clone()),
        ("size", Align::Right, header.model.weight_bytes.to_string()),
        ("params", Align::Right, count(header.model.parameters)),
        ("format", Align::Left, format(header).to_owned()),
        ("backend", Align::Left, backend(header)),
        ("threads", Align::Right, header.threads.to_string()),
    ];
    if !settings.is_empty() {
        columns.push(("settings", Align::Left, settings));
    }
    let with = |test: &str, rate: &str, cell: fn(&(&str, Align, String)) -> String| {
        columns.iter().map(cell).chain([test.to_owned(), rate.to_owned()]).collect::<Vec<_>>()
    };
    let mut rows = vec![with("test", "t/s", |(name, ..)| (*name).to_owned())];
    rows.extend(benchmark.tests.iter().map(|measured| {
        with(&measured.test.to_string(), &rate(&benchmark.rates(measured)), |(_, _, value)| value.clone())
    }));
    let aligns = columns.iter().map(|(_, align, _)| *align).chain([Align::Right, Align::Right]).collect();
    markdown::aligned(&Table { columns: aligns, rows }) + "\n"
}

/// What `bench -o json` prints. Times are in nanoseconds here, as llama-bench has them.
pub fn json(benchmark: &Benchmark) -> Value {
    let test = |measured: &Measured| {
        let [prompt, generation, depth] = lengths(measured.test);
        let rates = benchmark.rates(measured);
        let (times, rate) = (mean_time(measured), Mean::of(&rates));
        json!({
            "test": measured.test.to_string(),
            "n_prompt": prompt,
            "n_gen": generation,
            "n_depth": depth,
            "avg_ns": times.map(|times| times.mean),
            "stddev_ns": times.and_then(|times| times.deviation),
            "avg_ts": rate.map(|rate| rate.mean),
            "stddev_ts": rate.and_then(|rate| rate.deviation),
            "samples_ns": measured.times,
            "samples_ts": rates,
        })
    };
    let mut whole = object(header(&benchmark.header));
    whole.insert("tests".into(), benchmark.tests.iter().map(test).collect::<Vec<_>>().into());
    whole.insert(
        "basis".into(),
        json!({ "tests": "measured: wall time of passes that nobody recorded; tokens are made up and not chosen" }),
    );
    whole.into()
}

/// A line for each test, in plain units: bytes, nanoseconds, tokens per second.
pub fn csv(benchmark: &Benchmark) -> String {
    let header = &benchmark.header;
    let mut out = line(COLUMNS.map(str::to_owned));
    for measured in &benchmark.tests {
        let [prompt, generation, depth] = lengths(measured.test).map(|n| n.to_string());
        let rates = benchmark.rates(measured);
        let number = |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
        let (times, rate) = (mean_time(measured), Mean::of(&rates));
        out.push_str(&line([
            header.model.name.clone(),
            header.model.source.clone(),
            header.model.weight_bytes.0.to_string(),
            header.model.parameters.to_string(),
            format(header).to_owned(),
            backend(header),
            header.threads.to_string(),
            settings(header),
            measured.test.to_string(),
            prompt,
            generation,
            depth,
            measured.times.len().to_string(),
            number(times.map(|times| times.mean)),
            number(times.and_then(|times| times.deviation)),
            number(rate.map(|rate| rate.mean)),
            number(rate.and_then(|rate| rate.deviation)),
        ]));
    }
    out
}

/// Tokens of the prompt, tokens one by one, and tokens before them.
fn lengths(test: Test) -> [u32; 3] {
    match test.work {
        Work::Prompt(tokens) => [tokens, 0, test.depth],
        Work::Generation(tokens) => [0, tokens, test.depth],
    }
}

/// In nanoseconds.
fn mean_time(measured: &Measured) -> Option<Mean> {
    Mean::of(&measured.times.iter().map(|time| time.0 as f64).collect::<Vec<_>>())
}

/// `105.13 ± 0.52`; of a single repetition without a deviation.
fn rate(rates: &[f64]) -> String {
    match Mean::of(rates) {
        None => "–".to_owned(),
        Some(Mean { mean, deviation: None, .. }) => format!("{mean:.2}"),
        Some(Mean { mean, deviation: Some(deviation), .. }) => format!("{mean:.2} ± {deviation:.2}"),
    }
}

/// The format in which the weights lie in memory.
fn format(header: &Header) -> &str {
    header.toggle("weights").unwrap_or("–")
}

/// What computes, and where: `LibTorch cpu`.
fn backend(header: &Header) -> String {
    format!("LibTorch {}", header.device)
}

/// The toggles that are not as by default, beside those that have columns of their own.
fn settings(header: &Header) -> String {
    let weights = format!("weights={}", format(header));
    let usual = Toggles::default().with(&weights).unwrap_or_default().to_pairs();
    let own = |name: &str| ["weights", "threads"].contains(&name);
    let differing = header.toggles.iter().filter(|toggle| !own(&toggle.0) && !usual.contains(toggle));
    differing.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Bytes, Nanos};

    fn benchmark() -> Benchmark {
        let mut benchmark = Benchmark::default();
        benchmark.header.model.name = "tiny|y".into();
        benchmark.header.model.parameters = 134_515_008;
        benchmark.header.model.weight_bytes = Bytes(538_000_000);
        benchmark.header.device = "cpu".into();
        benchmark.header.threads = 2;
        let toggles = Toggles::default().with("weights=int8,kv_cache=off").unwrap();
        benchmark.header.toggles = toggles.to_pairs();
        let measured = |work, depth, times: &[u64]| Measured {
            test: Test { work, depth },
            times: times.iter().map(|&time| Nanos(time)).collect(),
        };
        benchmark.tests = vec![
            measured(Work::Prompt(512), 0, &[1_000_000_000, 2_000_000_000]),
            measured(Work::Generation(128), 4096, &[1_280_000_000]),
        ];
        benchmark
    }

    #[test]
    fn the_table_is_that_of_llama_bench() {
        // 512 and 256 tokens/s: their mean is 384, their deviation 256 ÷ √2.
        let expected = "\
| model   |   size | params | format | backend      | threads | settings      |          test |             t/s |
| :------ | -----: | -----: | :----- | :----------- | ------: | :------------ | ------------: | --------------: |
| tiny\\|y | 538 MB |   135M | int8   | LibTorch cpu |       2 | kv\\_cache=off |         pp512 | 384.00 ± 181.02 |
| tiny\\|y | 538 MB |   135M | int8   | LibTorch cpu |       2 | kv\\_cache=off | tg128 @ d4096 |          100.00 |
";
        assert_eq!(markdown(&benchmark()), expected);
    }

    #[test]
    fn json_and_csv_have_the_same_numbers() {
        let benchmark = benchmark();
        let found = json(&benchmark);
        let first = &found["tests"][0];
        assert_eq!((&first["n_prompt"], &first["n_gen"], &first["n_depth"]), (&512.into(), &0.into(), &0.into()));
        assert_eq!((first["avg_ns"].as_f64(), first["avg_ts"].as_f64()), (Some(1.5e9), Some(384.0)));
        assert_eq!(first["samples_ts"], json!([512.0, 256.0]));
        assert_eq!((&found["tests"][1]["stddev_ts"], &found["tests"][1]["n_depth"]), (&Value::Null, &4096.into()));
        let csv = csv(&benchmark);
        let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
        assert!(rows.iter().all(|row| row.len() == COLUMNS.len()), "{csv}");
        assert_eq!(rows[1][8..16], ["pp512", "512", "0", "0", "2", "1500000000", rows[1][14], "384"]);
        assert_eq!(rows[2][13..], ["1280000000", "", "100", ""]);
    }
}
