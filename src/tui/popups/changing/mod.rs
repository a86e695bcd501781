//! What is to be changed in the model or the text.

pub mod draft;
pub mod view;
