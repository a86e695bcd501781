//! `explore` and `ablate` as other programs see them.

use serde_json::Value;
use std::process::{Command, Output, Stdio};

const LLAMA: &str = "tests/fixtures/golden/llama";
const PROMPT: &str = "The cat sat on the mat. The cat sat";

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).env("COLUMNS", "100");
    command.output().unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(args)).unwrap()
}

/// What is said, and the exit code.
fn refusal(args: &[&str]) -> (Option<i32>, String) {
    let output = run(args);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn explore_says_what_heads_do_what_the_lens_says_and_who_wrote_a_token() {
    let found = json(&["explore", LLAMA, "--prompt", PROMPT, "--json", "--lens", "all"]);
    let tokens = found["tokens"].as_array().unwrap().len();
    let heads = found["heads"].as_array().unwrap();
    assert_eq!(heads.len(), 8);
    for head in heads {
        assert!(head["entropy"].as_f64().is_some_and(|entropy| (0.0..=1.0).contains(&entropy)), "{head}");
        assert!(head["previous"]["value"].is_f64() && head["sink"]["mass"].is_f64() && head["roles"].is_array());
    }
    // The embedding, and two places of each block.
    let lens = found["lens"].as_array().unwrap();
    assert_eq!(lens.len(), 5);
    assert!(lens.iter().all(|place| place["positions"].as_array().unwrap().len() == tokens));
    assert!(lens[4]["positions"][0]["kl"].as_f64().unwrap() < 1e-6);
    let attribution = &found["attribution"];
    let parts = attribution["parts"].as_array().unwrap();
    let sum: f64 = parts.iter().map(|part| part["logit"].as_f64().unwrap()).sum();
    assert!((sum - attribution["logit"].as_f64().unwrap()).abs() < 1e-3);
    assert_eq!(attribution["token"]["id"], lens[4]["positions"][tokens - 1]["top"][0]["id"]);

    let printed = stdout(&["explore", LLAMA, "--repeat", "12", "--at", "3"]);
    assert!(printed.contains("the lens at position 3") && printed.contains("together"), "{printed}");
}

#[test]
fn explore_holds_what_heads_matter_against_what_they_cost() {
    let args = ["explore", LLAMA, "--prompt", PROMPT, "--importance"];
    let found = json(&[&args[..], &["--json"]].concat());
    let importance = &found["importance"];
    assert_eq!(importance["positions"], found["tokens"].as_array().unwrap().len());
    assert!(importance["prefill_s"].as_f64().unwrap() > 0.0 && importance["kv_bytes"].as_u64().unwrap() > 0);
    let components = importance["components"].as_array().unwrap();
    let (heads, stages): (Vec<&Value>, Vec<&Value>) = components.iter().partition(|one| one["head"].is_u64());
    assert_eq!((heads.len(), stages.len()), (8, 4));
    let sum = |of: &[&Value], key: &str| of.iter().map(|one| one[key].as_f64().unwrap()).sum::<f64>();
    assert!(components.iter().all(|one| one["kl"].as_f64().is_some_and(|kl| kl > 0.0) && one["more_nll"].is_f64()));
    assert!((sum(&heads, "kv_share") - 1.0).abs() < 1e-9);
    for share in ["time_share", "flops_share"] {
        assert!(0.0 < sum(&heads, share) && sum(&heads, share) < sum(&stages, share), "{share}");
    }
    let ablated = json(&["ablate", LLAMA, "--prompt", PROMPT, "--head", "1.2", "--json"]);
    let same = heads.iter().find(|one| one["component"] == "head 1.2").unwrap();
    assert!((same["kl"].as_f64().unwrap() - ablated["mean_kl"].as_f64().unwrap()).abs() < 1e-4);

    let printed = stdout(&args);
    assert!(printed.contains("what heads matter, and what they cost") && printed.contains("added up"), "{printed}");
    assert!(json(&["explore", LLAMA, "--prompt", PROMPT, "--json"])["importance"].is_null());
}

#[test]
fn ablate_says_what_a_part_is_worth() {
    let args = ["ablate", LLAMA, "--prompt", PROMPT, "--new-tokens", "4", "--json"];
    let found = json(&[&args[..], &["--head", "1.2", "--mlp", "0"]].concat());
    assert_eq!(found["interventions"], serde_json::json!(["head 1.2 off", "mlp 0 off"]));
    assert!(found["mean_kl"].as_f64().unwrap() > 0.0);
    assert_eq!((found["clean"].as_array().unwrap().len(), found["changed"].as_array().unwrap().len()), (4, 4));
    for more in [&["--group", "0.1", "--mean"][..], &["--attn", "1", "--scale", "0.5"], &["--block", "0"]] {
        let printed = stdout(&[&["ablate", LLAMA, "--prompt", PROMPT], more].concat());
        assert!(printed.contains("KL(clean ‖ changed)") && printed.contains("changed"), "{printed}");
    }
    let same = json(&[&args[..], &["--block", "1", "--scale", "1"]].concat());
    assert!(same["mean_kl"].as_f64().unwrap() < 1e-6);
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    for (args, code, expected) in [
        (&["explore", LLAMA, "--prompt", PROMPT, "--at", "99"][..], 2, "has positions 0 to"),
        (&["explore", LLAMA, "--prompt", PROMPT, "--token", "99999"], 2, "outside the vocabulary"),
        (&["explore", LLAMA], 2, "--prompt"),
        (&["explore", LLAMA, "--repeat", "1"], 2, "2"),
        (&["explore", LLAMA, "--prompt", PROMPT, "--repeat", "5"], 2, "cannot be used with"),
        (&["ablate", LLAMA, "--prompt", PROMPT], 2, "--head 8.1"),
        (&["ablate", LLAMA, "--prompt", PROMPT, "--head", "8"], 2, "expected its block"),
        (&["ablate", LLAMA, "--prompt", PROMPT, "--head", "8.1"], 1, "there is no block 8"),
        (&["ablate", LLAMA, "--prompt", PROMPT, "--head", "1.9"], 1, "there is no head 9"),
        (&["ablate", LLAMA, "--prompt", "", "--mlp", "0"], 1, "empty"),
    ] {
        let (found, said) = refusal(args);
        assert_eq!(found, Some(code), "{args:?}: {said}");
        assert!(said.contains(expected) && !said.contains("panicked"), "{args:?}: {said}");
    }
}

#[test]
fn a_capture_is_drawn_and_told_without_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let file = path("cat.safetensors");
    let made = json(&["capture", LLAMA, "--prompt", PROMPT, "--lens", "2..5", "--out", &file, "--json"]);
    assert_eq!((made["heads"].as_u64(), made["lens"]["positions"].as_u64()), (Some(8), Some(3)));
    let told = json(&["export", &file, "--to", "json"]);
    assert_eq!(told["heads"].as_array().unwrap().len(), 8);
    assert_eq!(told["lens"][4]["positions"].as_array().unwrap().len(), 3);
    assert_eq!(told["attributions"][0]["position"], 2);
    assert!(stdout(&["export", &file, "--to", "md"]).contains("| head |"));
    for (args, says) in [
        (&["--picture", "heads"][..], "What every head looks at"),
        (&["--picture", "lens"], "What each place says comes next"),
        (&["--head", "1.2"], "Head 1.2"),
        (&["--head", "1.2", "--head", "0.1"], "1.2"),
    ] {
        let picture = stdout(&[&["export", &file, "--to", "svg"], args].concat());
        assert!(picture.starts_with("<svg") && picture.contains(says), "{args:?}");
    }
    let png = path("head.png");
    stdout(&["export", &file, "--to", "png", "--head", "0.0", "--out", &png]);
    assert!(std::fs::read(&png).unwrap().starts_with(b"\x89PNG"));
    for (args, code, why) in [
        (&["export", &file, "--to", "svg", "--head", "9.0"][..], 1, "no head 9.0"),
        (&["export", &file, "--to", "svg", "--picture", "blocks"], 1, "no blocks in it"),
        (&["export", &file, "--to", "csv"], 1, "svg, png, md and json"),
        (&["export", &file, "--to", "md", "--head", "0.0"], 2, "--head is for svg and png"),
        (&["capture", LLAMA, "--prompt", PROMPT, "--lens", "90..99", "--out", &path("x")], 2, "positions"),
    ] {
        let (found, said) = refusal(args);
        assert!(found == Some(code) && said.contains(why), "{args:?}: {found:?} {said}");
    }
}

#[test]
fn a_token_is_swapped_and_a_part_is_patched() {
    let swapped = json(&["ablate", LLAMA, "--prompt", PROMPT, "--swap", "3= cat", "--json"]);
    let kl = swapped["kl"].as_array().unwrap();
    assert!(kl[2].as_f64().unwrap() < 1e-9 && kl[3].as_f64().unwrap() > 0.0, "{kl:?}");
    let patched =
        json(&["ablate", LLAMA, "--prompt", PROMPT, "--resid", "1@3", "--patch", "A dog ran to the door.", "--json"]);
    let kl = patched["kl"].as_array().unwrap();
    assert!(kl[2].as_f64().unwrap() < 1e-9 && kl[3].as_f64().unwrap() > 0.0, "{kl:?}");
    for (args, why) in [
        (["--swap", "2"], "expected a position and a token"),
        (["--swap", "2= two tokens at least"], "one stands there"),
        (["--resid", "8"], "expected a block and a position"),
    ] {
        let (code, said) = refusal(&[&["ablate", LLAMA, "--prompt", PROMPT], &args[..]].concat());
        assert!(code == Some(2) && said.contains(why), "{args:?}: {said}");
    }
}
