//! Where a program keeps its files, by the XDG Base Directory Specification.

use std::path::PathBuf;

/// What can be made again: `$XDG_CACHE_HOME/blockscope`, else `~/.cache/blockscope`.
///
/// # Errors
/// Which variables are not set.
pub fn cache() -> Result<PathBuf, &'static str> {
    folder("XDG_CACHE_HOME", ".cache").ok_or("neither XDG_CACHE_HOME nor HOME is set")
}

/// What the user made: `$XDG_DATA_HOME/blockscope`, else `~/.local/share/blockscope`.
///
/// # Errors
/// Which variables are not set.
pub fn data() -> Result<PathBuf, &'static str> {
    folder("XDG_DATA_HOME", ".local/share").ok_or("neither XDG_DATA_HOME nor HOME is set")
}

/// How far the user is: `$XDG_STATE_HOME/blockscope`, else `~/.local/state/blockscope`.
///
/// # Errors
/// Which variables are not set.
pub fn state() -> Result<PathBuf, &'static str> {
    folder("XDG_STATE_HOME", ".local/state").ok_or("neither XDG_STATE_HOME nor HOME is set")
}

/// A relative path in a variable is to be ignored, says the specification.
fn folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set(variable).filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(below_home)));
    base.map(|base| base.join("blockscope"))
}
