//! The Lens screen: what the model would say at each place.

pub mod perform;
pub mod view;
