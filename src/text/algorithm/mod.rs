//! How words become tokens.
//!
//! | | |
//! |---|---|
//! | [`Join`] | the neighbours whose token ranks best are joined: SentencePiece's BPE, tiktoken |
//! | [`Unigram`] | the pieces whose scores add up to the most: T5, XLM-R |
//! | the `tokenizers` crate | merges in a list, WordPiece, whatever a `tokenizer.json` asks for |

mod fallback;
pub(super) mod join;
mod names;
mod trie;
mod unigram;

pub(super) use fallback::Fallback;
pub(super) use join::{Join, Joint};
pub(super) use names::Names;
pub(super) use trie::Trie;
pub(super) use unigram::{Sums, Unigram};

use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tokenizers::models::bpe::BpeTrainer;
use tokenizers::models::{ModelWrapper, TrainerWrapper};
use tokenizers::{Model, Token};

/// How words become tokens, in a pipeline of the `tokenizers` crate.
#[derive(Debug)]
pub(super) enum Algorithm {
    Join(Join),
    Unigram(Unigram),
    Crate(ModelWrapper),
}

impl Algorithm {
    /// The spellings where they are kept here.
    fn names(&self) -> Result<&Names, &ModelWrapper> {
        match self {
            Algorithm::Join(join) => Ok(join.names()),
            Algorithm::Unigram(unigram) => Ok(unigram.names()),
            Algorithm::Crate(model) => Err(model),
        }
    }
}

impl Model for Algorithm {
    type Trainer = TrainerWrapper;

    fn tokenize(&self, word: &str) -> tokenizers::Result<Vec<Token>> {
        match self {
            Algorithm::Join(join) => Ok(join.tokens(word)),
            Algorithm::Unigram(unigram) => Ok(unigram.tokens(word)),
            Algorithm::Crate(model) => model.tokenize(word),
        }
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        self.names().map_or_else(|model| model.token_to_id(token), |names| names.id(token))
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        self.names().map_or_else(|model| model.id_to_token(id), |names| names.token(id).map(str::to_owned))
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        self.names().map_or_else(Model::get_vocab, |names| names.all().clone())
    }

    fn get_vocab_size(&self) -> usize {
        self.names().map_or_else(Model::get_vocab_size, Names::size)
    }

    fn save(&self, _: &Path, _: Option<&str>) -> tokenizers::Result<Vec<PathBuf>> {
        Err("vocabularies are read here, not written".into())
    }

    fn get_trainer(&self) -> TrainerWrapper {
        BpeTrainer::default().into() // the trait asks for one; nobody calls it
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    /// As a `tokenizer.json` has it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ModelWrapper::deserialize(deserializer).map(Algorithm::Crate)
    }
}
