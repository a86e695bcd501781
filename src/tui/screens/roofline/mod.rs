//! The Roofline screen: how near each part is to what the machine allows.

pub mod actions;
pub mod measuring;
pub mod peaks;
pub mod perform;
pub mod points;
pub mod view;

pub use crate::tui::grouped_list::GroupedList as State;
