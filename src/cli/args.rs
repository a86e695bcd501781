//! Flags that several subcommands share.

use super::failure::{Failure, Result};
use crate::arch::Toggles;
use crate::engine::Device;
use crate::measure::{Prompt, Rounds};
use clap::builder::NonEmptyStringValueParser;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Which model, and how it is built.
#[derive(Debug, clap::Args, Default)]
pub struct ModelArgs {
    /// A folder, a .gguf file, smollm2 or random:PRESET [default: smollm2]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    model: Option<String>,

    /// Toggles, such as attention=eager,kv_cache=off,weights=bf16,threads=2; may be given again
    #[arg(long = "set", value_name = "NAME=VALUE,…", value_parser = check_toggles)]
    set: Vec<String>,

    /// Where to compute: cpu, cuda, or cuda:N for GPU number N
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: Device,
}

impl ModelArgs {
    /// The model as named; empty for the default.
    pub fn named(&self) -> &str {
        self.model.as_deref().unwrap_or_default()
    }

    /// Where to compute. Nothing has been opened for it yet.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The defaults with everything that was set, in order.
    ///
    /// # Errors
    /// None that the parsing of the command line has not refused already.
    pub fn toggles(&self) -> Result<Toggles> {
        toggles(&self.set)
    }
}

/// The defaults with everything in these lists, in order.
///
/// # Errors
/// An unknown name or value.
pub fn toggles(lists: &[String]) -> Result<Toggles> {
    lists.iter().try_fold(Toggles::default(), |toggles, list| Ok(toggles.with(list)?))
}

/// What to run the model on: exactly one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct PromptArgs {
    /// The text to continue; - reads it from standard input, without one line end at its end
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: Option<String>,

    /// Token ids in place of a text
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    ids: Option<Vec<u32>>,
}

/// The same, and whether it is a turn of a chat.
#[derive(Debug, clap::Args)]
pub struct TurnArgs {
    #[command(flatten)]
    prompt: PromptArgs,

    /// Put the text into the model's chat template, as a user's turn
    #[arg(long, requires = "prompt")]
    chat: bool,
}

impl TurnArgs {
    /// The prompt; of a chat, a text is put into the model's chat template.
    ///
    /// # Errors
    /// Standard input cannot be read, or is not UTF-8.
    pub fn prompt(&self) -> Result<Prompt> {
        match (&self.prompt.prompt, &self.prompt.ids) {
            (Some(text), _) => {
                let text = from_argument(text)?;
                Ok(if self.chat { Prompt::Chat(text) } else { Prompt::Text(text) })
            }
            (None, ids) => Ok(Prompt::Ids(ids.clone().unwrap_or_default())),
        }
    }
}

/// The same, or random tokens twice.
#[derive(Debug, clap::Args)]
pub struct TextArgs {
    #[command(flatten)]
    turn: TurnArgs,

    /// In place of a text this many random tokens, twice: heads that find what came before stand out
    #[arg(long, value_name = "N", group = "PromptArgs", value_parser = clap::value_parser!(u32).range(2..))]
    repeat: Option<u32>,
}

impl TextArgs {
    /// # Errors
    /// Those of [`TurnArgs::prompt`].
    pub fn prompt(&self) -> Result<Prompt> {
        self.repeat.map_or_else(|| self.turn.prompt(), |n| Ok(Prompt::Repeated(n)))
    }
}

/// Where to write, and whether over what is there.
#[derive(Debug, clap::Args)]
pub struct OutArgs {
    /// Write the run to this file while it runs (JSON lines)
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Replace FILE if it is there already
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// Positions of a text, as they were given: `all`, `none`, `7`, or `0..16` for 0 to 15.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PositionsArg {
    All,
    Some(Range<usize>),
}

impl PositionsArg {
    /// # Errors
    /// It is none of these.
    pub fn parse(given: &str) -> std::result::Result<Self, String> {
        let range = |first: &str, end: &str| Some(first.trim().parse().ok()?..end.trim().parse().ok()?);
        let found = match (given, given.split_once("..")) {
            ("all", _) => return Ok(Self::All),
            ("none", _) => Some(0..0),
            (_, Some((first, end))) => range(first, end).filter(|range| !range.is_empty()),
            (one, None) => one.trim().parse().ok().map(|at: usize| at..at.saturating_add(1)),
        };
        found.map(Self::Some).ok_or_else(|| "expected all, none, a position, or a range such as 0..16".into())
    }

