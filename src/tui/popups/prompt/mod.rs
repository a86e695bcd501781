//! The prompt editor.

pub mod form;
pub mod view;
