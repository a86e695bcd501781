//! Opening a model for a headless command: progress, warnings, Ctrl-C.

use super::args::ModelArgs;
use super::failure::Result;
use super::interrupt::Interrupt;
use super::output::Output;
use crate::arch::Toggles;
use crate::engine;
use crate::engine::Device;
use crate::measure::Session;
use std::time::{Duration, Instant};

/// Loading that is done before this is not worth a line.
const WORTH_SHOWING: Duration = Duration::from_millis(300);

/// Loads the model that was named, built as `--set` says.
///
/// # Errors
/// It cannot be loaded, or Ctrl-C ended it.
pub fn open(args: &ModelArgs, interrupt: &Interrupt, out: &mut Output) -> Result<Session> {
    open_on(args.device(), args.named(), &args.toggles()?, interrupt, out)
}

/// The same by its name, on a device, for these toggles.
///
/// # Errors
/// As [`open`].
pub fn open_on(
    device: Device,
    named: &str,
    toggles: &Toggles,
    interrupt: &Interrupt,
    out: &mut Output,
) -> Result<Session> {
    let began = Instant::now();
    let mut progress = |stage: &str, done: u64, total: u64| {
        if began.elapsed() > WORTH_SHOWING {
            let share = if total > 0 { format!(" {done}/{total}") } else { String::new() };
            out.progress(&format!("{stage}{share}"));
        }
        !interrupt.came()
    };
    let session = Session::open_on(device, named, toggles, &mut progress);
    out.progress("");
    let session = match session {
        Err(engine::Error::Cancelled) => {
            interrupt.check()?;
            return Err(engine::Error::Cancelled.into());
        }
        session => session?,
    };
    for warning in &session.card().warnings {
        out.warning(warning);
    }
    Ok(session)
}
