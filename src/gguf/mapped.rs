//! A file in memory, and its header.

use super::error::{Error, Result};
use super::header::Header;
use crate::system::file;
use crate::system::map::Map;
use std::path::Path;

/// A file in memory, and its header.
pub(super) struct Mapped {
    pub map: Map,
    pub header: Header,
}

impl Mapped {
    /// # Errors
    /// It cannot be read, or its header contradicts itself or the file.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let file = file::open(path).map_err(io)?;
        let map = Map::of(&file).map_err(io)?;
        let header = Header::read(&map).map_err(|problem| Error::format(path, problem));
        whole(&map, path)?;
        Ok(Self { map, header: header? })
    }
}

/// Refuses a file that another program has cut short: what was read behind its end is nothing.
pub(super) fn whole(map: &Map, path: &Path) -> Result<()> {
    map.check().map_err(|error| Error::format(path, error.to_string()))
}
