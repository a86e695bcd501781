//! The Memory screen: what is allocated, when, and for what.

pub mod actions;
pub mod perform;
pub mod rows;
pub mod view;

pub use crate::tui::grouped_list::GroupedList as State;