    /// Those of a text of so many tokens.
    ///
    /// # Errors
    /// It has no such positions.
    pub fn of(&self, tokens: usize) -> Result<Range<usize>> {
        match self {
            Self::All => Ok(0..tokens),
            Self::Some(range) if range.end <= tokens => Ok(range.clone()),
            Self::Some(range) => {
                let asked = match range.end - range.start {
                    0 | 1 => format!("position {}", range.start),
                    _ => format!("positions {} to {}", range.start, range.end - 1),
                };
                let last = tokens.saturating_sub(1);
                Err(Failure::Usage(format!("{asked}: the prompt has positions 0 to {last}")))
            }
        }
    }
}

/// How many rounds a study makes, as it was given: `8`, or `6..60` for from 6 to 60.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundsArg {
    least: u32,
    most: u32,
}

impl RoundsArg {
    /// # Errors
    /// It is no number and no range, or one that cannot be.
    pub fn parse(given: &str) -> std::result::Result<Self, String> {
        let (least, most) = given.split_once("..").unwrap_or((given, given));
        match (least.trim().parse(), most.trim().parse()) {
            (Ok(least), Ok(most)) if 1 <= least && least <= most && most <= 1000 => Ok(Self { least, most }),
            _ => Err("expected a number, or a range such as 6..60, from 1 to 1000".into()),
        }
    }

    /// So many rounds; where it is a range, until the intervals are narrow.
    pub fn rounds(self) -> Rounds {
        Rounds { least: self.least, most: self.most, ..Rounds::default() }
    }
}

/// A text given as an argument; `-` stands for standard input, of which one line end at the very end is dropped: `echo` and
/// editors write it, and it would be a token of the prompt.
///
/// # Errors
/// Standard input cannot be read, or is not UTF-8.
pub fn from_argument(text: &str) -> Result<String> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    let mut read = String::new();
    match std::io::stdin().lock().read_to_string(&mut read) {
        Ok(_) => Ok(without_last_line_end(read)),
        Err(error) => Err(Failure::Failed(format!("cannot read the text from standard input: {error}"))),
    }
}

/// The text without one `\n` or `\r\n` at its end.
fn without_last_line_end(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

/// Refuses, before any work is done, to write over a file or into a folder that is not there.
///
/// # Errors
/// It exists and `force` is not set, or its folder does not exist.
pub fn check_free(path: &Path, force: bool) -> Result {
    if !force && path.symlink_metadata().is_ok() {
        return Err(Failure::Failed(format!(
            "{}: there is such a file already; name another, or replace it with --force",
            path.display()
        )));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Failure::Failed(format!("{}: there is no folder {}", path.display(), folder.display())));
    }
    Ok(())
}

/// A list of toggles, as it was given.
///
/// # Errors
/// An unknown name or value, with those that there are.
pub fn check_toggles(list: &str) -> std::result::Result<String, String> {
    match Toggles::default().with(list) {
        Ok(_) => Ok(list.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_all_none_one_or_a_range() {
        let of = |given| PositionsArg::parse(given).ok().and_then(|positions| positions.of(20).ok());
        assert_eq!(of("all"), Some(0..20));
        assert_eq!(of("none"), Some(0..0));
        assert_eq!(of("7"), Some(7..8));
        assert_eq!(of("0..16"), Some(0..16));
        for wrong in ["", "20", "16..21", "4..4", "9..8", "-1", "..", "18446744073709551615"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn exactly_one_line_end_is_dropped() {
        let cases = [
            ("", ""),
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("\n", ""),
            ("a\r", "a\r"),
            (" a \n", " a "),
        ];
        for (given, kept) in cases {
            assert_eq!(without_last_line_end(given.into()), kept, "{given:?}");
        }
    }

    #[test]
    fn rounds_are_a_number_or_a_range() {
        let rounds = |given| RoundsArg::parse(given).map(|rounds| (rounds.least, rounds.most)).ok();
        assert_eq!(rounds("8"), Some((8, 8)));
        assert_eq!(rounds("6..60"), Some((6, 60)));
        for wrong in ["", "0", "0..4", "9..8", "1..1001", "6..", "..6", "-1", "six"] {
            assert_eq!(rounds(wrong), None, "{wrong}");
        }
    }
}
