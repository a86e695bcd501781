//! The Learn screen: the lessons.

pub mod course;
pub mod perform;
pub mod view;
