//! How far a learner is, kept from one start to the next.

use crate::learn::{self, Progress};
use crate::system::folders;
use std::path::PathBuf;

/// How far the learner is, or why that cannot be known.
pub fn progress() -> std::result::Result<Progress, String> {
    Progress::read(&file()?).map_err(|error| error.to_string())
}

/// Keeps how far the learner is.
pub fn keep(progress: &Progress) -> std::result::Result<(), String> {
    progress.keep(&file()?).map_err(|error: learn::Error| error.to_string())
}

/// Where that is kept: in the folder for the state of programs.
fn file() -> std::result::Result<PathBuf, String> {
    Ok(folders::state()?.join("lessons.json"))
}
