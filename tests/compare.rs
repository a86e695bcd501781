//! `compare` and `sweep` as other programs see them: results, exit codes, files that are gone on with.

use blockscope::record::Study;
use blockscope::record::study::file;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const LLAMA: &str = "tests/fixtures/golden/llama";
/// The shapes of a tiny model, without a tokenizer.
const RANDOM: &str = "random:tests/fixtures/golden/llama/config.json";
/// Little to do.
const SHORT: [&str; 6] = ["--prompt-tokens", "12", "--new-tokens", "4", "--rounds", "2"];

fn blockscope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).env("COLUMNS", "100");
    command
}

fn run(args: &[&str]) -> Output {
    blockscope(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command that ends well prints.
fn stdout(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {:?}\n{}", output.status, text(&output.stderr));
    text(&output.stdout)
}

fn json(args: &[&str]) -> Value {
    let text = stdout(args);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error} in {text}"))
}

/// What a command that ends with `code` says.
fn refusal(args: &[&str], code: i32) -> String {
    let output = run(args);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    errors
}

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

/// A comparison of a tiny model.
fn compare<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["compare", LLAMA, "--set", "threads=1", "--a", "kv_cache=on", "--b", "kv_cache=off"], &SHORT[..], more].concat()
}

fn in_folder(folder: &tempfile::TempDir, name: &str) -> (PathBuf, String) {
    let path = folder.path().join(name);
    let name = path.to_str().unwrap().to_owned();
    (path, name)
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    let a_run = "traces/v1-tiny.jsonl";
    let study = "traces/study-v1-compare.jsonl";
    for (args, expected) in [
        (&["compare"][..], "--b kv_cache=off"),
        (&["compare", LLAMA, "--b", "cache=off"], "kv_cache"),
        (&["compare", LLAMA, "--b", "compute=bf16"], "compute=bf16 needs"),
        (&["compare", LLAMA, "--all", "cache"], "kv_cache"),
        (&["compare", LLAMA, "--all", "weights", "--b", "kv_cache=off"], "cannot be used with"),
        (&["compare", LLAMA, "--b", "kv_cache=off", "--gate", "speed>2"], "decode.tpot_ratio"),
        (&["compare", LLAMA, "--b", "kv_cache=off", "--json", "--markdown"], "cannot be used with"),
        (&["compare", LLAMA, "--b", "kv_cache=off", "--rounds", "0"], "from 1 to 1000"),
        (&["compare", a_run], "name another"),
        (&["compare", a_run, LLAMA], "run files"),
        (&["compare", study, "--b", "kv_cache=off"], "has been measured"),
        (&["sweep", LLAMA], "--over"),
        (&["sweep", LLAMA, "--over", "attention=eager,fused"], "compare --all attention"),
        (&["sweep", LLAMA, "--over", "depth=1..4"], "context"),
        (&["sweep", LLAMA, "--over", "prompt_tokens=64..8"], "not below"),
    ] {
        let said = refusal(args, 2);
        assert!(said.contains(expected), "{args:?}: {said}");
    }
}

#[test]
fn work_that_fails_ends_with_1_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (path, taken) = in_folder(&folder, "taken.jsonl");
    std::fs::write(&path, "precious").unwrap();
    let long: &[&str] = &["compare", LLAMA, "--b", "kv_cache=off", "--prompt-tokens", "300"];
    for (args, expected) in [
        (&["compare", "no/such/model", "--b", "kv_cache=off"][..], "a MODEL is"),
        (&compare(&["--out", &taken]), "--force"),
        (&compare(&["--text", "no/such/text"]), "no/such/text"),
        (long, "context holds 256"),
        (&["sweep", LLAMA, "--over", "context=8,16", "--out", &taken], "--force"),
    ] {
        let said = refusal(args, 1);
        assert!(said.contains(expected), "{args:?}: {said}");
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), "precious");
}

