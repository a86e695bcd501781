//! What is done to a text before it is cut into tokens.

mod charsmap;
mod sentence;

pub(super) use charsmap::CharsMap;
pub(super) use sentence::{End, SPACE, Sentence};

use serde::{Deserialize, Deserializer};
use tokenizers::{NormalizedString, NormalizerWrapper};

/// What is done to a text first, in a pipeline of the `tokenizers` crate.
#[derive(Debug)]
pub(super) enum Normalizer {
    Sentence(Sentence),
    Crate(NormalizerWrapper),
}

impl tokenizers::Normalizer for Normalizer {
    fn normalize(&self, text: &mut NormalizedString) -> tokenizers::Result<()> {
        match self {
            Normalizer::Sentence(sentence) => sentence.normalize(text),
            Normalizer::Crate(normalizer) => normalizer.normalize(text),
        }
    }
}

impl<'de> Deserialize<'de> for Normalizer {
    /// As a `tokenizer.json` has it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NormalizerWrapper::deserialize(deserializer).map(Normalizer::Crate)
    }
}
