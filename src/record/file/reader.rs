//! Reads the events of a run, and refuses what refers to something that the file has not said.

use super::content::Content;
use super::error::{Error, Result};
use super::lines::Lines;
use crate::record::event::Event;
use crate::record::run::Run;
use crate::record::{v1, v2};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Reads the run file at `path`.
///
/// # Errors
/// Those of [`RunReader`].
pub fn read(path: &Path) -> Result<Run> {
    collect(RunReader::open(path)?)
}

/// Reads a run file from `input`; `path` is for the messages.
///
/// # Errors
/// Those of [`RunReader`].
pub fn read_from(input: impl BufRead, path: &Path) -> Result<Run> {
    collect(RunReader::new(input, path))
}

fn collect(events: impl Iterator<Item = Result<Event>>) -> Result<Run> {
    let mut run = Run::default();
    for event in events {
        run.apply(event?);
    }
    Ok(run)
}

/// Reads a run event by event. The first is the header; a last line that was cut off is left out.
pub struct RunReader<R> {
    lines: Lines<R>,
    /// Parts seen so far.
    parts: u32,
    signatures: u32,
    in_pass: bool,
    ended: bool,
}

impl RunReader<BufReader<File>> {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self::of(Lines::open(path)?))
    }
}

impl<R: BufRead> Iterator for RunReader<R> {
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

impl<R: BufRead> RunReader<R> {
    /// Reads from `input`; `path` is for the messages.
    pub fn new(input: R, path: &Path) -> Self {
        Self::of(Lines::new(input, path))
    }

    fn of(lines: Lines<R>) -> Self {
        Self { lines, parts: 0, signatures: 0, in_pass: false, ended: false }
    }

    fn read_event(&mut self) -> Result<Option<Event>> {
        let event = if self.lines.at_start() {
            let line = self.lines.first(v2::VERSION, |path, found| Error::NotARun { path, found })?;
            if Content::of(line) == Content::Study {
                let found = "a study: compare, sweep, view and export open it".to_owned();
                return Err(Error::NotARun { path: self.lines.path().to_owned(), found });
            }
            v2::read_header(line)
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
