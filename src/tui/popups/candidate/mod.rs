//! What to compare with, or to sweep.

pub mod choice;
pub mod view;
