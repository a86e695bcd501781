//! The Generate screen: the text, token by token.

pub mod actions;
pub mod perform;
pub mod reading;
pub mod view;

pub use reading::Reading as State;
