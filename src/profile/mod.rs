//! Runs a model and measures it.
//!
//! A `Session` is a model with its tokenizer, ready to run. It turns a [`Request`] into
//! [`trace`](crate::trace) events; what must reach a run from outside comes through [`Control`].

pub mod control;
pub mod request;
pub mod sampling;

pub use control::{Control, Glimpse, Halt, Step};
pub use request::{Prompt, Request};
pub use sampling::Sampling;
