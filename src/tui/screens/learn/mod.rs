//! The Learn screen: the lessons.

pub mod actions;
pub mod course;
pub mod perform;
pub mod view;

pub use course::Course as State;
