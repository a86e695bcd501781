//! What can be wrong with a GGUF file. Names out of the file are escaped and shortened.

use std::path::{Path, PathBuf};

/// The result of anything in [`crate::gguf`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every message begins with the file's path.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// The container is not what it should be.
    #[error("{}: {problem}", path.display())]
    Format { path: PathBuf, problem: String },
    /// A metadata key that is not there.
    #[error("{}: metadata `{key}` is missing; expected {expected}", path.display())]
    Missing { path: PathBuf, key: String, expected: &'static str },
    /// A metadata value of another type than asked for.
    #[error("{}: metadata `{key}`: expected {expected}, found {found}", path.display())]
    Type { path: PathBuf, key: String, expected: &'static str, found: String },
    /// A tensor that cannot be had as asked for.
    #[error("{}: tensor `{name}`: {problem}", path.display())]
    Tensor { path: PathBuf, name: String, problem: String },
}

impl Error {
    pub(super) fn format(path: &Path, problem: impl Into<String>) -> Self {
        Error::Format { path: path.to_owned(), problem: problem.into() }
    }
}

/// Text out of the file as a message may show it: escaped, and no longer than a line.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
