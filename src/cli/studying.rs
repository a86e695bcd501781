//! Following a study that a headless command started: it is kept, written to a file, and gone on with from there.

use super::args::{OutArgs, check_free};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::output::Output;
use crate::measure::{Plan, Progress, Session, WatchStudy};
use crate::record::file::{Content, Existing};
use crate::record::study::file::StudyWriter;
use crate::record::study::{Event, Study};
use crate::record::{Status, input};
use std::io::Read;
use std::path::Path;

/// A study that has ended, and what to end the command with once its result is out.
pub struct Studied {
    pub study: Study,
    /// Ctrl-C cut it short, or its file could not be written to the end.
    pub ending: Result,
}

/// What a file holds; [`Content::Other`] for what is no file.
///
/// # Errors
/// It cannot be read.
pub fn content(path: &Path) -> Result<Content> {
    let mut beginning = Vec::new();
    let read = input::open(path).and_then(|file| file.take(1024).read_to_end(&mut beginning));
    read.map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
    Ok(Content::of(&beginning))
}

/// Refuses an output file that could not be written, before anything is loaded. A study that is there already may be
/// gone on with.
///
/// # Errors
/// There is something else, and it is not to be replaced.
pub fn check_out(out: &OutArgs) -> Result {
    let Some(path) = &out.out else { return Ok(()) };
    match is_study(path) && !out.force {
        true => Ok(()),
        false => check_free(path, out.force),
    }
}

fn is_study(path: &Path) -> bool {
    path.is_file() && content(path).is_ok_and(|content| content == Content::Study)
}

/// Executes a study to its end, or until Ctrl-C. Where its file holds the beginning of it, it goes on from there.
///
/// # Errors
/// It failed, its file could not be created, or holds another study.
pub fn study(
    session: &Session,
    plan: &Plan,
    file: &OutArgs,
    interrupt: &Interrupt,
    out: &mut Output,
) -> Result<Studied> {
    let (writer, before) = open(session, plan, file, out)?;
    let mut followed = Followed { study: before.clone().unwrap_or_default(), writer, ending: Ok(()), out };
    let status = session.study(plan, before.as_ref(), interrupt.control(), &mut followed);
    let Followed { study, ending, out, .. } = followed;
    out.progress("");
    match status {
        Status::Failed(reason) => Err(Failure::Failed(reason)),
        Status::Done | Status::Cancelled => {
            if status == Status::Cancelled
                && let Some(path) = &file.out
                && ending.is_ok()
            {
                out.note(&format!("interrupted: the same command goes on from {}", path.display()));
            }
            Ok(Studied { study, ending: ending.and_then(|()| interrupt.check()) })
        }
    }
}

/// The file to write to, and the beginning of the study that is in it already, which is said.
fn open(
    session: &Session,
    plan: &Plan,
    file: &OutArgs,
    out: &mut Output,
) -> Result<(Option<StudyWriter>, Option<Study>)> {
    let Some(path) = &file.out else { return Ok((None, None)) };
    if file.force || !is_study(path) {
        let existing = if file.force { Existing::Replace } else { Existing::Keep };
        return Ok((Some(StudyWriter::create(path, existing)?), None));
    }
    let (header, arms) = session.begin(plan)?;
    let (writer, study) = StudyWriter::append(path, &header, &arms)?;
    let (name, samples) = (path.display(), study.samples.len());
    out.note(&format!("{name}: going on with this study, of which {samples} samples are there; --force begins anew"));
    Ok((Some(writer), Some(study)))
}

/// Takes a study in, writes it down, and shows how far it is.
struct Followed<'o> {
    study: Study,
    writer: Option<StudyWriter>,
    ending: Result,
    out: &'o mut Output,
}

impl WatchStudy for Followed<'_> {
    fn event(&mut self, event: Event) {
        // A full disk ends the file, not the study: what is measured can still be printed.
        if let Some(Err(error)) = self.writer.as_mut().map(|writer| writer.write(&event)) {
            self.ending = Err(error.into());
            self.writer = None;
        }
        self.study.apply(event);
    }

    fn progress(&mut self, progress: &Progress) {
        self.out.progress(&line(progress));
    }
}

/// `round 3 · kv_cache=off · 12/40 · at most 1 min 20 s left`
fn line(progress: &Progress) -> String {
    let counts = if progress.most > 0 { format!(" · {}/{}", progress.done, progress.most) } else { String::new() };
    let left = progress.left.map_or(String::new(), |left| format!(" · at most {left} left"));
    format!("{}{counts}{left}", progress.stage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Nanos;

    #[test]
    fn progress_is_a_line_with_the_time_that_is_left() {
        let mut progress = Progress { stage: "round 3 · kv_cache=off".into(), done: 12, most: 40, left: None };
        assert_eq!(line(&progress), "round 3 · kv_cache=off · 12/40");
        progress.left = Some(Nanos(200_000_000_000));
        assert_eq!(line(&progress), "round 3 · kv_cache=off · 12/40 · at most 3 min 20 s left");
        assert_eq!(
            line(&Progress { stage: "loading weights 3/272".into(), ..Progress::default() }),
            "loading weights 3/272"
        );
    }
}
