//! What every kind of vocabulary makes of a GGUF file, and asks of it.

use crate::gguf::Gguf;
use crate::text::encoder::Encoder;
use crate::text::parts::Parts;
use crate::text::vocabulary::Spelling;
use crate::text::{Error, Result};

/// What a kind of vocabulary makes of a file.
pub struct Made {
    pub encoder: Encoder,
    pub spelling: Spelling,
    /// What goes around a prompt where the file does not say, in this order.
    pub add_bos: bool,
    pub add_eos: bool,
    pub leading_space: bool,
}

/// A special token that the file names and its vocabulary has.
pub fn token_id(file: &Gguf, parts: &Parts, name: &str) -> Result<Option<u32>> {
    let id = file.maybe(&format!("tokenizer.ggml.{name}_token_id"), Gguf::u32)?;
    Ok(id.filter(|&id| (id as usize) < parts.tokens.len()))
}

/// An error that names the file.
pub fn problem(file: &Gguf, words: impl Into<String>) -> Error {
    Error::file(file.path(), words)
}
