//! The Lens screen: what the model would say at each place.

pub mod actions;
pub mod perform;
pub mod view;

/// What is selected of a text is shared with the Heads: [`crate::tui::explorer`].
pub type State = ();
