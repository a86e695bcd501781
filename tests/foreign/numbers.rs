//! Numbers that nobody means, and texts longer than anybody reads.

use crate::common::{LLAMA, blockscope, refusal};
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn a_prompt_is_held_against_the_context_before_it_is_made() {
    for command in
        [&["explore", LLAMA, "--repeat", "4294967295"][..], &["profile", LLAMA, "--prompt-tokens", "4294967295"]]
    {
        let errors = refusal(command, 1);
        assert!(errors.contains("but the model's context holds 256: shorten it"), "{errors}");
    }
}

#[test]
fn a_position_that_is_not_there_is_named_as_it_was_given() {
    let command = ["explore", LLAMA, "--ids", "1,2,3", "--json", "--lens"];
    for (given, named) in [
        ("18446744073709551615", "position 18446744073709551615: the prompt has positions 0 to 2"),
        ("3", "position 3: the prompt has positions 0 to 2"),
        ("2..9", "positions 2 to 8: the prompt has positions 0 to 2"),
    ] {
        let errors = refusal(&[&command[..], &[given]].concat(), 2);
        assert!(errors.contains(named), "{errors}");
    }
}

#[test]
fn steps_of_a_word_without_end_are_refused() {
    let began = Instant::now();
    let mut child = blockscope(&["tokenize", LLAMA, "--steps", "-"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&vec![b'a'; 1_000_000]).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("steps are shown of words of up to 16384 bytes"), "{errors}");
    assert!(began.elapsed() < Duration::from_secs(20));
}
