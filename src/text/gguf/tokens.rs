//! The tokens of a GGUF file, with their kinds.

use super::made::problem;
use crate::gguf::Gguf;
use crate::text::Result;
use crate::text::parts::{Kind, Parts};
use crate::text::vocabulary::byte_token;

impl Parts {
    /// Tokens and kinds, without scores.
    pub fn of_file(file: &Gguf) -> Result<Self> {
        let tokens = file.strings("tokenizer.ggml.tokens")?;
        if tokens.is_empty() {
            return Err(problem(file, "its vocabulary is empty"));
        }
        let kinds = match file.maybe("tokenizer.ggml.token_type", Gguf::ints)? {
            Some(kinds) if kinds.len() == tokens.len() => kinds.into_iter().map(Kind::from_number).collect(),
            Some(kinds) => {
                let found = format!("expected {} token types, one for each token, found {}", tokens.len(), kinds.len());
                return Err(problem(file, found));
            }
            None => guess_kinds(file, &tokens)?,
        };
        Ok(Self { tokens, kinds, scores: Vec::new() })
    }
}

/// The scores of the tokens.
pub fn scores(file: &Gguf, parts: &Parts) -> Result<Vec<f32>> {
    let scores = file.floats("tokenizer.ggml.scores")?;
    if scores.len() != parts.tokens.len() {
        let found = format!("expected {} scores, one for each token, found {}", parts.tokens.len(), scores.len());
        return Err(problem(file, found));
    }
    Ok(scores)
}

/// Without types: what the file names as marks are marks, `<0x0A>` is a byte, the rest is text.
fn guess_kinds(file: &Gguf, tokens: &[String]) -> Result<Vec<Kind>> {
    let kind = |token: &String| if byte_token(token).is_some() { Kind::Byte } else { Kind::Normal };
    let mut kinds: Vec<Kind> = tokens.iter().map(kind).collect();
    let named = ["bos", "eos", "padding", "seperator"].map(|name| (name, Kind::Control));
    for (name, its) in named.into_iter().chain([("unknown", Kind::Unknown)]) {
        if let Some(id) = file.maybe(&format!("tokenizer.ggml.{name}_token_id"), Gguf::usize)?
            && let Some(kind) = kinds.get_mut(id)
        {
            *kind = its;
        }
    }
    Ok(kinds)
}
