//! Study files: the events of a study as lines of JSON, the version first.
//!
//! As run files, they open with all that is complete in them when they were cut off; and they can be gone on with.

mod append;

use super::{Event, Study, wire};
use crate::record::file::{Content, Error, Existing, Lines, Result, bounded, create, whole};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// More arms than this, or parts of them, are no study; what is drawn for each must not be sent there by a file.
const MAX_ARMS: u32 = 512;
const MAX_PARTS: u32 = 1 << 14;

/// Writes a study while it happens. After every event all so far has reached the file: a program that is killed then
/// loses nothing of it.
#[derive(Debug)]
pub struct StudyWriter {
    path: PathBuf,
    file: File,
    line: Vec<u8>,
}

impl StudyWriter {
    /// Creates the file at `path`.
    ///
    /// # Errors
    /// [`Error::Exists`] if there is one already that is to be kept; [`Error::Io`].
    pub fn create(path: &Path, existing: Existing) -> Result<Self> {
        Ok(Self { path: path.to_owned(), file: create(path, existing)?, line: Vec::new() })
    }

    /// Writes one event.
    ///
    /// # Errors
    /// [`Error::Io`], such as for a full disk; the study is better not written on after it.
    pub fn write(&mut self, event: &Event) -> Result<()> {
        self.line.clear();
        // A line at once: there is nothing in between that a kill could leave.
        let written = bounded(&mut self.line, |line| wire::write(event, line));
        let written = written.and_then(|()| self.file.write_all(&self.line));
        written.map_err(|source| Error::Io { path: self.path.clone(), source })
    }
}

/// Saves a whole study at `path`, all of it or nothing.
///
/// # Errors
/// [`Error::Exists`], [`Error::Io`].
pub fn write_study(path: &Path, study: &Study, existing: Existing) -> Result<()> {
    whole(path, existing, |out| {
        let mut line = Vec::new();
        study.events().iter().try_for_each(|event| {
            line.clear();
            bounded(&mut line, |line| wire::write(event, line))?;
            out.write_all(&line)
        })
    })
}

/// Reads the study file at `path`.
///
/// # Errors
/// Those of [`StudyReader`].
pub fn read(path: &Path) -> Result<Study> {
    StudyReader::open(path)?.study()
}

/// Reads a study file from `input`; `path` is for the messages.
///
/// # Errors
/// Those of [`StudyReader`].
pub fn read_from(input: impl BufRead, path: &Path) -> Result<Study> {
    StudyReader::new(input, path).study()
}

/// Reads a study event by event. The first is the header; a last line that was cut off is left out.
pub struct StudyReader<R> {
    lines: Lines<R>,
    arms: u32,
    parts: u32,
    ended: bool,
}

impl StudyReader<BufReader<File>> {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self::of(Lines::open(path)?))
    }
}

impl<R: BufRead> Iterator for StudyReader<R> {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Result<Event>> {
        if self.ended {
            return None;
        }
        let event = self.read_event().transpose();
        self.ended = !matches!(event, Some(Ok(_)));
        event
    }
}

impl<R: BufRead> StudyReader<R> {
    /// Reads from `input`; `path` is for the messages.
    pub fn new(input: R, path: &Path) -> Self {
        Self::of(Lines::new(input, path))
    }

    fn of(lines: Lines<R>) -> Self {
        Self { lines, arms: 0, parts: 0, ended: false }
    }

    fn study(mut self) -> Result<Study> {
        let mut study = Study::default();
        self.by_ref().try_for_each(|event| event.map(|event| study.apply(event)))?;
        Ok(study)
    }

    fn read_event(&mut self) -> Result<Option<Event>> {
        let event = if self.lines.at_start() {
            let line = self.lines.first(wire::VERSION, |path, found| Error::NotAStudy { path, found })?;
            if Content::of(line) != Content::Study {
                let found = "a run: profile, view and export open it".to_owned();
                return Err(Error::NotAStudy { path: self.lines.path().to_owned(), found });
            }
            wire::read_header(line)
        } else {
            let Some(line) = self.lines.following()? else { return Ok(None) };
            wire::read(line).and_then(|event| self.check(event))
        };
        event.map(Some).map_err(|problem| self.lines.problem(problem))
    }

    /// Refuses what refers to something that the file has not said yet, and more of it than there can be.
    fn check(&mut self, event: Event) -> Result<Event, String> {
        match &event {
            Event::Arm(_) if self.arms == MAX_ARMS => return Err(format!("more than {MAX_ARMS} arms")),
            Event::Arm(_) => self.arms += 1,
            Event::Part(_) if self.parts == MAX_PARTS => return Err(format!("more than {MAX_PARTS} parts")),
            Event::Part(_) => self.parts += 1,
            Event::Resources { arm, .. } | Event::Quality { arm, .. } if *arm >= self.arms => {
                return Err(format!("it is of arm {arm}, but only {} came before it", self.arms));
            }
            Event::Sample(sample) if sample.arm >= self.arms => {
                return Err(format!("a sample of arm {}, but only {} came before it", sample.arm, self.arms));
            }
            Event::Sample(sample) => {
                if let Some(time) = sample.parts.iter().find(|time| time.part >= self.parts) {
                    return Err(format!("the time of part {}, but only {} came before it", time.part, self.parts));
                }
            }
            _ => {}
        }
        Ok(event)
    }
}
