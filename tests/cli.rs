//! The command line as other programs see it: results, exit codes, what goes where.

use blockscope::cli::Cli;
use blockscope::text::shown::width;
use clap::CommandFactory;
use safetensors::SafeTensors;
use serde_json::Value;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LLAMA: &str = "tests/fixtures/golden/llama";
const GPT2: &str = "tests/fixtures/golden/gpt2";
/// The shapes of a tiny model, without a tokenizer.
const RANDOM: &str = "random:tests/fixtures/golden/llama/config.json";

/// Written by PyTorch's profiler.
const TRACE: &str = "tests/fixtures/pytorch-trace/tiny.json.gz";

fn blockscope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    blockscope(args).output().unwrap()
}

/// What a command that ends well prints.
fn stdout(args: &[&str]) -> String {
    let output = run(args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {:?}\n{errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn json(args: &[&str]) -> Value {
    let text = stdout(args);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error} in {text}"))
}

/// What a command that ends with `code` says; it must print no result.
fn refusal(args: &[&str], code: i32) -> String {
    let output = run(args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{args:?} printed a result");
    assert!(!errors.contains("panicked") && !errors.contains("backtrace"), "{errors}");
    errors
}

/// A row of ids of a reference file.
fn golden_ids(file: &str, name: &str) -> Vec<u64> {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden").join(file)).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let data = tensors.tensor(name).unwrap().data().to_vec();
    data.chunks(8).map(|id| u64::from_le_bytes(id.try_into().unwrap())).collect()
}

fn list(ids: &[u64]) -> String {
    ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

fn ids(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect()
}

#[test]
fn help_names_every_command() {
    let help = stdout(&["--help"]);
    for command in Cli::command().get_subcommands().map(clap::Command::get_name) {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        assert!(stdout(&[command, "--help"]).contains("Usage: blockscope"));
    }
    assert!(stdout(&["--version"]).starts_with("blockscope "));
}

/// The commands that a user is shown.
fn commands() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

#[test]
fn completions_have_every_command_and_its_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&["completions", shell]);
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
        let option = if shell == "fish" { "prompt-tokens" } else { "--prompt-tokens" };
        assert!(script.contains(option), "{shell}");
    }
    // As shells themselves read them, where they are there.
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        std::fs::write(&script, stdout(&["completions", shell])).unwrap();
        if let Ok(checked) = Command::new(shell).arg(check).arg(&script).output() {
            assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
}

#[test]
fn manual_pages_have_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("made/man1");
    assert_eq!(stdout(&["man", "--out", pages.to_str().unwrap()]), "");
    let page = |name: &str| std::fs::read_to_string(pages.join(format!("{name}.1"))).unwrap();
    let whole = page("blockscope");
    assert_eq!(whole, stdout(&["man"]));
    for command in commands() {
        assert!(whole.contains(&format!("blockscope\\-{command}(1)")), "{command} in {whole}");
        let own = page(&format!("blockscope-{command}"));
        assert_eq!(own, stdout(&["man", &command]));
        assert!(own.starts_with(".ie") && own.contains(".SH SYNOPSIS") && own.contains(&command), "{own}");
    }
    assert!(page("blockscope-profile").contains("\\-\\-prompt\\-tokens"));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    for (args, expected) in [
        (&["profle"][..], "profile"),
        (&["nowhere"], "no file or folder 'nowhere'"),
        (&["--set", "weights=int3"], "f32, bf16"),
        (&["--promt", "hi"], "similar argument exists: '--prompt'"),
        (&["completions", "tcsh"], "fish"),
        (&["man", "profle"], "profile"),
        (&["generate"], "--prompt"),
        (&["generate", "--prompt", "a", "--ids", "1"], "cannot be used with"),
        (&["generate", "--ids", "1,x"], "invalid"),
        (&["generate", "--prompt", "a", "--max-new", "0"], "1.."),
        (&["generate", "--prompt", "a", "--greedy", "--temperature", "1"], "cannot be used with"),
        (&["generate", "--prompt", "a", "--temperature", "-1"], "from 0 up"),
        (&["generate", "--prompt", "a", "--temperature", "1", "--top-p", "2"], "up to 1"),
        (&["profile", "--set", "cache=on"], "kv_cache"),
        (&["profile", "--set", "weights=int3"], "f32, bf16"),
        (&["profile", RANDOM, "--set", "compute=bf16"], "needs weights that are not f32"),
        (&["profile", RANDOM, "--set", "threads=100000"], "processors"),
        (&["profile", "--repeats", "0"], "1..=1000"),
        (&["profile", "--json", "--parts"], "cannot be used with"),
        (&["profile", "--force"], "--out"),
        (&["capture", LLAMA, "--ids", "1", "--out", "x", "--hooks", "logits", "--lens", "all"], "--hooks"),
        (&["capture", LLAMA, "--ids", "1", "--hooks", "[", "--out", "x"], "hook pattern '['"),
        (&["tokenize"], "TEXT"),
        (&["tokenize", "a", "b", "c"], "TEXT"),
        (&["tokenize", "--sample", "a", "b"], "--sample is the text"),
        (&["tokenize", "--steps", "--with", "smollm2", "a"], "cannot be used with"),
        (&["inspect", ""], "a value is required"),
        (&["--color", "sometimes", "doctor"], "always"),
    ] {
        let said = refusal(args, 2);
        assert!(said.contains(expected), "{args:?}: {said}");
    }
}

#[test]
fn work_that_fails_ends_with_1_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let pickle = folder.path().join("model.bin");
    std::fs::write(&pickle, b"\x80\x02").unwrap();
    let taken = folder.path().join("taken.jsonl");
    std::fs::write(&taken, "precious").unwrap();
    let taken = taken.to_str().unwrap();
    for (args, expected) in [
        (&["inspect", "no/such/folder"][..], "a MODEL is"),
        (&["profile", "random:gpt5"], "gpt2-124m"),
        (&["inspect", pickle.to_str().unwrap()], "run any code"),
        (&["generate", LLAMA, "--ids", "384"], "outside the vocabulary"),
        (&["generate", LLAMA, "--prompt", ""], "empty"),
        (&["generate", RANDOM, "--prompt", "a"], "no tokenizer"),
        (&["generate", LLAMA, "--prompt", "a", "--chat"], "chat template"),
        (&["profile", RANDOM, "--prompt-tokens", "100000"], "context"),
        (&["tokenize", RANDOM, "a"], "no tokenizer"),
        (&["profile", RANDOM, "--out", taken], "already"),
        (&["profile", RANDOM, "--out", "no/such/folder/run.jsonl"], "no/such/folder/run.jsonl"),
        (&["capture", LLAMA, "--ids", "1", "--hooks", "logits", "--out", taken], "--force"),
        (&[], "needs a terminal"),
        (&["run", LLAMA], "needs a terminal"),
        (&[LLAMA], "needs a terminal"),
        (&["--color", "never", "--set", "weights=bf16", LLAMA, "--prompt", "hi"], "needs a terminal"),
        (&["--prompt", "hi"], "needs a terminal"),
        (&["./no/such.gguf"], "./no/such.gguf: there is no such file or folder; a MODEL is"),
        (&["nowhere.gguf", "--prompt", "hi"], "nowhere.gguf: there is no such file or folder"),
        (&["--prompt", "hi", "nowhere"], "nowhere: there is no such file or folder"),
        (&["learn", "1", "no/such/folder"], "no/such/folder: there is no such file or folder"),
        (&["view", "traces/v1-tiny.jsonl"], "needs a terminal"),
        (&["view", "Cargo.toml"], "not a run file"),
        (&["view", "no/such/run.jsonl"], "no/such/run.jsonl"),
        (&["view", "tests"], "tests: this is a folder"),
        (&["view", TRACE], "needs a terminal"),
        (&["capture", LLAMA, "--ids", "1", "--hooks", "blocks.7.hook_pattern", "--out", "x"], "hook_resid_pre"),
    ] {
        let said = refusal(args, 1);
        assert!(said.starts_with("error: ") && said.contains(expected), "{args:?}: {said}");
    }
    assert_eq!(std::fs::read_to_string(taken).unwrap(), "precious");
}

