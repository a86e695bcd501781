//! How the prompt is cut into tokens.

pub mod lines;
pub mod view;
