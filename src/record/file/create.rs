//! Files that grow: made where none is, or in the place of another.

use super::error::{Error, MAX_LINE, Result};
use std::fs::File;
use std::io;
use std::path::Path;

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Keep,
    Replace,
}

/// An empty file at `path`.
///
/// # Errors
/// [`Error::Exists`] if there is one already that is to be kept; [`Error::Io`].
pub fn create(path: &Path, existing: Existing) -> Result<File> {
    let mut options = File::options();
    match existing {
        Existing::Keep => options.write(true).create_new(true),
        Existing::Replace => options.write(true).create(true).truncate(true),
    };
    options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { path: path.to_owned() },
        _ => Error::Io { path: path.to_owned(), source },
    })
}

/// Has `write` write one line, and refuses one that is too long to be read again.
///
/// # Errors
/// Those of `write`, and [`io::ErrorKind::InvalidInput`].
pub fn bounded(lines: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let before = lines.len();
    write(lines)?;
    let length = lines.len() - before;
    if length > MAX_LINE {
        let problem = format!("a line of {length} bytes could not be read again; at most {MAX_LINE} fit");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    Ok(())
}