#[test]
fn gates_decide_the_exit_code_and_each_that_fails_says_so() {
    let passes = "quality.kl_mean<=0.01,quality.top1>=0.9";
    let reached = run(&compare(&["--gate", passes]));
    let said = text(&reached.stderr);
    assert!(reached.status.success() && said.lines().count() == 2, "{said}");
    assert!(
        said.contains("quality.kl_mean<=0.01 passed: it is ") && said.contains("quality.top1>=0.9 passed"),
        "{said}"
    );
    let output = run(&compare(&["--gate", passes, "--gate", "decode.tpot_ratio<=1e-6,quality.kl_mean>=5"]));
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stderr);
    assert!(said.lines().count() == 4 && said.contains("decode.tpot_ratio<=0.000001 failed: it is "), "{said}");
    assert_eq!((said.matches(" passed: ").count(), said.matches("error: ").count()), (2, 2), "{said}");
    assert!(!output.stdout.is_empty(), "the result is printed all the same");
    // A saved study can be asked again, and what was not measured reaches nothing.
    let saved = "traces/study-v1-compare.jsonl";
    assert_eq!(run(&["compare", saved, "--gate", "decode.tpot_ratio>=1e6"]).status.code(), Some(3));
    let said = refusal(&compare(&["--no-quality", "--gate", passes]), 3);
    assert!(said.contains("quality"), "{said}");
}

#[test]
fn a_comparison_is_kept_printed_again_and_not_measured_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = in_folder(&folder, "study.jsonl");
    let printed = stdout(&compare(&["--out", &kept]));
    assert!(printed.contains("kv_cache=off"), "{printed}");
    let study = file::read(&path).unwrap();
    assert_eq!((study.rounds(), study.samples.len(), study.arms.len()), (2, 2 * 5, 2));
    assert!(study.arms.iter().all(|arm| arm.quality.is_some() && arm.resources.is_some()));
    assert_eq!(stdout(&["compare", &kept]), printed);
    // The same command finds nothing left to do.
    let again = run(&compare(&["--out", &kept]));
    assert!(text(&again.stderr).contains("going on") && again.status.success());
    assert_eq!((text(&again.stdout), file::read(&path).unwrap().samples), (printed, study.samples));
    // Another command would be another study.
    let said = refusal(&compare(&["--out", &kept, "--set", "attention=eager"]), 1);
    assert!(said.contains("attention"), "{said}");
    assert!(run(&compare(&["--out", &kept, "--set", "attention=eager", "--force"])).status.success());
}

#[test]
fn every_value_of_a_toggle_is_listed_and_one_that_cannot_be_with_its_reason() {
    let args = with(&["compare", RANDOM, "--set", "weights=bf16,compute=bf16,threads=1", "--all", "weights"], &SHORT);
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = in_folder(&folder, "study.jsonl");
    let printed = stdout(&with(&args, &["--out", &kept]));
    let study = file::read(&path).unwrap();
    assert_eq!(study.arms[0].name, "weights=bf16");
    let refused = study.arms.iter().find(|arm| arm.name == "weights=f32").unwrap();
    assert!(refused.refused.as_ref().is_some_and(|why| why.contains("compute=bf16 needs")));
    assert!(printed.contains("weights=f32"), "{printed}");
    // What cannot be had is no failure of the others.
    let gated = run(&["compare", &kept, "--gate", "decode.tpot_ratio<=1e9"]);
    assert!(
        gated.status.success()
            && text(&gated.stderr).contains("weights=f32: decode.tpot_ratio<=1000000000 does not apply")
    );
    assert_eq!(run(&["compare", &kept, "--gate", "decode.tpot_ratio<=1e-9"]).status.code(), Some(3));
    assert!(study.header.text.unwrap().name.contains("no tokenizer"));
}

#[test]
fn a_sweep_lists_what_cannot_be_had_wherever_it_stands() {
    // The first of all cannot: activations in bf16 want weights in bf16.
    let over = ["--over", "prompt_tokens=4,8", "--over", "compute=bf16,f32"];
    let said = stdout(&with(&["sweep", LLAMA, "--set", "threads=1", "--rounds", "1", "--new-tokens", "2"], &over));
    assert!(said.contains("not measured") && said.contains("compute=bf16 needs"), "{said}");
    assert!(said.contains("compute=f32: over prompt_tokens"), "{said}");
}

#[test]
fn json_and_markdown_hold_what_was_compared() {
    let json = json(&compare(&["--json"]));
    assert!(json.is_object() && json.to_string().contains("kv_cache=off"), "{json}");
    let markdown = stdout(&compare(&["--markdown"]));
    assert!(markdown.contains("| ") && markdown.contains("kv\\_cache=off"), "{markdown}");
}

