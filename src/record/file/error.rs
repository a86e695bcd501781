//! Why a file is no run, or no study.

use std::io;
use std::path::PathBuf;

/// The longest line that is read or written: a guard against a file that is one endless line.
pub const MAX_LINE: usize = 16 << 20;

/// The result of reading or writing a run file.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: there is such a file already; name another, or remove it first", path.display())]
    Exists { path: PathBuf },
    #[error(
        "{}: not a run file: expected a first line that begins with {{\"version\":…, found {found}",
        path.display()
    )]
    NotARun { path: PathBuf, found: String },
    #[error(
        "{}: not a study file: expected a first line that begins with {{\"version\":…,\"study\":…, found {found}",
        path.display()
    )]
    NotAStudy { path: PathBuf, found: String },
    #[error(
        "{}: cannot go on with this study: {differs}; name another file, ask for what is in it, or replace it with --force",
        path.display()
    )]
    Another { path: PathBuf, differs: String },
    #[error(
        "{}: written by a newer Blockscope (version {version}); this one reads up to {}. Open it with that one, or update",
        path.display(), newest
    )]
    Newer { path: PathBuf, version: u64, newest: u64 },
    /// A line in the middle that makes no sense. Lines count from 1.
    #[error("{}, line {line}: {problem}", path.display())]
    Line { path: PathBuf, line: u64, problem: String },
}
