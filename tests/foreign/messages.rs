//! What is said repeats what is foreign: only so much of it, and nothing that a terminal would act on.

use crate::common::{llama_with, refusal, text};

/// Bytes that any message may have: some three thousand characters.
const LONGEST: usize = 16_000;

#[test]
fn a_foreign_value_is_not_repeated_without_end() {
    let long = "é".repeat(70_000);
    let config = format!(r#"{{"model_type": "{long}"}}"#);
    let folder = llama_with(&[("config.json", &config)]);
    let errors = refusal(&["inspect", text(folder.path())], 1);
    assert!(errors.len() < LONGEST, "{} bytes", errors.len());
    assert!(errors.contains("of type 'é") && errors.contains('…'), "{errors}");
    assert!(errors.contains("this version knows"), "the end says what to do: {errors}");
}

#[test]
fn tensors_that_are_missing_are_listed_up_to_a_number() {
    let config = std::fs::read_to_string(format!("{}/config.json", crate::common::LLAMA)).unwrap();
    let deep = config.replacen("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1000", 1);
    assert_ne!(config, deep);
    let folder = llama_with(&[("config.json", &deep)]);
    let errors = refusal(&["generate", text(folder.path()), "--ids", "1"], 1);
    assert!(errors.len() < LONGEST, "{} bytes", errors.len());
    assert!(errors.contains("model.layers.2.") && errors.contains("more"), "{errors}");
}

/// The parser of the command line repeats arguments as they are.
#[test]
fn an_argument_cannot_drive_the_terminal() {
    let hostile = "\u{1b}[2J\u{9b}31m\u{202e}evil";
    for command in [
        &["profile", "--set", hostile][..],
        &["generate", "--ids", hostile],
        &["generate", hostile, hostile],
        &["--color", hostile, "doctor"],
        &["explore", "--lens", hostile, "--json", "--ids", "1"],
        &[hostile],
    ] {
        let errors = refusal(command, 2);
        let bad = errors.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(bad, None, "{errors:?}");
        assert!(errors.contains("evil"), "{errors}");
    }
    let long = "x".repeat(100_000);
    assert!(refusal(&["profile", "--set", &long], 2).len() < LONGEST);
}
