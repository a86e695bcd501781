//! The Sweep screen: times over lengths or batches.

pub mod actions;
pub mod perform;
pub mod points;
pub mod view;

pub use points::Selected as State;
