//! Run files: the events of a run as lines of JSON, the version first.
//!
//! The newest version is written, every one is read. A file that was cut off (the program was killed,
//! the disk was full) opens with all that is complete in it.

mod content;
mod lines;
mod whole;

pub use content::Content;
pub use lines::Lines;
pub use whole::whole;

use super::event::Event;
use super::run::Run;
use super::v1;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The longest line that is read or written: a guard against a file that is one endless line.
pub const MAX_LINE: usize = 16 << 20;
/// Spans or operators on one line at most, so that no line comes near [`MAX_LINE`].
const PER_LINE: usize = 4096;

/// The result of reading or writing a run file.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: there is such a file already; name another, or remove it first", path.display())]
    Exists { path: PathBuf },
    #[error(
        "{}: not a run file: expected a first line that begins with {{\"version\":1,…, found {found}",
        path.display()
    )]
    NotARun { path: PathBuf, found: String },
    #[error(
        "{}: not a study file: expected a first line that begins with {{\"version\":1,\"study\":…, found {found}",
        path.display()
    )]
    NotAStudy { path: PathBuf, found: String },
    #[error(
        "{}: cannot go on with this study: {differs}; name another file, ask for what is in it, or replace it with --force",
        path.display()
    )]
    Another { path: PathBuf, differs: String },
    #[error(
        "{}: written by a newer Blockscope (version {version}); this one reads {}. Open it with that one, or update",
        path.display(), v1::VERSION
    )]
    Newer { path: PathBuf, version: u64 },
    /// A line in the middle that makes no sense. Lines count from 1.
    #[error("{}, line {line}: {problem}", path.display())]
    Line { path: PathBuf, line: u64, problem: String },
}

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Keep,
    Replace,
}

/// Writes a run while it happens.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    line: Vec<u8>,
}

impl Writer {
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

/// Writes one event as a line, or as several where one would be too long to be read again.
fn write_lines(event: &Event, lines: &mut Vec<u8>) -> io::Result<()> {
    match event {
        Event::Spans(spans) => {
            return spans.chunks(PER_LINE).try_for_each(|spans| v1::write(&Event::Spans(spans.to_vec()), lines));
        }
        Event::Operators(operators) => {
            return operators.chunks(PER_LINE).try_for_each(|some| v1::write(&Event::Operators(some.to_vec()), lines));
        }
        _ => {}
    }
    bounded(lines, |lines| v1::write(event, lines))
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

/// Saves a whole run at `path`, all of it or nothing; an existing file is never replaced.
///
/// # Errors
/// [`Error::Exists`], [`Error::Io`].
pub fn write_run(path: &Path, run: &Run) -> Result<()> {
    whole(path, Existing::Keep, |out| {
        let mut lines = Vec::new();
        run.events().iter().try_for_each(|event| {
            lines.clear();
            write_lines(event, &mut lines)?;
            out.write_all(&lines)
        })
    })
}

/// Reads the run file at `path`.
///
/// # Errors
/// Those of [`Reader`].
pub fn read(path: &Path) -> Result<Run> {
    collect(Reader::open(path)?)
}

/// Reads a run file from `input`; `path` is for the messages.
///
/// # Errors
/// Those of [`Reader`].
pub fn read_from(input: impl BufRead, path: &Path) -> Result<Run> {
    collect(Reader::new(input, path))
}

fn collect(events: impl Iterator<Item = Result<Event>>) -> Result<Run> {
    let mut run = Run::default();
    for event in events {
        run.apply(event?);
    }
    Ok(run)
}

/// Reads a run event by event. The first is the header; a last line that was cut off is left out.
pub struct Reader<R> {
    lines: Lines<R>,
    /// Parts seen so far.
    parts: u32,
    signatures: u32,
    in_pass: bool,
    ended: bool,
}

impl Reader<BufReader<File>> {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self::of(Lines::open(path)?))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
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

impl<R: BufRead> Reader<R> {
    /// Reads from `input`; `path` is for the messages.
    pub fn new(input: R, path: &Path) -> Self {
        Self::of(Lines::new(input, path))
    }

    fn of(lines: Lines<R>) -> Self {
        Self { lines, parts: 0, signatures: 0, in_pass: false, ended: false }
    }

    fn read_event(&mut self) -> Result<Option<Event>> {
        let event = if self.lines.at_start() {
            let line = self.lines.first(v1::VERSION, |path, found| Error::NotARun { path, found })?;
            if Content::of(line) == Content::Study {
                let found = "a study: compare, sweep, view and export open it".to_owned();
                return Err(Error::NotARun { path: self.lines.path().to_owned(), found });
            }
            v1::read_header(line)
        } else {
            let Some(line) = self.lines.following()? else { return Ok(None) };
            v1::read(line).and_then(|event| self.check(event))
        };
        event.map(Some).map_err(|problem| self.lines.problem(problem))
    }

    /// Refuses what refers to something that the file has not said yet.
    fn check(&mut self, event: Event) -> Result<Event, String> {
        match &event {
            Event::Part(part) => {
                if let Some(parent) = part.parent.filter(|&parent| parent >= self.parts) {
                    return Err(format!("a part inside part {parent}, but only {} came before it", self.parts));
                }
                self.parts = self.parts.checked_add(1).ok_or("more parts than can be numbered")?;
            }
            Event::PassStart(_) => self.in_pass = true,
            Event::Signature(_) => {
                self.signatures = self.signatures.checked_add(1).ok_or("more signatures than can be numbered")?;
            }
            Event::Spans(_) | Event::Operators(_) | Event::Memory(_) | Event::Cut(_) | Event::PassEnd { .. }
                if !self.in_pass =>
            {
                return Err("it belongs to a pass, but no pass has begun".into());
            }
            Event::Spans(spans) => {
                if let Some(span) = spans.iter().find(|span| span.part >= self.parts) {
                    return Err(format!("a span of part {}, but only {} were named before it", span.part, self.parts));
                }
            }
            Event::Operators(operators) => {
                if let Some(operator) = operators.iter().find(|operator| operator.signature >= self.signatures) {
                    let (signature, known) = (operator.signature, self.signatures);
                    return Err(format!("an operator with signature {signature}, but only {known} came before it"));
                }
                if let Some(part) = operators.iter().filter_map(|operator| operator.part).find(|&p| p >= self.parts) {
                    return Err(format!("an operator of part {part}, but only {} were named before it", self.parts));
                }
            }
            Event::Memory(memory) => {
                let parts = memory.allocations.iter().filter_map(|allocation| allocation.part);
                if let Some(part) = parts.into_iter().find(|&part| part >= self.parts) {
                    return Err(format!("memory of part {part}, but only {} were named before it", self.parts));
                }
            }
            _ => {}
        }
        Ok(event)
    }
}
