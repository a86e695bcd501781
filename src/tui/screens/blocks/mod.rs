//! The Blocks screen: every block and part with its time, its work and its share.

pub mod actions;
pub mod largest;
pub mod operator;
pub mod outline;
pub mod part;
pub mod perform;
pub mod summary;
pub mod view;

pub use outline::Outline as State;
