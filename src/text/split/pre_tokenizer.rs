//! What cuts a text into words.

use super::threes::Threes;
use serde::{Deserialize, Deserializer};
use tokenizers::PreTokenizedString;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior::Isolated;

/// What cuts a text into words, in a pipeline of the `tokenizers` crate.
#[derive(Debug)]
pub enum PreTokenizer {
    Steps(Vec<PreTokenizer>),
    Threes,
    Crate(PreTokenizerWrapper),
}

impl PreTokenizer {
    /// What the expression matches stands alone.
    ///
    /// # Errors
    /// When it is none.
    pub fn expression(expression: &str) -> tokenizers::Result<Self> {
        let pattern = SplitPattern::Regex(expression.to_owned());
        Ok(Self::Crate(Split::new(pattern, Isolated, false)?.into()))
    }

    /// Bytes become the characters that stand for them.
    pub fn byte_level() -> Self {
        Self::Crate(ByteLevel::new(false, false, false).into())
    }
}

impl tokenizers::PreTokenizer for PreTokenizer {
    fn pre_tokenize(&self, text: &mut PreTokenizedString) -> tokenizers::Result<()> {
        match self {
            PreTokenizer::Steps(steps) => steps.iter().try_for_each(|step| step.pre_tokenize(text)),
            PreTokenizer::Threes => text.split(|_, part| part.split(Threes, Isolated)),
            PreTokenizer::Crate(splitter) => splitter.pre_tokenize(text),
        }
    }
}

impl<'de> Deserialize<'de> for PreTokenizer {
    /// As a `tokenizer.json` has it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PreTokenizerWrapper::deserialize(deserializer).map(PreTokenizer::Crate)
    }
}
