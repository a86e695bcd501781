//! How a text is split, and what comes with it.

use super::pre_tokenizer::PreTokenizer;

/// How a text is split, and what comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Splitting {
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
pub enum Step {
    /// What the expression matches stands alone.
    Split(&'static str),
    /// What is nothing but numbers is cut in threes, from the right.
    Threes,
}

impl Splitting {
    pub const fn of(steps: &'static [Step]) -> Self {
        Self { steps, composed: false, byte_level: true, whole_words: false, add_bos: false }
    }

    pub const fn composed(mut self) -> Self {
        self.composed = true;
        self
    }

    pub const fn spelled_as_text(mut self) -> Self {
        self.byte_level = false;
        self
    }

    pub const fn whole_words(mut self) -> Self {
        self.whole_words = true;
        self
    }

    pub const fn begun(mut self) -> Self {
        self.add_bos = true;
        self
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
