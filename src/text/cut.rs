//! The same text cut by several tokenizers.

use super::script::{Share, shares};
use super::{Input, Placed, Result, Tokenizer};

/// A text and how each tokenizer cut it, all in the same order.
#[derive(Debug, Clone, PartialEq)]
pub struct Cuts {
    /// What the text is written in, where that is known.
    pub language: Option<&'static str>,
    pub text: String,
    pub cuts: Vec<Cut>,
}

/// A text as one tokenizer cut it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// What the tokenizer was called.
    pub tokenizer: String,
    /// One more than the largest id.
    pub vocab_size: usize,
    /// Without those that a model wants around a prompt.
    pub tokens: Vec<Placed>,
    /// By script, most characters first.
    pub scripts: Vec<Share>,
}

impl Cut {
    /// Cuts `text` with a tokenizer that is called `name`. With [`Input::Text`], nothing is read as a special token.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn new(name: &str, tokenizer: &Tokenizer, text: &str, input: Input) -> Result<Self> {
        let mut tokens = tokenizer.tokenize(text, input)?;
        tokens.retain(|token| token.place.is_some());
        let scripts = shares(text, &tokens);
        Ok(Self { tokenizer: name.to_owned(), vocab_size: tokenizer.vocab_size(), tokens, scripts })
    }
}

impl Cuts {
    /// Code points of the text.
    pub fn characters(&self) -> usize {
        self.text.chars().count()
    }

    /// How many tokens a code point takes; none of an empty text.
    pub fn tokens_per_character(&self, cut: &Cut) -> Option<f64> {
        ratio(cut.tokens.len(), self.characters())
    }

    /// How many bytes a token stands for; none of an empty text.
    pub fn bytes_per_token(&self, cut: &Cut) -> Option<f64> {
        ratio(self.text.len(), cut.tokens.len())
    }
}

fn ratio(of: usize, by: usize) -> Option<f64> {
    (by > 0).then(|| of as f64 / by as f64)
}
