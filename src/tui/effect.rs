//! What is to be done outside, as data.

use crate::learn::Progress;
use crate::measure::Step;
use crate::record::{Run, Study};
use crate::worker::Command;

/// Something to be done outside.
#[derive(Debug, Clone)]
pub enum Effect {
    Send(Command),
    /// End what the model thread is doing.
    Cancel,
    /// Let a halted run go on.
    Step(Step),
    /// Write the run to a new file of about this name in the current folder.
    Save {
        name: String,
        run: Box<Run>,
    },
    /// The same of a study.
    SaveStudy {
        name: String,
        study: Box<Study>,
    },
    /// Keep how far the learner is.
    Keep(Progress),
    /// Draw everything anew.
    Repaint,
    /// Stop the process until it is called back.
    Suspend,
    /// Leave; with the reason, if it is not the user's wish.
    Quit(Option<String>),
}
