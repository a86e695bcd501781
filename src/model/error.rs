//! What can go wrong between a file and its logits. Every message says what was expected, what was
//! found and, where there is something, what to do.

use crate::system::caught::without_frames;
use std::path::{Path, PathBuf};

/// The result of anything in [`crate::model`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model's files are not what they should be.
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
    /// A GGUF file is not what it should be.
    #[error(transparent)]
    Gguf(#[from] crate::gguf::Error),
    /// What the user named is not a model.
    #[error("{0}")]
    Source(String),
    /// A model that this version cannot run.
    #[error("{0}")]
    Unsupported(String),
    /// Tensors are missing or have another shape; the first of them are listed.
    #[error("{} does not fit its own description:\n{}", path.display(), listed(problems))]
    Tensors { path: PathBuf, problems: Vec<String> },
    /// It would not fit in memory; the arithmetic is in the message.
    #[error("{0}")]
    Memory(String),
    /// A toggle or a combination of toggles that cannot be.
    #[error("{0}")]
    Toggle(String),
    /// A device that is not there.
    #[error("{0}")]
    Device(String),
    /// A prompt, or another wish, that this model cannot take.
    #[error("{0}")]
    Request(String),
    /// Somewhere between text and tokens.
    #[error("{0}")]
    Text(String),
    /// Somebody ended the pass on purpose.
    #[error("cancelled")]
    Cancelled,
    /// LibTorch refused.
    #[error("LibTorch: {}", without_frames(&.0.to_string()))]
    Torch(#[from] tch::TchError),
}

impl Error {
    /// A problem with the file at `path`.
    pub fn file(path: &Path, problem: impl Into<String>) -> Self {
        Error::File { path: path.to_owned(), problem: problem.into() }
    }
}

/// One a line, no more than can be read.
fn listed(problems: &[String]) -> String {
    const MOST: usize = 20;
    let more = problems.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("  and {more} more"));
    problems.iter().take(MOST).cloned().chain(rest).collect::<Vec<_>>().join("\n")
}
