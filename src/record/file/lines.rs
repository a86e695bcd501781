//! The lines of a file of JSON, one object each: bounded in length, and without one that was cut off.

use super::error::{Error, MAX_LINE, Result};
use crate::record::input;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Reads line by line.
pub struct Lines<R> {
    path: PathBuf,
    input: R,
    line: Vec<u8>,
    /// Number of the line last read, from 1.
    number: u64,
    /// Bytes of all lines that were complete.
    complete: u64,
}

impl Lines<BufReader<File>> {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        let file = input::open(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Ok(Self::new(BufReader::new(file), path))
    }
}

impl<R: BufRead> Lines<R> {
    /// Reads from `input`; `path` is for the messages.
    pub fn new(input: R, path: &Path) -> Self {
        Self { path: path.to_owned(), input, line: Vec::new(), number: 0, complete: 0 }
    }

    /// The file's name, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing was read yet.
    pub fn at_start(&self) -> bool {
        self.number == 0
    }

    /// How much of the file all lines so far take, one that was cut off not counted.
    pub fn complete(&self) -> u64 {
        self.complete
    }

    /// The first line, if its version is no newer than `newest`.
    ///
    /// # Errors
    /// [`Error::Newer`]; what `other` makes of a beginning that has no version; [`Error::Line`] where the file ends in
    /// the middle of the line.
    pub fn first(&mut self, newest: u64, other: impl FnOnce(PathBuf, String) -> Error) -> Result<&[u8]> {
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        let whole = self.read()?;
        let version = match serde_json::from_slice::<Version>(&self.line) {
            Ok(Version { version }) if self.line.len() <= MAX_LINE => version,
            Err(_) if !whole && self.line.len() <= MAX_LINE && self.line.starts_with(b"{\"version\":") => {
                return Err(self.problem("the file ends within its first line: nothing was measured in it".into()));
            }
            _ => 0,
        };
        if version == 0 {
            let found = match self.line.trim_ascii_end() {
                [] => "nothing".to_owned(),
                line => format!("'{}'", line[..line.len().min(40)].escape_ascii()),
            };
            return Err(other(self.path.clone(), found));
        }
        if version > newest {
            return Err(Error::Newer { path: self.path.clone(), version, newest });
        }
        self.complete += self.line.len() as u64;
        Ok(&self.line)
    }

    /// The next line that is not empty; `None` at the end, also of a file that was cut off while it was written.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Line`] for one that is too long.
    pub fn following(&mut self) -> Result<Option<&[u8]>> {
        loop {
            let whole = self.read()?;
            if self.line.len() > MAX_LINE {
                return Err(self.problem(format!("longer than {MAX_LINE} bytes, which no line of such a file is")));
            }
            let is_empty = self.line.trim_ascii().is_empty();
            if !whole && (is_empty || serde_json::from_slice::<serde::de::IgnoredAny>(&self.line).is_err()) {
                return Ok(None);
            }
            self.complete += self.line.len() as u64;
            if !is_empty {
                return Ok(Some(&self.line));
            }
        }
    }

    /// An error in the line last read.
    pub fn problem(&self, problem: String) -> Error {
        Error::Line { path: self.path.clone(), line: self.number, problem }
    }

    /// Reads a line, a byte more than fits at most; whether it has its end, which the last line of a file may lack.
    fn read(&mut self) -> Result<bool> {
        self.line.clear();
        self.number += 1;
        let limit = MAX_LINE as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.line);
        read.map_err(|source| Error::Io { path: self.path.clone(), source })?;
        Ok(self.line.last() == Some(&b'\n'))
    }
}