/// That a terminal is missing is found out last: what was to be shown has been read then.
#[cfg(unix)]
#[test]
fn view_reads_a_pipe_to_its_end_and_refuses_what_is_in_it_as_in_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (content, expected) in [
        (std::fs::read(root.join("traces/v1-tiny.jsonl")).unwrap(), "needs a terminal"),
        (std::fs::read(root.join(TRACE)).unwrap(), "needs a terminal"),
        (b"{\"traceEvents\":[]}".to_vec(), "no event in it takes time"),
        (b"hello".to_vec(), "not a run file"),
        (b"".to_vec(), "found nothing"),
    ] {
        let mut child = blockscope(&["view", "/dev/stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&content).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(expected), "{expected}: {said}");
    }
    let folder = tempfile::tempdir().unwrap();
    let unused = folder.path().join("unused");
    assert!(Command::new("mkfifo").arg(&unused).status().unwrap().success());
    assert!(refusal(&["view", unused.to_str().unwrap()], 1).contains("nobody writes"));
    assert!(refusal(&["export", unused.to_str().unwrap(), "--to", "perfetto"], 1).contains("nobody writes"));
}

#[test]
fn a_missing_default_model_says_where_it_would_be_and_how_to_get_it() {
    let cache = tempfile::tempdir().unwrap();
    let output = blockscope(&["generate", "--prompt", "a"]).env("XDG_CACHE_HOME", cache.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("scripts/model.sh") && said.contains("SmolLM2-135M-Instruct.Q4_1.gguf"), "{said}");
    assert!(said.contains(cache.path().to_str().unwrap()), "{said}");

    let doctor = blockscope(&["doctor", "--json"]).env("XDG_CACHE_HOME", cache.path()).output().unwrap();
    let found: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    assert_eq!(found["models"], Value::Array(Vec::new()));
    assert!(found["problems"][0].as_str().unwrap().contains("scripts/model.sh"));
}

#[test]
fn tokenize_gives_the_reference_ids_of_smollm2() {
    let text = "The quick brown fox jumps over the lazy dog because";
    let found = json(&["tokenize", "--json", text]);
    assert_eq!(ids(&found["ids"]), golden_ids("smollm2-135m/fox.safetensors", "input_ids"));
    let tokens = found["tokens"].as_array().unwrap();
    assert_eq!(
        tokens[1],
        serde_json::json!({ "id": 2365, "text": " quick", "bytes": "20717569636b", "start": 3, "end": 9 })
    );
    let hex: String = tokens.iter().map(|token| token["bytes"].as_str().unwrap()).collect();
    let expected: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected);
}

