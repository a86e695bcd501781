//! The Heads screen: what every head of the model looks at.

pub mod actions;
pub mod perform;
pub mod view;

/// What is selected of a text is shared with the Lens: [`crate::tui::explorer`].
pub type State = ();
