//! How a text is split into words before merging, by the names that GGUF files use. Each expression splits further
//! what the ones before it left, matches and gaps alike.

mod table;
mod threes;

use serde::{Deserialize, Deserializer};
use threes::Threes;
use tokenizers::PreTokenizedString;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior::Isolated;

/// How a text is split, and what comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Splitting {
    steps: &'static [Step],
    /// Characters are composed first (NFC).
    pub composed: bool,
    /// Tokens are spelled with the characters of a byte-level alphabet. Otherwise they are spelled as text, with `▁`
    /// for a space.
    pub byte_level: bool,
    /// A word that is in the vocabulary is that token, whatever the merges would make of it.
    pub whole_words: bool,
    /// Whether a prompt begins with the `bos` token when the file does not say.
    pub add_bos: bool,
}

/// One way to split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// What the expression matches stands alone.
    Split(&'static str),
    /// What is nothing but numbers is cut in threes, from the right.
    Threes,
}

impl Splitting {
    const fn of(steps: &'static [Step]) -> Self {
        Self { steps, composed: false, byte_level: true, whole_words: false, add_bos: false }
    }

    const fn composed(mut self) -> Self {
        self.composed = true;
        self
    }

    const fn spelled_as_text(mut self) -> Self {
        self.byte_level = false;
        self
    }

    const fn whole_words(mut self) -> Self {
        self.whole_words = true;
        self
    }

    const fn begun(mut self) -> Self {
        self.add_bos = true;
        self
    }

    /// Of a name as `tokenizer.ggml.pre` has it; `None` where it is not known.
    pub fn named(name: &str) -> Option<Self> {
        table::TABLE.iter().find(|(names, _)| names.contains(&name)).map(|(_, splitting)| *splitting)
    }

    /// The same for a pipeline; bytes become characters after the splitting.
    pub fn pre_tokenizer(self) -> tokenizers::Result<PreTokenizer> {
        let cut = |step: &Step| match step {
            Step::Split(expression) => PreTokenizer::expression(expression),
            Step::Threes => Ok(PreTokenizer::Threes),
        };
        let mut steps = self.steps.iter().map(cut).collect::<tokenizers::Result<Vec<_>>>()?;
        steps.extend(self.byte_level.then(PreTokenizer::byte_level));
        Ok(PreTokenizer::Steps(steps))
    }
}

/// What cuts a text into words, in a pipeline of the `tokenizers` crate.
#[derive(Debug)]
pub(super) enum PreTokenizer {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_of_the_table_is_an_expression_and_every_name_stands_once() {
        let mut names = HashSet::new();
        for (row, splitting) in table::TABLE {
            splitting.pre_tokenizer().unwrap_or_else(|error| panic!("{row:?}: {error}"));
            assert!(row.iter().all(|name| names.insert(*name)), "{row:?}");
        }
    }
}
