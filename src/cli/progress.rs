//! How far a learner is, kept from one start to the next.

use crate::learn::{self, Progress};
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
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    let folder = folder.ok_or("neither XDG_STATE_HOME nor HOME is set")?;
    Ok(folder.join("blockscope/lessons.json"))
}
