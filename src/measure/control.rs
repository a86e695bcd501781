//! What reaches a run while it runs: the wish to end it, and the next single step.

use crate::units::Nanos;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Shared by the run and whoever watches it.
#[derive(Debug, Default)]
pub struct Control {
    /// How often a cancel was wished for, ever.
    cancels: AtomicU64,
    /// How often when the present work was asked for: earlier wishes were meant for earlier work.
    earlier: AtomicU64,
    step: Mutex<Option<Step>>,
    stepped: Condvar,
}

/// How far a halted run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the end of the next part.
    Part,
    /// To the end of the block (or of the part outside a block).
    Block,
    /// To the end of the pass.
    Pass,
    /// To the end of the run, without halting again.
    Run,
}

/// Where a single-stepped run stands, and what the part before it produced.
#[derive(Debug, Clone, PartialEq)]
pub struct Halt {
    /// The part that has just ended, as a dotted path.
    pub path: String,
    /// How long it took.
    pub time: Nanos,
    /// What it made: one tensor, or several for queries, keys and values.
    pub made: Vec<Glimpse>,
}

/// A look at a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Glimpse {
    /// `q`, `k`, `v`, or empty where there is only one.
    pub name: String,
    pub shape: Vec<i64>,
    /// `f32`, `bf16`.
    pub kind: String,
    pub mean: f64,
    pub std: f64,
    pub min: f64,
    pub max: f64,
    /// The first values of the last position.
    pub values: Vec<f32>,
}

impl Control {
    /// Asks the run to end at its next operator, also out of a halt.
    pub fn cancel(&self) {
        // Under the lock, so that a run about to wait either sees this or is woken by it.
        let _held = self.lock();
        self.cancels.fetch_add(1, Ordering::Relaxed);
        self.stepped.notify_all();
    }

    /// Whether the run should end.
    pub fn is_cancelled(&self) -> bool {
        self.cancels.load(Ordering::Relaxed) > self.earlier.load(Ordering::Relaxed)
    }

    /// A mark of now, for work that is asked for but begins later.
    pub fn ticket(&self) -> u64 {
        self.cancels.load(Ordering::Relaxed)
    }

    /// Begins work that was asked for at `ticket`: a cancel since then is meant for it, an earlier one is not.
    pub fn begin(&self, ticket: u64) {
        *self.lock() = None;
        self.earlier.store(ticket, Ordering::Relaxed);
    }

    /// Lets a halted run go on.
    pub fn step(&self, step: Step) {
        *self.lock() = Some(step);
        self.stepped.notify_all();
    }

    /// Waits for the next step; `None` when the run is to end.
    pub fn wait(&self) -> Option<Step> {
        let mut step = self.lock();
        loop {
            if self.is_cancelled() {
                return None;
            }
            if let Some(step) = step.take() {
                return Some(step);
            }
            step = self.stepped.wait(step).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Step>> {
        // A step is a plain value: it is whole even if some thread panicked while holding it.
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_cancel_ends_a_wait() {
        let control = Arc::new(Control::default());
        let waiting = std::thread::spawn({
            let control = Arc::clone(&control);
            move || control.wait()
        });
        control.cancel();
        assert_eq!(waiting.join().unwrap(), None);
    }

    #[test]
    fn a_cancel_is_meant_for_what_was_asked_for_before_it() {
        let control = Control::default();
        let first = control.ticket();
        control.cancel();
        let second = control.ticket();
        control.begin(first);
        assert!(control.is_cancelled(), "queued when the cancel came");
        control.begin(second);
        assert!(!control.is_cancelled(), "asked for after it");
    }

    #[test]
    fn a_step_given_before_the_wait_is_not_lost() {
        let control = Control::default();
        control.step(Step::Block);
        assert_eq!(control.wait(), Some(Step::Block));
    }
}