#[test]
fn a_gate_on_one_repeat_says_that_there_is_no_interval() {
    let folder = tempfile::tempdir().unwrap();
    let (_, kept) = in_folder(&folder, "run.jsonl");
    let args = ["profile", LLAMA, "--set", "threads=1", "--prompt-tokens", "12", "--new-tokens", "4", "--repeats", "1"];
    stdout(&with(&args, &["--out", &kept]));
    let gated = ["compare", &kept, &kept, "--gate", "decode.tpot_ratio<=1.05,0.5<=prefill.ttft_ratio<=2"];
    let output = run(&gated);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("warning: ").count(), 2, "{said}");
    assert_eq!(said.matches("it is 1.0000, of one repeat: there is no interval").count(), 2, "{said}");
    let json = json(&with(&gated, &["--json"]));
    let gate = &json["gates"][0];
    assert_eq!((&gate["passed"], &gate["value"], &gate["repeats"]), (&true.into(), &1.0.into(), &1.into()));
    assert!(gate["interval"].is_null());
    assert!(stdout(&with(&gated, &["--markdown"])).contains("## gates"));
}

#[test]
fn two_saved_runs_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one.jsonl", "two.jsonl"].map(|name| in_folder(&folder, name).1);
    for (file, toggles) in [(&one, "kv_cache=on"), (&other, "kv_cache=off")] {
        let set = format!("threads=1,{toggles}");
        stdout(&[
            "profile",
            LLAMA,
            "--set",
            &set,
            "--prompt-tokens",
            "12",
            "--new-tokens",
            "4",
            "--repeats",
            "2",
            "--out",
            file,
        ]);
    }
    let printed = stdout(&["compare", &one, &other]);
    assert!(printed.contains("TPOT"), "{printed}");
}

/// A command whose baselines are in `folder`.
fn with_data(folder: &tempfile::TempDir, args: &[&str]) -> Output {
    blockscope(args).env("XDG_DATA_HOME", folder.path()).output().unwrap()
}

#[test]
fn a_baseline_is_kept_by_name_and_compared_with() {
    let folder = tempfile::tempdir().unwrap();
    let (_, other) = in_folder(&folder, "other.jsonl");
    let short = ["--prompt-tokens", "12", "--new-tokens", "4", "--repeats", "2", "--set", "threads=1"];
    let kept = with_data(&folder, &with(&["profile", LLAMA, "--save-baseline", "main"], &short));
    let said = text(&kept.stderr);
    assert!(kept.status.success() && said.contains("baseline 'main' in ") && !said.contains("in place of"), "{said}");
    let file = folder.path().join("blockscope/baselines/main.jsonl");
    assert!(blockscope::record::file::read(&file).unwrap().ttft().is_some());
    let again = with_data(&folder, &with(&["profile", LLAMA, "--save-baseline", "main"], &short));
    assert!(text(&again.stderr).contains("in place of the one before"));

    // The same again: same model, prompt, tokens, repeats and toggles.
    let json = |args: &[&str]| -> Value {
        let output = with_data(&folder, &with(args, &["--json"]));
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let same = json(&["compare", "--baseline", "main", "--gate", "decode.tpot_ratio<=1e9"]);
    let arms = &same["arms"];
    assert_eq!((&arms[0]["name"], &arms[1]["name"]), (&"main".into(), &"now".into()));
    assert_eq!(arms[0]["toggles"], arms[1]["toggles"]);
    assert_eq!(
        (&arms[1]["prompt_tokens"], &arms[1]["new_tokens"], &arms[1]["ttft_s"]["n"]),
        (&12.into(), &4.into(), &2.into())
    );
    assert_eq!(same["gates"][0]["passed"], true);
    // Another toggle, then a saved run.
    let changed = json(&["compare", "--baseline", "main", "--set", "kv_cache=off", "--out", &other]);
    assert_eq!(changed["arms"][1]["name"], "kv_cache=off");
    assert_eq!(changed["arms"][1]["toggles"]["threads"], "1");
    let saved = json(&["compare", &other, "--baseline", "main"]);
    assert_eq!(saved["arms"], changed["arms"]);
}

#[test]
fn a_baseline_that_is_not_there_or_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |args: &[&str], code: i32, expected: &str| {
        let output = with_data(&folder, args);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(code) && said.contains(expected), "{args:?}: {said}");
    };
    refused(&["compare", "--baseline", "main"], 1, "there is no baseline 'main'; there is none yet");
    for name in ["../x", "/etc/passwd", "", ".hidden", "a b", "-x"] {
        let given = format!("--baseline={name}");
        refused(&["compare", &given], 2, if name.is_empty() { "value" } else { "expected a name of at most 64" });
        refused(&["profile", LLAMA, &format!("--save-baseline={name}")], 2, "value");
    }
    refused(&["compare", "--baseline", "main", "--b", "kv_cache=off"], 2, "cannot be used with");
    refused(&["compare", "--baseline", "main", "traces/study-v1-compare.jsonl"], 2, "is a study");
    refused(&["compare", "--baseline", "main", LLAMA, LLAMA], 2, "one MODEL");
    refused(&["compare", "--baseline", "main", "traces/v1-tiny.jsonl", "--set", "threads=1"], 2, "has been measured");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

