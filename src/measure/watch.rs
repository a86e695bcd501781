//! Who is told what happens in a run.

use super::control::Halt;
use crate::record::Event;

/// Someone who is told what happens in a run, on the thread where it happens.
pub trait Watch {
    /// The next event of the run.
    fn event(&mut self, event: Event);

    /// A single-stepped run waits.
    fn halted(&mut self, _halt: Halt) {}
}

impl<F: FnMut(Event)> Watch for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}
