//! The Heads screen: what every head of the model looks at.

pub mod actions;
pub mod perform;
pub mod view;