#[test]
fn memory_is_that_of_an_arm_alone_although_all_are_there_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = in_folder(&folder, "study.jsonl");
    let args = ["compare", RANDOM, "--set", "threads=1", "--b", "weights=bf16", "--no-quality", "--out", &kept];
    stdout(&with(&args, &SHORT));
    let study = file::read(&path).unwrap();
    let weights = |arm: usize| {
        let resources = study.arms[arm].resources.as_deref().unwrap();
        resources.peak.of(blockscope::record::Category::Weights).0 as f64
    };
    // Two bytes in place of four; rotation tables and norms stay as they are.
    let ratio = weights(1) / weights(0);
    assert!((0.5..0.6).contains(&ratio), "{ratio}");
}

/// Sends Ctrl-C as soon as `ready` says so, and returns how the program ended.
fn interrupt_when(args: &[&str], ready: impl Fn() -> bool) -> (Option<i32>, String) {
    let mut child = blockscope(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !ready() && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(120), "it never came so far");
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), text(&output.stderr))
}

fn samples(path: &Path) -> usize {
    file::read(path).map_or(0, |study: Study| study.samples.len())
}

#[test]
fn an_interrupted_sweep_ends_with_130_and_goes_on_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = in_folder(&folder, "sweep.jsonl");
    let over = ["--over", "attention=eager,fused", "--over", "prompt_tokens=8..64"];
    let sweep = |rounds: &'static str| {
        let args = ["sweep", LLAMA, "--set", "threads=1", "--rounds", rounds, "--out", &kept];
        [&args[..], &over].concat().iter().map(|arg| (*arg).to_owned()).collect::<Vec<String>>()
    };
    let long = sweep("1000");
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let (code, said) = interrupt_when(&long, || samples(&path) > 10);
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("the same command goes on"), "{said}");
    let before = file::read(&path).unwrap();
    assert!(before.samples.len() > 10 && before.samples.len() < 8000);
    // As many rounds as were begun, and one more.
    let wanted = (before.samples.iter().map(|sample| sample.round).max().unwrap() + 2).to_string();
    let mut rest: Vec<&str> = long.clone();
    let at = rest.iter().position(|arg| *arg == "1000").unwrap();
    rest[at] = &wanted;
    let output = run(&with(&rest, &["--json"]));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("going on with this study"));
    let after = file::read(&path).unwrap();
    assert_eq!(after.samples[..before.samples.len()], before.samples);
    assert_eq!(after.samples.len() as u32, 8 * wanted.parse::<u32>().unwrap());
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json.is_object() && json.to_string().contains("attention=eager"));
}

#[test]
fn an_interrupted_comparison_ends_with_130_and_its_file_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = in_folder(&folder, "study.jsonl");
    let args = ["compare", LLAMA, "--set", "threads=1", "--b", "kv_cache=off", "--rounds", "1000", "--out", &kept];
    let (code, said) = interrupt_when(&args, || samples(&path) > 7);
    assert_eq!(code, Some(130), "{said}");
    assert!(samples(&path) > 7);
    assert!(stdout(&["compare", &kept]).contains("kv_cache=off"));
}
