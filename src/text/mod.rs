//! Text on its way into a model and out of it: tokenizers, chat templates, and how a token or any other
//! text from outside is shown.
//!
//! | | |
//! |---|---|
//! | [`Tokenizer`] | text ⇄ token ids, from a GGUF file's own vocabulary or from a folder: `tokenizer.json`, SentencePiece, tiktoken |
//! | [`Placed`] | a token of a text, and where it stands there |
//! | [`Word`] | how byte-pair encoding merged a word, step by step |
//! | [`Cuts`] | the same text by several tokenizers, and what each script takes |
//! | [`Stream`] | ids to text, one at a time, never half a character |
//! | [`ChatTemplate`] | a conversation as the text that the model was trained on |
//! | [`shown`] | text made safe to print: it cannot drive a terminal |

mod algorithm;
mod chat;
mod clock;
mod cut;
mod encoder;
mod folder;
mod gguf;
mod merges;
mod normalizer;
mod parts;
mod placed;
mod sample;
mod scored;
pub mod script;
pub mod shown;
mod split;
mod stream;
mod tokenizer;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use chat::{ChatTemplate, Message};
pub use cut::{Cut, Cuts};
pub use merges::{Step, Taken, Word};
pub use placed::Placed;
pub use sample::SAMPLE;
pub use stream::Stream;
pub use tokenizer::{Input, Specials, Tokenizer};
pub use vocabulary::Token;

use crate::system::caught::caught;
use std::path::{Path, PathBuf};

/// The result of anything in [`crate::text`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between text and tokens.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tokenizer's file is not what it should be.
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
    /// A GGUF file lacks what a tokenizer is made of.
    #[error(transparent)]
    Gguf(#[from] crate::gguf::Error),
    /// A token that the vocabulary does not have.
    #[error("token {id} is not in the vocabulary, which has the ids 0 to {}", size.saturating_sub(1))]
    Unknown { id: u32, size: usize },
    /// A text that the tokenizer refused.
    #[error("the text cannot be tokenized: {0}")]
    Encode(String),
    /// A tokenizer whose tokens do not come about by merges.
    #[error("there are no merges to show: {0}")]
    Merges(String),
    /// A chat template that does not work, or that refuses this conversation.
    #[error("chat template: {0}")]
    Template(String),
}

/// Does some work of the `tokenizers` crate, which panics on files that contradict themselves.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|panic| {
        let problem = format!("this tokenizer contradicts itself: {}", shown::line(&panic));
        Err(Error::file(path, problem))
    })
}

impl Error {
    fn file(path: &Path, problem: impl Into<String>) -> Self {
        Error::File { path: path.to_owned(), problem: problem.into() }
    }
}
