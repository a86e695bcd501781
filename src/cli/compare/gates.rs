//! Tells what came of the gates.

use crate::analyse::gate::{Outcome, all_reached};
use crate::cli::failure::{Failure, Result};
use crate::cli::output::Output;

/// Says of each gate what was found, on standard error; of many candidates whose it is.
///
/// # Errors
/// [`Failure::Gate`] if one was not reached, or if none could be.
pub fn tell(outcomes: &[Outcome], many: bool, out: &mut Output) -> Result {
    for outcome in outcomes {
        let whose = if many { format!("{}: ", outcome.candidate) } else { String::new() };
        let said = format!("{whose}{}", outcome.said);
        match outcome.passed {
            Some(false) => out.error(&said),
            Some(true) if outcome.is_of_one_repeat() => out.warning(&said),
            Some(true) | None => out.note(&said),
        }
    }
    if outcomes.iter().all(|outcome| outcome.passed.is_none()) {
        out.error("nothing was measured, so no gate is reached");
    }
    if all_reached(outcomes) { Ok(()) } else { Err(Failure::Gate) }
}
