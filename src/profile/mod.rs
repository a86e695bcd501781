//! Runs a model and measures it.
//!
//! A [`Session`] is a model with its tokenizer, ready to run. It turns a [`Request`] into
//! [`trace`](crate::trace) events; what must reach a run from outside comes through [`Control`].

pub mod capture;
pub mod control;
pub mod machine;
mod recorder;
pub mod request;
pub mod run;
pub mod sampling;
pub mod session;

pub use capture::{Capture, Hooks};
pub use control::{Control, Glimpse, Halt, Step};
pub use request::{Prompt, Request};
pub use run::Watch;
pub use sampling::Sampling;
pub use session::{Card, Session, open_tokenizer};
