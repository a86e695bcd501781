//! Following a run that a headless command started: it is kept, written to a file, and its text goes out
//! as it comes.

use super::args::{OutArgs, check_free};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use crate::profile::{Request, Session};
use crate::trace::file::{Existing, Writer};
use crate::trace::{Event, Run, Status};

/// Refuses an output file that could not be written, before anything is loaded.
///
/// # Errors
/// It exists and is not to be replaced.
pub fn check_out(out: &OutArgs) -> Result {
    out.out.as_ref().map_or(Ok(()), |path| check_free(path, out.force))
}

/// Runs the model and returns the run, whole or cut short by Ctrl-C; then `interrupt` says so.
///
/// `watch` sees the run grow; when it fails (nobody reads the output any more), the run ends.
///
/// # Errors
/// The run failed, its file could not be written, or `watch` failed.
pub fn record(
    session: &Session,
    request: &Request,
    out: &OutArgs,
    interrupt: &Interrupt,
    watch: &mut dyn FnMut(&Run, &Event) -> Result,
) -> Result<Run> {
    let existing = if out.force { Existing::Replace } else { Existing::Keep };
    let mut writer = out.out.as_ref().map(|path| Writer::create(path, existing)).transpose()?;
    let mut run = Run::default();
    let mut failure: Option<Failure> = None;
    let mut take = |event: Event| {
        if failure.is_some() {
            return;
        }
        let written = writer.as_mut().map_or(Ok(()), |writer| writer.write(&event));
        run.apply(event.clone());
        if let Err(first) = written.map_err(Failure::from).and_then(|()| watch(&run, &event)) {
            failure = Some(first);
            interrupt.control().cancel();
        }
    };
    let status = session.run(request, interrupt.control(), &mut take);
    match (failure, status) {
        (Some(failure), _) => Err(failure),
        (None, Status::Failed(reason)) => Err(Failure::Failed(reason)),
        (None, Status::Done | Status::Cancelled) => Ok(run),
    }
}
