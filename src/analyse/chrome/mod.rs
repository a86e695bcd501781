//! Traces in the format of Chrome's tracing, as PyTorch's profiler writes them, as a [`Timeline`].
//!
//! ```text
//! file ─▶ Text ─▶ Pieces ─▶ Event ─▶ Collected ─▶ nest ─▶ Timeline
//!         gunzip  one at    names,   by thread   in one
//!                 a time    shapes               another
//! ```
//!
//! A file is never in memory as a whole, and whatever it holds, its reading is bounded in time and memory.
//! What cannot be shown is counted and said in the timeline's warnings; a file that was cut off opens with
//! all that came before.

mod collect;
mod error;
mod file;
mod kind;
mod merge;
mod nest;
mod pieces;
pub mod shapes;
mod text;
mod wire;

pub use error::{Error, Result};

use super::timeline::Timeline;
use collect::Shared;
use file::FileRead;
use std::io;
use std::path::{Path, PathBuf};
use text::Text;

/// Slices and points of memory at most, over all files: 1 GB of them.
const MOST_SLICES: u64 = 10_000_000;

/// Reads the traces at `paths`, each of one rank, side by side. `progress` learns now and then how many bytes
/// of the files have been read.
///
/// # Errors
/// [`Error`], for any of the files.
pub fn open(paths: &[PathBuf], progress: &mut dyn FnMut(u64)) -> Result<Timeline> {
    let mut shared = Shared::new(MOST_SLICES);
    let mut files = Vec::new();
    let mut before = 0;
    for path in paths {
        let mut taken = 0;
        let text = Text::open(path).map_err(|source| Error::Io { path: path.clone(), source })?;
        files.push(FileRead::of(text, path, &mut shared, &mut |bytes| {
            taken = bytes;
            progress(before + bytes);
        })?);
        before += taken;
    }
    Ok(merge::merge(files, shared))
}

/// Reads one trace from `input`; `path` is for the messages.
///
/// # Errors
/// [`Error`].
pub fn read(input: impl io::Read + 'static, path: &Path) -> Result<Timeline> {
    let mut shared = Shared::new(MOST_SLICES);
    let text = Text::new(input).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let file = FileRead::of(text, path, &mut shared, &mut |_| ())?;
    Ok(merge::merge(vec![file], shared))
}
