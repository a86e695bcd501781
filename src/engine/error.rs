//! What can go wrong between a file and its logits. Every message says what was expected, what was
//! found and, where there is something, what to do.

use crate::arch;
use crate::arch::inventory::LISTED;
use crate::system::caught::without_frames;
use std::path::{Path, PathBuf};

/// The result of anything that computes.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The description of the model, a choice of toggles, or what memory there is.
    #[error(transparent)]
    Arch(#[from] arch::Error),
    /// What the user named is not a model.
    #[error("{0}")]
    Source(String),
    /// Tensors are missing or have another shape; all of them are listed.
    #[error("{} does not fit its own description:\n{}", path.display(), listed(problems))]
    Tensors { path: PathBuf, problems: Vec<String> },
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
        arch::Error::file(path, problem).into()
    }

    /// A model that this version cannot run.
    pub fn unsupported(problem: impl Into<String>) -> Self {
        arch::Error::Unsupported(problem.into()).into()
    }
}

impl From<crate::gguf::Error> for Error {
    fn from(error: crate::gguf::Error) -> Self {
        arch::Error::from(error).into()
    }
}

fn listed(problems: &[String]) -> String {
    let mut lines: Vec<String> = problems.iter().take(LISTED).map(|problem| format!("  {problem}")).collect();
    if problems.len() > LISTED {
        lines.push(format!("  and {} more", problems.len() - LISTED));
    }
    lines.join("\n")
}
