//! A file in memory, and its header.

use super::error::{Error, Result};
use super::header::Header;
use crate::system::file;
use memmap2::Mmap;
use std::path::Path;

/// A file in memory, and its header.
pub(super) struct Mapped {
    pub map: Mmap,
    pub header: Header,
}

impl Mapped {
    /// # Errors
    /// It cannot be read, or its header contradicts itself or the file.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let file = file::open(path).map_err(io)?;
        // SAFETY: the map is only read. As with every mapped file, the bytes stay what they are only
        // as long as no other program writes to the file; all numbers read from it are checked once,
        // copied, and never read again from the map.
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        let header = Header::read(&map).map_err(|problem| Error::format(path, problem))?;
        Ok(Self { map, header })
    }
}
