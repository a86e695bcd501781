//! Command lines without a command: `blockscope --prompt hi` and `blockscope ./file.gguf` mean `blockscope run …`.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Where `run` belongs in `words`, of which the first is the program's own name; `None` where a command is named, or where
/// help is asked for. `program` is the whole command line as clap knows it.
pub fn run_at(words: &[OsString], program: &clap::Command) -> Option<usize> {
    let at = first(words);
    let word = words.get(at)?;
    let Some(text) = word.to_str() else { return Path::new(word).exists().then_some(at) };
    let is_command = text == "help" || program.get_subcommands().any(|command| command.get_name() == text);
    let means_run = match text.strip_prefix("--") {
        _ if is_command => false,
        // One that `run` does not have either is refused with those that it has.
        Some(option) => !["", "help", "version"].contains(&option),
        None => is_model(text),
    };
    means_run.then_some(at)
}

/// Adds to an error about a word that is no command that it is no model either.
pub fn explained(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    if error.kind() == ErrorKind::InvalidSubcommand {
        let word = words.get(first(words)).map_or("", |word| word.to_str().unwrap_or_default());
        let tip =
            format!("there is no file or folder '{word}' here either: a MODEL is one, or smollm2, or random:PRESET");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

/// The first word that is neither the program nor about colours, which every command takes.
fn first(words: &[OsString]) -> usize {
    let mut at = 1;
    loop {
        match words.get(at).and_then(|word| word.to_str()) {
            Some("--color") => at += 2,
            Some(word) if word.starts_with("--color=") => at += 1,
            _ => return at,
        }
    }
}

/// Whether a word names a model, or is a path and nothing else: one that is not there is refused as such.
fn is_model(word: &str) -> bool {
    let path = Path::new(word);
    let is_path = !word.starts_with('-')
        && (word.contains('/') || word.starts_with(['.', '~']) || path.extension() == Some(OsStr::new("gguf")));
    word == "smollm2" || word.starts_with("random:") || is_path || path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> clap::Command {
        clap::Command::new("program").subcommands(["run", "profile"].map(clap::Command::new))
    }

    fn at(words: &str) -> Option<usize> {
        let words: Vec<OsString> =
            ["program"].into_iter().chain(words.split_whitespace()).map(OsString::from).collect();
        run_at(&words, &program())
    }

    #[test]
    fn options_and_models_of_run_need_no_command() {
        for words in
            ["--prompt hi", "--prompt=hi", "./x.gguf", "x.gguf", "no/such", "../x", "~/x", "random:gpt5", "src"]
        {
            assert_eq!(at(words), Some(1), "{words}");
        }
        assert_eq!(at("--color never --prompt hi"), Some(3));
        assert_eq!(at("--color=never smollm2"), Some(2));
    }

    #[test]
    fn commands_help_and_what_nobody_knows_are_left_alone() {
        for words in ["", "run x", "profile ./x", "help", "--help", "-h", "--version", "profle", "--", "-x/y"] {
            assert_eq!(at(words), None, "{words}");
        }
        assert_eq!(at("--color never profile"), None);
        assert_eq!(at("--color"), None);
    }
}
