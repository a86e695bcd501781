//! The Step screen: where a halted run stands in the model.

pub mod actions;
pub mod perform;
pub mod view;
