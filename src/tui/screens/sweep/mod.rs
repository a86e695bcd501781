//! The Sweep screen: times over lengths or batches.

pub mod perform;
pub mod points;
pub mod view;
