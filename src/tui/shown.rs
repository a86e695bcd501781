//! What of a run all screens show: the phase, and how its times are counted.

use crate::record::Phase;

/// Which phase is seen, on every screen that shows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Prefill, decode, or (`None`) both.
    pub phase: Option<Phase>,
    /// Whether it goes along with the run, until the user chooses one.
    pub follows: bool,
    /// Whether times and work of the decode phase are of one step rather than of all.
    pub per_step: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self { phase: Some(Phase::Prefill), follows: true, per_step: true }
    }
}

impl Shown {
    /// Whether numbers are of one decode step.
    pub fn is_of_a_step(&self) -> bool {
        self.per_step && self.phase == Some(Phase::Decode)
    }
}
