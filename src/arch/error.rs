//! What can be wrong with a description of a model or a choice of toggles. Every message says what was expected, what
//! was found and, where there is something, what to do.

use std::path::{Path, PathBuf};

/// The result of anything in [`crate::arch`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model's files are not what they should be.
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
    /// A GGUF file is not what it should be.
    #[error(transparent)]
    Gguf(#[from] crate::gguf::Error),
    /// A model that this version cannot run.
    #[error("{0}")]
    Unsupported(String),
    /// It would not fit in memory; the arithmetic is in the message.
    #[error("{0}")]
    Memory(String),
    /// A toggle or a combination of toggles that cannot be.
    #[error("{0}")]
    Toggle(String),
}

impl Error {
    /// A problem with the file at `path`.
    pub fn file(path: &Path, problem: impl Into<String>) -> Self {
        Error::File { path: path.to_owned(), problem: problem.into() }
    }
}
