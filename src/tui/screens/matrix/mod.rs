//! The Matrix screen: many configurations, ranked.

pub mod actions;
pub mod perform;
pub mod ranking;
pub mod view;

pub use ranking::Ranking as State;
