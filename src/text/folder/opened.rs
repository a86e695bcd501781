//! A tokenizer as its own file has it, before what lies beside it is looked at.

use crate::text::encoder::Encoder;
use crate::text::vocabulary::Vocabulary;

/// A tokenizer as its own file has it.
pub struct Opened {
    pub encoder: Encoder,
    pub vocabulary: Vocabulary,
    pub lost: [bool; 256],
    pub leading_space: bool,
    /// Tokens around a prompt that the encoder does not add itself.
    pub before: Option<u32>,
    pub after: Option<u32>,
    /// What the file itself calls the beginning and the end of a text.
    pub bos: Option<u32>,
    pub eos: Option<u32>,
}
