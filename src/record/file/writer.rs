//! Writes the events of a run, as they happen or all at once.

use super::create::{Existing, bounded, create};
use super::error::{Error, Result};
use super::whole::whole;
use crate::record::event::Event;
use crate::record::run::Run;
use crate::record::v2;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Spans or operators on one line at most, so that no line comes near [`MAX_LINE`].
const PER_LINE: usize = 4096;

/// Writes a run while it happens.
#[derive(Debug)]
pub struct RunWriter {
    path: PathBuf,
    file: BufWriter<File>,
    line: Vec<u8>,
}

impl RunWriter {
    /// Creates the file at `path`.
    ///
    /// # Errors
    /// [`Error::Exists`] if there is one already that is to be kept; [`Error::Io`].
    pub fn create(path: &Path, existing: Existing) -> Result<Self> {
        let file = BufWriter::new(create(path, existing)?);
        Ok(Self { path: path.to_owned(), file, line: Vec::new() })
    }

    /// Writes one event. After the header, the end of a pass, a token and the end, everything so far
    /// has reached the file: a program that is killed then loses nothing of it.
    ///
    /// # Errors
    /// [`Error::Io`], such as for a full disk; the run is better not written on after it.
    pub fn write(&mut self, event: &Event) -> Result<()> {
        self.line.clear();
        let written = write_lines(event, &mut self.line).and_then(|()| self.file.write_all(&self.line));
        let keep = matches!(event, Event::Header(_) | Event::PassEnd { .. } | Event::Token(_) | Event::End(_));
        written
            .and_then(|()| if keep { self.file.flush() } else { Ok(()) })
            .map_err(|source| Error::Io { path: self.path.clone(), source })
    }
}

/// Writes one event as a line, or as several where one would be too long to be read again.
fn write_lines(event: &Event, lines: &mut Vec<u8>) -> io::Result<()> {
    match event {
        Event::Spans(spans) => {
            return spans.chunks(PER_LINE).try_for_each(|spans| v2::write(&Event::Spans(spans.to_vec()), lines));
        }
        Event::Operators(operators) => {
            return operators.chunks(PER_LINE).try_for_each(|some| v2::write(&Event::Operators(some.to_vec()), lines));
        }
        _ => {}
    }
    bounded(lines, |lines| v2::write(event, lines))
}

/// Saves a whole run at `path`, all of it or nothing; an existing file is never replaced.
///
/// # Errors
/// [`Error::Exists`], [`Error::Io`].
pub fn write_run(path: &Path, run: &Run) -> Result<()> {
    write_whole(path, run, Existing::Keep)
}

/// The same in place of a file that is there already.
///
/// # Errors
/// [`Error::Io`].
pub fn replace_run(path: &Path, run: &Run) -> Result<()> {
    write_whole(path, run, Existing::Replace)
}

fn write_whole(path: &Path, run: &Run, existing: Existing) -> Result<()> {
    whole(path, existing, |out| {
        let mut lines = Vec::new();
        run.events().iter().try_for_each(|event| {
            lines.clear();
            write_lines(event, &mut lines)?;
            out.write_all(&lines)
        })
    })
}
