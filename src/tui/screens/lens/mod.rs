//! The Lens screen: what the model would say at each place.

pub mod actions;
pub mod perform;
pub mod view;