#[test]
fn tokenize_takes_any_text() {
    for text in ["-5", "--help me", "ünï \u{1f642}\n\t\u{1b}[2J", ""] {
        let found = json(&["tokenize", LLAMA, "--json", "--plain", "--", text]);
        let hex: String = found["tokens"].as_array().unwrap().iter().map(|t| t["bytes"].as_str().unwrap()).collect();
        assert_eq!(hex, text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>(), "{text:?}");
    }
    // From standard input, as other programs hand it over.
    let mut child =
        blockscope(&["tokenize", LLAMA, "--json", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("The cat sat on the mat, and the cat".as_bytes()).unwrap();
    let found: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(ids(&found["ids"]), golden_ids("llama/golden.safetensors", "input_ids"));
}

#[test]
fn of_standard_input_one_line_end_is_dropped() {
    let tokens = |text: &[u8]| {
        let mut child = blockscope(&["tokenize", LLAMA, "--json", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text).unwrap();
        let found: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
        ids(&found["ids"])
    };
    let plain = tokens(b"The cat");
    assert_eq!(tokens(b"The cat\n"), plain);
    assert_eq!(tokens(b"The cat\r\n"), plain);
    assert_eq!(tokens(b"The cat\n\n").len(), plain.len() + 1);
}

/// A folder with nothing but a tokenizer, of these bytes.
fn tokenizer_alone(json: impl AsRef<[u8]>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), json).unwrap();
    folder
}

#[test]
fn tokenize_shows_bytes_and_places() {
    let expected = "
 id  token  bytes        place
281  The    54 68 65     0..3
280  ·cat   20 63 61 74  3..7
223  ·      20           7..8
165  ⟨e6⟩   e6           8..9
248  ⟨97⟩   97           9..10
101  ⟨a5⟩   a5           10..11
";
    assert_eq!(format!("\n{}", stdout(&["tokenize", LLAMA, "The cat 日"])), expected);
}

#[test]
fn a_text_that_is_not_utf8_is_refused() {
    let mut child = blockscope(&["tokenize", LLAMA, "--steps", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"a\xff\x1b[2J").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
    assert!(said.contains("UTF-8") && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn tokenize_shows_merges_until_the_tokens() {
    let text = "Привет, 世界! 👩🏽‍💻 x+=1;";
    let steps = json(&["tokenize", "--steps", "--json", text]);
    let words = steps["words"].as_array().unwrap();
    let merged: Vec<u64> = words.iter().flat_map(|word| ids(&word["ids"])).collect();
    assert_eq!(merged, ids(&json(&["tokenize", "--json", text])["ids"]));
    assert_eq!(words.iter().map(|word| word["text"].as_str().unwrap()).collect::<String>(), text);
    assert_eq!(words[0]["pieces"][0]["bytes"], "d0");
    let table = stdout(&["tokenize", "--steps", "the cat"]);
    assert!(table.lines().next().unwrap().starts_with("word   rank  makes"), "{table}");
    assert!(table.contains("t h e") && table.contains("·cat") && table.contains("· c a t"), "{table}");

    let unigram = r#"{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.0]]}}"#;
    let unigram = tokenizer_alone(unigram);
    let said = refusal(&["tokenize", unigram.path().to_str().unwrap(), "--steps", "a"], 1);
    assert!(said.contains("no merges to show: this is a Unigram tokenizer"), "{said}");
}

#[test]
fn tokenize_holds_tokenizers_against_each_other() {
    let json_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizers/sentencepiece.json");
    let alone = tokenizer_alone(std::fs::read(json_file).unwrap());
    let alone = alone.path().to_str().unwrap();
    let text = "The cat sat, кошка 猫";
    let found = json(&["tokenize", "--json", text, "--with", LLAMA, "--with", alone]);
    let found = &found["texts"][0];
    assert_eq!((&found["characters"], &found["bytes"]), (&Value::from(20), &Value::from(27)));
    let tokenizers = found["tokenizers"].as_array().unwrap();
    assert_eq!(tokenizers.iter().map(|t| t["vocab_size"].as_u64().unwrap()).collect::<Vec<_>>(), [49_152, 384, 512]);
    for (tokenizer, model) in tokenizers.iter().zip(["smollm2", LLAMA, alone]) {
        assert_eq!(tokenizer["tokenizer"], model);
        let n = tokenizer["tokens"].as_array().unwrap().len();
        let alone = json(&["tokenize", model, "--plain", "--json", text]);
        assert_eq!(n, alone["tokens"].as_array().unwrap().len());
        assert_eq!(tokenizer["tokens_per_character"].as_f64().unwrap(), n as f64 / 20.0);
        assert_eq!(tokenizer["bytes_per_token"].as_f64().unwrap(), 27.0 / n as f64);
        let scripts = tokenizer["scripts"].as_array().unwrap();
        let named: Vec<&str> = scripts.iter().map(|share| share["script"].as_str().unwrap()).collect();
        assert_eq!(named, ["Latin", "common", "Cyrillic", "Han"]);
        let sum: f64 = scripts.iter().map(|share| share["tokens"].as_f64().unwrap()).sum();
        assert!((sum - n as f64).abs() < 1e-9);
    }
    let table = stdout(&["tokenize", text, "--with", LLAMA]);
    for expected in ["smollm2", "golden/llama", "49,152", "tokens/character", "Cyrillic", "The│·cat│"] {
        assert!(table.contains(expected), "{expected} in {table}");
    }
}

#[test]
fn tokenize_says_what_a_sentence_takes_in_each_language() {
    let found = json(&["tokenize", LLAMA, "--sample", "--json", "--with", "smollm2"]);
    let texts = found["texts"].as_array().unwrap();
    assert_eq!(texts.len(), 6);
    assert!(texts.iter().all(|text| text["tokenizers"].as_array().unwrap().len() == 2));
    let rate = |text: &Value| text["tokenizers"][1]["tokens_per_character"].as_f64().unwrap();
    assert_eq!((&texts[0]["language"], &texts[5]["language"]), (&"English".into(), &"Hindi".into()));
    assert!(rate(&texts[0]) < 0.3 && rate(&texts[5]) > 3.0 * rate(&texts[0]), "SmolLM2 learned English");
    let narrow = blockscope(&["tokenize", LLAMA, "--sample"]).env("COLUMNS", "60").output().unwrap();
    let shown = String::from_utf8(narrow.stdout).unwrap();
    assert!(shown.contains("Russian") && shown.lines().all(|line| width(line) <= 60), "{shown}");
}

#[test]
fn generate_gives_the_reference_ids() {
    for (model, file) in [(LLAMA, "llama/golden.safetensors"), (GPT2, "gpt2/golden.safetensors")] {
        let prompt = golden_ids(file, "input_ids");
        let all = golden_ids(file, "greedy_ids");
        for set in ["attention=fused,kv_cache=on", "attention=eager,kv_cache=off"] {
            let found = json(&[
                "generate",
                model,
                "--json",
                "--ids",
                &list(&prompt),
                "--max-new",
                "16",
                "--greedy",
                "--ignore-stop",
                "--set",
                set,
                "--set",
                "threads=1",
            ]);
            assert_eq!(ids(&found["prompt_ids"]), prompt);
            assert_eq!(ids(&found["new_ids"]), all[prompt.len()..], "{model} {set}");
            for key in ["ttft_s", "tpot_s", "prefill_tokens_per_s", "decode_tokens_per_s"] {
                assert!(found[key].as_f64().unwrap() > 0.0, "{key}");
            }
            assert!(found["text"].is_string());
            assert_eq!(found["config"]["toggles"]["threads"], "1");
            assert_eq!(found["config"]["sampling"]["temperature"], 0.0);
        }
    }
}

#[test]
fn generate_puts_text_on_stdout_and_numbers_on_stderr() {
    let args = ["generate", LLAMA, "--ids", "281,280,279", "--max-new", "8", "--ignore-stop", "--set", "threads=1"];
    let output = run(&args);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("TTFT") && errors.contains("tok/s") && !errors.contains('\x1b'), "{errors}");
    let found = json(&[&args[..], &["--json"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("TTFT"));
    // The stream may lack a last character of which only the first bytes came.
    let whole = found["text"].as_str().unwrap().trim_end_matches('\u{fffd}').to_owned();
    assert!(text.starts_with(&whole), "{text:?} {whole:?}");
}

#[test]
fn sampling_is_repeatable() {
    let sample = |seed: &str| {
        let args = ["generate", LLAMA, "--json", "--ids", "1,2", "--ignore-stop", "--set", "threads=1"];
        let more = ["--max-new", "24", "--temperature", "2", "--top-k", "50", "--top-p", "0.95", "--seed", seed];
        ids(&json(&[&args[..], &more].concat())["new_ids"])
    };
    let first = sample("1");
    assert_eq!(first, sample("1"));
    assert_ne!(first, sample("2"));
}

#[test]
fn profile_json_has_every_number_and_says_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    let found = json(&[
        "profile",
        RANDOM,
        "--json",
        "--prompt-tokens",
        "16",
        "--new-tokens",
        "4",
        "--repeats",
        "2",
        "--set",
        "kv_cache=off,threads=1",
        "--out",
        file.to_str().unwrap(),
    ]);
    for key in ["ttft_s", "tpot_s", "prefill_tokens_per_s", "decode_tokens_per_s"] {
        assert!(found[key].as_f64().unwrap() > 0.0, "{key}");
        assert!(found["basis"][key].as_str().unwrap().starts_with("measured"), "{key}");
        let spread = &found["quartiles"][key];
        assert!(spread["q1"].as_f64().unwrap() <= spread["q3"].as_f64().unwrap(), "{key}");
    }
    assert_eq!(found["toggles"]["kv_cache"], "off");
    assert_eq!(found["threads"], 1);
    assert_eq!(found["model"]["n_layers"], 2);
    assert_eq!(found["device"], "cpu");
    assert_eq!(found["libtorch"], "2.11.0");
    assert_eq!(found["blockscope"], env!("CARGO_PKG_VERSION"));
    assert_eq!(found["repeats"], serde_json::json!({ "plain": 2, "recorded": 2 }));
    assert_eq!((&found["prompt_tokens"], &found["new_tokens"]), (&16.into(), &4.into()));

    let parts = found["parts"].as_array().unwrap();
    for phase in ["prefill", "decode"] {
        let top = parts.iter().filter(|part| {
            let name = part["name"].as_str().unwrap();
            part["phase"] == phase && name.strip_prefix("blocks.").unwrap_or(name).split('.').count() == 1
        });
        let accounted: f64 = top.map(|part| part["time_s"]["typical"].as_f64().unwrap()).sum();
        let whole = &found["phases"][phase];
        let rest = whole["wall_s"].as_f64().unwrap() - accounted;
        assert!((rest - whole["unaccounted_s"].as_f64().unwrap()).abs() < 1e-9, "{phase} adds up");
        assert!(whole["recorded_over_plain"].as_f64().unwrap() > 0.0);
    }
    let part = |name: &str, phase: &str| {
        parts.iter().find(|part| part["name"] == name && part["phase"] == phase).unwrap_or_else(|| panic!("{name}"))
    };
    for phase in ["prefill", "decode"] {
        for name in ["embed", "blocks.0", "blocks.1.attn", "blocks.1.attn.qkv", "blocks.1.mlp.down", "lm_head"] {
            let time = &part(name, phase)["time_s"];
            assert!(time["median"].as_f64().unwrap() > 0.0);
            assert!(time["q1"].as_f64().unwrap() <= time["q3"].as_f64().unwrap());
        }
    }
    assert_eq!(part("embed", "prefill")["calls"], 1);
    assert_eq!(part("embed", "decode")["calls"], 3);
    // 2·S·d·d_mlp of the down-projection: 16 positions, 64 and 128 wide.
    assert_eq!(part("blocks.0.mlp.down", "prefill")["flops"], 2 * 16 * 64 * 128);
    assert!(part("blocks.0.mlp.down", "prefill")["bytes"].as_u64().unwrap() >= 4 * 64 * 128);

    // The run file tells the same.
    let saved = blockscope::record::file::read(&file).unwrap();
    assert_eq!(blockscope::report::json::versioned(blockscope::report::json::profile(&saved)), found);
}

#[test]
fn profile_prints_a_table() {
    let args = ["profile", RANDOM, "--prompt-tokens", "8", "--new-tokens", "3", "--repeats", "1", "--set", "threads=1"];
    let table = stdout(&args);
    for expected in ["TTFT", "TPOT", "prefill: 8 tokens", "decode:", "2 blocks", "unaccounted", "modelled", "measured"]
    {
        assert!(table.contains(expected), "{expected} in\n{table}");
    }
    assert!(!table.contains('\x1b'), "no colours in a pipe");
    assert!(!table.contains("block 1\n") && stdout(&[&args[..], &["--blocks"]].concat()).contains("\nblock 1 "));
    assert!(stdout(&[&args[..], &["--parts"]].concat()).matches("\n    qkv ").count() == 4);
    assert!(stdout(&[&["--color", "always"], &args[..]].concat()).contains("\x1b[1m"));
    let narrow = blockscope(&args).env("COLUMNS", "50").output().unwrap().stdout;
    assert!(!String::from_utf8(narrow).unwrap().contains("FLOPs  "));
}

#[test]
fn capture_writes_tensors_under_their_hook_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.safetensors");
    let path = file.to_str().unwrap();
    let hooks = "blocks.*.attn.hook_pattern,blocks.1.hook_resid_post,logits";
    let args = ["capture", LLAMA, "--ids", "281,280,279,262", "--hooks", hooks, "--out", path, "--json"];
    let told = json(&args);
    let bytes = std::fs::read(&file).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    for (name, shape) in [
        ("blocks.0.attn.hook_pattern", vec![1, 4, 4, 4]),
        ("blocks.1.attn.hook_pattern", vec![1, 4, 4, 4]),
        ("blocks.1.hook_resid_post", vec![1, 4, 64]),
        ("logits", vec![1, 4, 384]),
        ("input_ids", vec![1, 4]),
    ] {
        assert_eq!(tensors.tensor(name).unwrap().shape(), shape, "{name}");
    }
    assert_eq!(tensors.len(), 5);
    assert_eq!(tensors.tensor("input_ids").unwrap().dtype(), safetensors::Dtype::I64);
    assert_eq!(told["tensors"].as_array().unwrap().len(), 5);
    assert!(refusal(&args, 1).contains("already"));
    json(&[&args[..], &["--force"]].concat());
}

#[cfg(unix)]
#[test]
fn every_file_that_is_written_has_the_usual_mode() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mode = |path: &str| std::fs::metadata(path).unwrap().permissions().mode();
    let files = ["seen.safetensors", "hooks.safetensors", "run.jsonl", "run.json", "plain"].map(in_folder);
    let [seen, hooks, run, exported, plain] = &files;
    stdout(&["capture", LLAMA, "--ids", "281,280,279", "--out", seen]);
    stdout(&["capture", LLAMA, "--ids", "281,280,279", "--hooks", "logits", "--out", hooks]);
    let short = ["--prompt-tokens", "4", "--new-tokens", "2", "--repeats", "1", "--set", "threads=1"];
    stdout(&[&["profile", RANDOM, "--out", run][..], &short].concat());
    stdout(&["export", run, "--to", "json", "--out", exported]);
    std::fs::write(plain, "").unwrap();
    for file in &files {
        assert_eq!(mode(file), mode(plain), "{file}");
    }
}

#[test]
fn inspect_describes_a_model_without_loading_it() {
    let smollm2 = json(&["inspect", "--json"]);
    assert_eq!(smollm2["parameters"], 134_515_008);
    assert_eq!(smollm2["total"]["formats"], serde_json::json!({ "Q4_1": 210, "F32": 61, "Q8_0": 1 }));
    assert_eq!(smollm2["tokenizer"]["chat_template"], true);
    let sum: u64 = smollm2["parts"].as_array().unwrap().iter().map(|part| part["parameters"].as_u64().unwrap()).sum();
    assert_eq!(sum, 134_515_008);
    assert!(stdout(&["inspect"]).contains("Q4_1 ×210"));
    assert_eq!(json(&["inspect", "--json", GPT2])["family"], "gpt2");
    assert_eq!(json(&["inspect", "--json", "random:llama-3.2-1b"])["parameters"], 1_235_814_400u64);
}

#[test]
fn doctor_finds_what_the_tests_run_on() {
    let found = json(&["doctor", "--json", "--no-measure"]);
    assert_eq!(found["libtorch"], found["libtorch_expected"]);
    assert!(found["threads"].as_u64().unwrap() > 0 && found["memory_bytes"].as_u64().unwrap() > 0);
    assert!(stdout(&["doctor", "--no-measure"]).contains("as expected"));
}

#[test]
fn lessons_are_checked_without_a_screen() {
    let all = stdout(&["learn", "--check"]);
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.last(), Some(&"26 passed, 0 failed, 0 skipped"), "{all}");
    let is_prediction = |line: &&&str| line.starts_with("      predict  ");
    let predictions: Vec<&&str> = lines.iter().filter(is_prediction).collect();
    assert!(predictions.len() >= 15 && predictions.iter().all(|line| line.contains(" measured ")), "{all}");
    let lines: Vec<&&str> = lines.iter().filter(|line| !is_prediction(line)).collect();
    for (at, line) in lines[..26].iter().enumerate() {
        assert!(line.starts_with(&format!("PASS  {:>2}  ", at + 1)) && line.contains(['≤', '≥']), "{line}");
    }
    assert!(all.contains("16  observation"), "{all}");
    let one = stdout(&["learn", "7", LLAMA, "--check"]);
    assert!(one.starts_with("PASS   7  law") && one.lines().count() == 3, "{one}");
    assert!(one.contains("predict  How much of its weight") && one.contains(" measured "), "{one}");
    let both = json(&["learn", "7", LLAMA, "--check", "--json"]);
    assert_eq!((&both["passed"], &both["failed"]), (&1.into(), &0.into()), "{both}");
    let (experiment, prediction) = (&both["lessons"][0]["experiment"], &both["lessons"][0]["prediction"]);
    assert!(experiment["passes"] == true && experiment["value"].as_f64() <= experiment["at_most"].as_f64(), "{both}");
    assert!(prediction["measured"].as_f64().is_some_and(|share| (0.0..=100.0).contains(&share)), "{both}");
    assert_eq!((&prediction["quantity"], &prediction["unit"]), (&"largest-weight".into(), &"%".into()), "{both}");
    assert!(refusal(&["learn", "7", LLAMA, "--json"], 2).contains("--check"));
    // What training makes is not to be found in random weights, and the exit code says so.
    let random = run(&["learn", "all", RANDOM, "--check"]);
    assert_eq!(random.status.code(), Some(1), "{random:?}");
    let said = String::from_utf8_lossy(&random.stdout);
    let starts = |with: &str| said.lines().any(|line| line.starts_with(with));
    assert!(starts("FAIL  15  observation") && starts("FAIL  16  observation"), "{said}");
    assert!(starts("PASS  14  law") && starts("skip   2"), "{said}");
    assert!(refusal(&["learn", "27"], 2).contains("from 1 to 26"));
    assert!(refusal(&["learn", "7", LLAMA, "--check", "--prompt", "a"], 1).contains("too short"));
}

#[test]
fn a_reader_that_leaves_ends_the_program_quietly() {
    for args in [
        &["tokenize", LLAMA, "--json", "a"][..],
        &["generate", LLAMA, "--ids", "1", "--max-new", "200", "--ignore-stop", "--set", "threads=1"],
        &["inspect", LLAMA],
    ] {
        let mut child = blockscope(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("error"), "{args:?}");
    }
}

#[test]
fn a_full_disk_is_an_error_and_the_numbers_are_not_lost() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let args = ["profile", RANDOM, "--prompt-tokens", "8", "--new-tokens", "2", "--repeats", "1", "--set", "threads=1"];
    let output = run(&[&args[..], &["--out", "/dev/full", "--force"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/dev/full: "));
    assert!(String::from_utf8_lossy(&output.stdout).contains("unaccounted"));

    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = blockscope(&["inspect", LLAMA]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
}

/// Waits until `done`, or gives up after a minute.
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A long run that writes `file`, once two tokens of it are in there.
fn long_run(file: &Path) -> std::process::Child {
    let args = ["generate", LLAMA, "--json", "--ids", "1,2,3", "--max-new", "250", "--ignore-stop"];
    let more = ["--set", "threads=1,kv_cache=off", "--out", file.to_str().unwrap()];
    let child = blockscope(&[&args[..], &more].concat()).stdout(Stdio::piped()).spawn().unwrap();
    let tokens = || std::fs::read_to_string(file).map_or(0, |text| text.matches("\"event\":\"token\"").count());
    wait_until("two tokens", || tokens() >= 2);
    child
}

#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    for (name, code, file) in [("-INT", 130, "int.jsonl"), ("-TERM", 143, "term.jsonl")] {
        let file = folder.path().join(file);
        let child = long_run(&file);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["status"], "cancelled");
        let saved = blockscope::record::file::read(&file).unwrap();
        assert_eq!(saved.status, Some(blockscope::record::Status::Cancelled));
        assert!(saved.tokens.len() >= 2 && saved.tokens.len() < 250);
        assert_eq!(ids(&told["new_ids"]).len(), saved.tokens.len());
    }
}

#[cfg(unix)]
#[test]
fn a_killed_run_opens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("killed.jsonl");
    let mut child = long_run(&file);
    child.kill().unwrap();
    child.wait().unwrap();
    let saved = blockscope::record::file::read(&file).unwrap();
    assert_eq!(saved.status, None);
    assert!(saved.tokens.len() >= 2 && saved.ttft().is_some());
}

