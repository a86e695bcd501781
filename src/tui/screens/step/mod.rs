//! The Step screen: where a halted run stands in the model.

pub mod actions;
pub mod perform;
pub mod view;

/// Where a run halts is the run's.
pub type State = ();
