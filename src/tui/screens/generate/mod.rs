//! The Generate screen: the text, token by token.

pub mod actions;
pub mod perform;
pub mod view;
