//! The Matrix screen: many configurations, ranked.

pub mod perform;
pub mod ranking;
pub mod view;
