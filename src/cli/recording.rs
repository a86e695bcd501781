//! Following a run that a headless command started: it is kept, written to a file, and its text goes out
//! as it comes.

use super::args::{OutArgs, check_free};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use crate::measure::{Request, Session};
use crate::record::file::{Existing, RunWriter};
use crate::record::{Event, Run, Status};

/// Refuses an output file that could not be written, before anything is loaded.
///
/// # Errors
/// It exists and is not to be replaced.
pub fn check_out(out: &OutArgs) -> Result {
    out.out.as_ref().map_or(Ok(()), |path| check_free(path, out.force))
}

/// A run that has ended, and what to end the command with once its result is out.
pub struct Recorded {
    pub run: Run,
    /// Ctrl-C cut it short, or its file could not be written to the end.
    pub ending: Result,
}

/// Runs the model to its end, or until Ctrl-C.
///
/// `watch` sees each event and the run before it; when it fails (nobody reads the output any more), the run ends.
///
/// # Errors
/// The run failed, its file could not be created, or `watch` failed.
pub fn record(
    session: &Session,
    request: &Request,
    out: &OutArgs,
    interrupt: &Interrupt,
    watch: &mut dyn FnMut(&Run, &Event) -> Result,
) -> Result<Recorded> {
    let existing = if out.force { Existing::Replace } else { Existing::Keep };
    let mut writer = out.out.as_ref().map(|path| RunWriter::create(path, existing)).transpose()?;
    let mut run = Run::default();
    let mut ending = Ok(());
    let mut failure: Option<Failure> = None;
    let mut one = |event: Event| {
        // A full disk ends the file, not the run: what is measured can still be printed.
        if let Some(Err(error)) = writer.as_mut().map(|writer| writer.write(&event)) {
            ending = Err(error.into());
            writer = None;
        }
        if failure.is_none() {
            failure = watch(&run, &event).err();
            if failure.is_some() {
                interrupt.control().cancel();
            }
        }
        run.apply(event);
    };
    let mut held = Vec::new();
    let mut take = |event: Event| {
        let in_pass = matches!(event, Event::Part(_) | Event::Spans(_));
        held.push(event);
        // While a pass is being timed nothing is written: that would be measured with it.
        if !in_pass {
            held.drain(..).for_each(&mut one);
        }
    };
    let status = session.run(request, interrupt.control(), &mut take);
    match (failure, status) {
        (Some(failure), _) => Err(failure),
        (None, Status::Failed(reason)) => Err(Failure::Failed(reason)),
        (None, Status::Done | Status::Cancelled) => {
            Ok(Recorded { run, ending: ending.and_then(|()| interrupt.check()) })
        }
    }
}
