//! Why a file is no timeline.

use std::io;
use std::path::PathBuf;

/// The result of reading traces.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a file is no timeline.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened or read.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{}: not a trace: expected JSON with a list traceEvents, as PyTorch's export_chrome_trace writes it, found {found}",
        path.display()
    )]
    NotATrace { path: PathBuf, found: String },
    /// A trace in which nothing takes time.
    #[error("{}: there is nothing to show in this trace: {problem}. Export it once more", path.display())]
    Nothing { path: PathBuf, problem: String },
}
