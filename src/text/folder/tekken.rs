//! Mistral's `tekken.json`: ranks as tiktoken's, with the expression that splits words and the marks before them.

use super::base64;
use super::config::Config;
use super::files::parse;
use super::opened::Opened;
use super::ranks::Ranks;
use crate::text::split::PreTokenizer;
use crate::text::{Error, Result};
use serde::Deserialize;
use std::path::Path;
use tokenizers::AddedToken;

/// The marks of the files that do not list them.
const MARKS: [&str; 20] = [
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
];

/// The most marks that are known are a thousand.
const MOST_MARKS: u32 = 65_536;

/// The longest expression that is known takes 300 bytes.
const LONGEST_PATTERN: usize = 4096;

#[derive(Deserialize)]
struct Tekken {
    config: Settings,
    vocab: Vec<Entry>,
    #[serde(default)]
    special_tokens: Option<Vec<Mark>>,
}

#[derive(Deserialize)]
struct Settings {
    pattern: String,
    /// Of tokens and marks together; further ones in the file do not count.
    default_vocab_size: u32,
    default_num_special_tokens: u32,
}

#[derive(Deserialize)]
struct Entry {
    rank: u32,
    token_bytes: String,
}

#[derive(Deserialize)]
struct Mark {
    rank: u32,
    token_str: String,
}

/// Builds what the file describes. A prompt begins with `<s>`.
///
/// # Errors
/// When it is damaged or contradicts itself.
pub fn open(path: &Path, bytes: &[u8], config: &Config) -> Result<Opened> {
    let problem = |words: String| Error::file(path, words);
    let file: Tekken = parse(path, bytes)?;
    let Settings { pattern, default_vocab_size, default_num_special_tokens: first } = file.config;
    if first > MOST_MARKS || pattern.len() > LONGEST_PATTERN {
        let found = format!("{first} and {}", pattern.len());
        let most = format!("expected at most {MOST_MARKS} marks and an expression of {LONGEST_PATTERN} bytes");
        return Err(problem(format!("{most}, found {found}")));
    }
    let size = default_vocab_size.saturating_sub(first);
    let tokens = file.vocab.into_iter().filter(|token| token.rank < size);
    let tokens = tokens.map(|token| Ok((base64::decode(&token.token_bytes)?, token.rank)));
    let tokens = tokens.collect::<Result<_, String>>().map_err(problem)?;
    let listed = file
        .special_tokens
        .unwrap_or_else(|| (0..).zip(MARKS).map(|(rank, mark)| Mark { rank, token_str: mark.to_owned() }).collect());
    let mut marks: Vec<String> = (0..first).map(|id| format!("<SPECIAL_{id}>")).collect();
    for mark in listed {
        let slot = marks.get_mut(mark.rank as usize);
        *slot.ok_or_else(|| problem(format!("expected marks below {first}, found one of rank {}", mark.rank)))? =
            mark.token_str;
    }
    let marks = (0..).zip(marks).map(|(id, mark)| (id, AddedToken::from(mark, true).normalized(false))).collect();
    let words = PreTokenizer::expression(&pattern)
        .map_err(|error| problem(format!("its expression for words is none: {error}")))?;
    let words = PreTokenizer::Steps(vec![words, PreTokenizer::byte_level()]);
    let mut opened = Ranks { tokens, first, marks }.open(words, false).map_err(problem)?;
    (opened.bos, opened.eos) = (opened.encoder.token_to_id("<s>"), opened.encoder.token_to_id("</s>"));
    opened.before = opened.bos.filter(|_| config.add_bos().unwrap_or(true));
    opened.after = opened.eos.filter(|_| config.add_eos().unwrap_or(false));
    Ok(opened)
}
