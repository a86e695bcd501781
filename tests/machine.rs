//! The machine as the command line shows it: what it can do at most, and devices that are not there.

use blockscope::measure::peaks::ReadOperator;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The shapes of a tiny model.
const RANDOM: &str = "random:tests/fixtures/golden/llama/config.json";

/// Runs it with a cache folder of its own.
fn blockscope(cache: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.args(args).env("XDG_CACHE_HOME", cache).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.output().unwrap()
}

/// What it says on standard error.
fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The JSON that a command prints which ends well.
fn json(cache: &Path, args: &[&str]) -> Value {
    let output = blockscope(cache, args);
    assert!(output.status.success(), "{args:?}: {}", errors(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A file of peaks, as it was kept by a measurement on a machine that can do 3 G of everything a second.
fn keep(cache: &Path, machine: &Value, threads: u32) -> Value {
    let rate = serde_json::json!({ "n": 5, "q1": 1e9, "median": 2e9, "q3": 2.5e9, "best": 3e9 });
    let peaks = serde_json::json!({
        "machine": machine,
        "device": "cpu",
        "threads": threads,
        "libtorch": "2.11.0",
        "measured": 1_700_000_000,
        "gemm": [{ "dtype": "f32", "size": 512, "flops": rate }],
        "cache_bytes": 32 << 20,
        "buffer_bytes": 256 << 20,
        "reader": "sum \u{1b}[31mf32",
        "bandwidth": rate,
        "cache_bandwidth": rate,
        "dispatch": { "n": 5, "best": 600, "q1": 610, "median": 620, "q3": 630 },
    });
    std::fs::create_dir_all(cache.join("blockscope")).unwrap();
    let file = serde_json::json!({ "version": 1, "peaks": [peaks] });
    std::fs::write(cache.join("blockscope/peaks.json"), file.to_string()).unwrap();
    peaks
}

#[test]
fn doctor_measures_what_is_not_known_keeps_it_and_measures_anew_when_asked() {
    let cache = tempfile::tempdir().unwrap();
    let file = cache.path().join("blockscope/peaks.json");
    assert!(json(cache.path(), &["doctor", "--json", "--threads", "1", "--no-measure"])["peaks"].is_null());
    assert!(!file.exists(), "looking leaves nothing behind");

    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "{\"version\":1,\"peaks\":[{\"machine\":").unwrap();
    let output = blockscope(cache.path(), &["doctor", "--json", "--threads", "1"]);
    assert!(errors(&output).contains("peaks.json: expected measured peaks"), "{}", errors(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let peaks = &found["peaks"];
    assert_eq!((&peaks["threads"], &peaks["device"]), (&1.into(), &"cpu".into()));
    assert_eq!((&peaks["machine"], &peaks["libtorch"]), (&found["machine"], &found["libtorch"]));
    let formats: Vec<_> =
        peaks["gemm"].as_array().unwrap().iter().map(|gemm| gemm["dtype"].as_str().unwrap()).collect();
    assert!(formats.starts_with(&["f32", "bf16"]), "{formats:?}");
    for rate in [&peaks["gemm"][0]["flops"], &peaks["gemm"][1]["flops"], &peaks["bandwidth"], &peaks["cache_bandwidth"]]
    {
        let [q1, median, q3, best] = ["q1", "median", "q3", "best"].map(|key| rate[key].as_f64().unwrap());
        assert!(0.0 < q1 && q1 <= median && median <= q3 && q3 <= best && rate["n"].as_u64().unwrap() >= 5, "{rate}");
    }
    assert!(peaks["dispatch"]["best"].as_u64().unwrap() > 0 && peaks["measured"].as_u64().unwrap() > 1_700_000_000);
    let cached = peaks["cache_bytes"].as_u64().unwrap_or(0);
    assert!(peaks["buffer_bytes"].as_u64().unwrap() >= 2 * cached);
    assert!(ReadOperator::ALL.iter().any(|reader| peaks["reader"] == reader.name()), "{}", peaks["reader"]);
    assert!(
        found["devices"][0]["available"] == true && found["devices"][1]["device"].as_str().unwrap().contains("cuda")
    );

    // The second time nothing is measured: not a digit differs.
    assert_eq!(&json(cache.path(), &["doctor", "--json", "--threads", "1"])["peaks"], peaks);
    let kept = keep(cache.path(), &found["machine"], 1);
    assert_eq!(json(cache.path(), &["doctor", "--json", "--threads", "1"])["peaks"], kept);
    let anew = json(cache.path(), &["doctor", "--json", "--threads", "1", "--refresh"]);
    assert_ne!(anew["peaks"]["measured"], kept["measured"]);
    assert_eq!(json(cache.path(), &["doctor", "--json", "--threads", "1", "--no-measure"])["peaks"], anew["peaks"]);
}

#[test]
fn doctor_says_what_each_number_is() {
    let cache = tempfile::tempdir().unwrap();
    let machine = json(cache.path(), &["doctor", "--json", "--no-measure"])["machine"].clone();
    keep(cache.path(), &machine, 1);
    let output = blockscope(cache.path(), &["doctor", "--threads", "1"]);
    let shown = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "peaks: cpu, 1 thread",
        "f32 products 3.00 GFLOP/s 2.00 GFLOP/s 1.00 – 2.50 GFLOP/s 5 512 × 512",
        "dispatch 600 ns 620 ns 610 – 630 ns 5 1 element",
        "measured 2023-11-14 22:13 UTC with LibTorch 2.11.0",
        "the buffer is 8.0 × the last-level cache (33.6 MB)",
        "only 1.0 × as fast",
        "the spread is wide",
    ] {
        assert!(shown.contains(expected), "{expected} in\n{shown}");
    }
    let shown =
        String::from_utf8(blockscope(cache.path(), &["doctor", "--threads", "1", "--no-measure"]).stdout).unwrap();
    assert!(shown.contains("3.00 GFLOP/s"));
}

#[test]
fn a_run_carries_the_peaks_that_were_kept_for_its_conditions_and_no_others() {
    let cache = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let machine = json(cache.path(), &["doctor", "--json", "--no-measure"])["machine"].clone();
    let run = |name: &str| {
        let path = folder.path().join(name);
        let small = ["--prompt-tokens", "4", "--new-tokens", "1", "--repeats", "1", "--set", "threads=1"];
        let args = [&["profile", RANDOM, "--out", path.to_str().unwrap()], &small[..]].concat();
        let output = blockscope(cache.path(), &args);
        assert!(output.status.success(), "{}", errors(&output));
        (blockscope::record::file::read(&path).unwrap(), errors(&output))
    };
    assert_eq!(run("none.jsonl").0.peaks, None);
    keep(cache.path(), &machine, 1);
    let (with, said) = run("with.jsonl");
    assert_eq!(with.peaks.unwrap().bandwidth.best, 3e9);
    assert!(!said.contains("peaks"), "{said}");
    keep(cache.path(), &machine, 2);
    assert_eq!(run("other.jsonl").0.peaks, None);
    // A broken file takes nothing away but the roofs, and is said so.
    std::fs::write(cache.path().join("blockscope/peaks.json"), "[1,2").unwrap();
    let (broken, said) = run("broken.jsonl");
    assert!(broken.peaks.is_none() && said.contains("peaks.json") && said.contains("--refresh"), "{said}");
}

#[test]
fn a_device_that_cannot_be_had_is_refused_in_words() {
    let cache = tempfile::tempdir().unwrap();
    let refusal = |args: &[&str]| {
        let output = blockscope(cache.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty());
        errors(&output)
    };
    for args in [
        &["profile", RANDOM, "--device", "tpu"][..],
        &["generate", RANDOM, "--ids", "1", "--device", "cuda:-1"],
        &["doctor", "--device", "cpu:0"],
    ] {
        let said = refusal(args);
        assert!(said.contains("is no device") && said.contains("cuda:N"), "{said}");
    }
    // More than any machine has: refused where there are GPUs too.
    for args in [
        &["profile", RANDOM, "--device", "cuda:99"][..],
        &["generate", RANDOM, "--ids", "1", "--device", "cuda:99"],
        &["capture", RANDOM, "--ids", "1", "--hooks", "logits", "--out", "x", "--device", "cuda:99"],
        &["run", RANDOM, "--device", "cuda:99"],
        &["doctor", "--device", "cuda:99"],
    ] {
        let said = refusal(args);
        assert!(said.contains("--device cuda:99 cannot be had: "), "{args:?}: {said}");
    }
    let said = refusal(&["doctor", "--threads", "60000"]);
    assert!(said.contains("processors that this process may use"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_cuda_library_that_cannot_be_opened_is_refused_with_the_loaders_reason() {
    let (cache, libraries) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let devices = json(cache.path(), &["doctor", "--json", "--no-measure"])["devices"].clone();
    let problems = &devices[1]["problems"][0];
    if problems.as_str().is_none_or(|problem| !problem.contains("where the loader looks")) {
        return; // here is a LibTorch for CUDA: another one is never looked for
    }
    std::fs::write(libraries.path().join("libtorch_cuda.so"), "not a library").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.args(["profile", RANDOM, "--device", "cuda"]).env("LD_LIBRARY_PATH", libraries.path());
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().unwrap();
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--device cuda:0") && said.contains("LibTorch's CUDA half: "), "{said}");
    assert!(said.contains("libtorch_cuda.so: ") && said.contains("use --device cpu"), "{said}");
}
