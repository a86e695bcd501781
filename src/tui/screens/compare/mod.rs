//! The Compare screen: two configurations, measured side by side.

pub mod actions;
pub mod perform;
pub mod rows;
pub mod tree;
pub mod view;

pub use tree::ComparisonTree as State;
