//! Vocabularies of tiktoken: a line for each token, its bytes in base64 and its rank. Words are split as the model
//! asks for, which the file does not say; of the neighbours that are a token together, those of the lowest rank are
//! joined.

use super::base64;
use super::config::Config;
use super::opened::Opened;
use super::ranks::Ranks;
use crate::text::split::Splitting;
use crate::text::{Error, Result, shown};
use std::path::Path;
use tokenizers::AddedToken;

/// What belongs to a model but does not stand in its vocabulary.
pub struct Family {
    /// What `config.json` calls the model.
    model_type: &'static str,
    /// The name of how it splits words.
    pre: &'static str,
    /// The marks behind the last token, where the folder does not list them.
    marks: fn() -> Vec<String>,
    bos: &'static str,
    add_bos: bool,
    eos: &'static str,
}

pub const LLAMA3: Family = Family {
    model_type: "llama",
    pre: "llama-bpe",
    marks: llama3_marks,
    bos: "<|begin_of_text|>",
    add_bos: true,
    eos: "<|end_of_text|>",
};

pub const QWEN: Family =
    Family { model_type: "qwen", pre: "qwen2", marks: qwen_marks, bos: "", add_bos: false, eos: "<|endoftext|>" };

/// Llama 3.1 names ten of its 256 marks and numbers the rest.
fn llama3_marks() -> Vec<String> {
    let named = [
        (0, "begin_of_text"),
        (1, "end_of_text"),
        (4, "finetune_right_pad_id"),
        (6, "start_header_id"),
        (7, "end_header_id"),
        (8, "eom_id"),
        (9, "eot_id"),
        (10, "python_tag"),
    ];
    let mut reserved = 0..;
    let name = |id: usize| match named.iter().find(|(named, _)| *named == id) {
        Some((_, name)) => format!("<|{name}|>"),
        None => format!("<|reserved_special_token_{}|>", reserved.next().unwrap_or(0)),
    };
    (0..256).map(name).collect()
}

/// The first Qwen's marks: three named, 205 to spare.
fn qwen_marks() -> Vec<String> {
    let named = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"].map(str::to_owned);
    named.into_iter().chain((0..205).map(|id| format!("<|extra_{id}|>"))).collect()
}

/// Whether these are lines of tiktoken, rather than a SentencePiece model.
pub fn is_one(bytes: &[u8]) -> bool {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    std::str::from_utf8(line).is_ok_and(|line| ranked(line).is_ok_and(|(bytes, _)| !bytes.is_empty()))
}

/// The bytes of a token and its rank.
fn ranked(line: &str) -> Result<(Vec<u8>, u32), String> {
    let words = || {
        let found: String = line.chars().take(40).collect();
        format!("expected lines of a token in base64 and its rank, found `{}`", shown::line(&found))
    };
    let (token, rank) = line.trim_end_matches('\r').split_once(' ').ok_or_else(words)?;
    Ok((base64::decode(token).map_err(|_| words())?, rank.parse().map_err(|_| words())?))
}

/// Builds the tokenizer of a family out of its ranks, with the further tokens of `config`.
///
/// # Errors
/// When it is damaged, or the model is of another family.
pub fn open(path: &Path, bytes: &[u8], family: &Family, config: &Config) -> Result<Opened> {
    let problem = |words: String| Error::file(path, words);
    if let Some(other) = config.model_type()?.filter(|other| other != family.model_type) {
        let other = shown::line(&other);
        return Err(problem(format!(
            "these are tiktoken's ranks, which do not say how words are split; that is known of `{}` here, not of \
             `{other}`: expected its `tokenizer.json`",
            family.model_type
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| problem("expected lines of text, found other bytes".into()))?;
    let tokens: Vec<_> =
        text.lines().filter(|line| !line.is_empty()).map(ranked).collect::<Result<_, _>>().map_err(problem)?;
    let size = tokens.len();
    let mut marks: Vec<(u32, AddedToken)> = config.added()?;
    if marks.is_empty() {
        let named = (size as u32..).zip((family.marks)());
        marks = named.map(|(id, mark)| (id, AddedToken::from(mark, true).normalized(false))).collect();
    }
    let splitting = Splitting::named(family.pre).ok_or_else(|| problem("its words are not in the table".into()))?;
    let failed = |error: tokenizers::Error| problem(error.to_string());
    let words = splitting.pre_tokenizer().map_err(failed)?;
    let mut opened = Ranks { tokens, first: 0, marks }.open(words, splitting.composed).map_err(problem)?;
    (opened.bos, opened.eos) = (opened.encoder.token_to_id(family.bos), opened.encoder.token_to_id(family.eos));
    opened.before = opened.bos.filter(|_| config.add_bos().unwrap_or(family.add_bos));
    opened.after = opened.eos.filter(|_| config.add_eos().unwrap_or(false));
    Ok(opened)
}