/// A command in a terminal, and what it shows.
struct Terminal {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    shown: Arc<Mutex<Vec<u8>>>,
    reading: std::thread::JoinHandle<()>,
}

impl Terminal {
    fn open(args: &[&str]) -> Self {
        let size = portable_pty::PtySize { rows: 40, cols: 200, pixel_width: 0, pixel_height: 0 };
        let pair = portable_pty::native_pty_system().openpty(size).unwrap();
        let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_blockscope"));
        command.args(args);
        command.cwd(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let child = pair.slave.spawn_command(command).unwrap();
        let keys = pair.master.take_writer().unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let reading = std::thread::spawn({
            let shown = Arc::clone(&shown);
            let mut piece = [0; 4096];
            // On Linux the end of a terminal whose last writer has gone is an error.
            move || {
                while let Ok(n @ 1..) = reader.read(&mut piece) {
                    shown.lock().unwrap().extend_from_slice(&piece[..n]);
                }
            }
        });
        Self { child, keys, shown, reading }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits for the end; the exit code and everything that was shown.
    fn finish(mut self) -> (u32, String) {
        let code = self.child.wait().unwrap().exit_code();
        self.reading.join().unwrap();
        let shown = self.shown.lock().unwrap().clone();
        (code, String::from_utf8(shown).unwrap())
    }
}

#[test]
fn a_saved_run_opens_in_the_interface_and_q_leaves_it() {
    let mut terminal = Terminal::open(&["--color", "never", "view", "traces/v1-tiny.jsonl"]);
    // A single word: what is blank already is not written again.
    wait_until("the screen", || terminal.shown().contains("embedding"));
    terminal.keys.write_all(b"q").unwrap();
    let (code, shown) = terminal.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("tiny"));
}

#[test]
fn nothing_that_a_model_or_a_prompt_says_can_drive_the_terminal() {
    let hostile = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}evil";
    let random = ["--max-new", "200", "--ignore-stop", "--temperature", "3", "--set", "threads=1"];
    let vocabulary = serde_json::json!({ "[UNK]": 0, hostile: 1, "\n": 2 });
    let model = serde_json::json!({ "type": "WordLevel", "unk_token": "[UNK]", "vocab": vocabulary });
    let alone = tokenizer_alone(serde_json::json!({ "model": model }).to_string());
    let alone = alone.path().to_str().unwrap();
    for args in [
        &["--color", "never", "tokenize", LLAMA, hostile][..],
        &["--color", "never", "tokenize", LLAMA, "--json", hostile],
        &["--color", "never", "tokenize", LLAMA, "--steps", hostile],
        &["--color", "never", "tokenize", LLAMA, "--steps", "--json", hostile],
        &["--color", "never", "tokenize", LLAMA, "--with", alone, hostile],
        &["--color", "never", "tokenize", LLAMA, "--with", alone, "--json", hostile],
        &["--color", "never", "tokenize", alone, hostile],
        // Tokens of a model with random weights: any bytes.
        &[&["--color", "never", "generate", LLAMA, "--prompt", hostile], &random[..]].concat(),
        &["--color", "never", "inspect", &format!("no/such/{hostile}")],
    ] {
        let (_, shown) = Terminal::open(args).finish();
        // The line of progress that loading may show is erased by this program itself.
        let shown = shown.replace("\r\u{1b}[2K", "");
        let harmful = |c: char| (c.is_control() && c != '\r' && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(harmful), "{args:?}: {shown:?}");
        assert!(!shown.is_empty());
    }
}
