//! How a command can end other than well, and the exit code of each.

use crate::analyse::{chrome, comparison};
use crate::record::{baseline, file};
use crate::{arch, engine, text};
use std::io;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// Something was asked for that cannot be.
    Usage(String),
    /// The work failed.
    Failed(String),
    /// What was measured is not what was asked to be reached. Each gate that failed has been told.
    Gate,
    /// A signal ended it: 2 for Ctrl-C, 15 for a request to terminate, 1 for a terminal that was closed.
    Interrupted(i32),
    /// Nobody reads the output any more, as after `| head`: nothing is wrong and nothing is left to say.
    PipeClosed,
}

/// What a command returns.
pub type Result<T = ()> = std::result::Result<T, Failure>;

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Failed(_) => 1,
            Failure::Gate => 3,
            Failure::Interrupted(signal) => 128 + (*signal as u8 & 0x7f),
            Failure::PipeClosed => 0,
        }
    }

    /// What to tell the user, if anything.
    pub fn message(&self) -> Option<String> {
        match self {
            Failure::Usage(message) | Failure::Failed(message) => Some(message.clone()),
            Failure::Gate | Failure::Interrupted(_) | Failure::PipeClosed => None,
        }
    }

    /// A failure of standard output.
    pub fn of_output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::PipeClosed,
            _ => Failure::Failed(format!("cannot write to standard output: {error}")),
        }
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        match error {
            // Toggles and devices come from the command line alone.
            engine::Error::Arch(arch::Error::Toggle(problem)) | engine::Error::Device(problem) => {
                Failure::Usage(problem)
            }

            error => Failure::Failed(error.to_string()),
        }
    }
}

impl From<arch::Error> for Failure {
    fn from(error: arch::Error) -> Self {
        engine::Error::from(error).into()
    }
}

impl From<text::Error> for Failure {
    fn from(error: text::Error) -> Self {
        Failure::Failed(error.to_string())
    }
}

impl From<chrome::Error> for Failure {
    fn from(error: chrome::Error) -> Self {
        Failure::Failed(error.to_string())
    }
}

impl From<comparison::Incomparable> for Failure {
    fn from(error: comparison::Incomparable) -> Self {
        Failure::Failed(error.to_string())
    }
}

impl From<baseline::Error> for Failure {
    fn from(error: baseline::Error) -> Self {
        Failure::Failed(error.to_string())
    }
}

impl From<file::Error> for Failure {
    fn from(error: file::Error) -> Self {
        Failure::Failed(error.to_string())
    }
}
