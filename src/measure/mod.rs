//! Runs a model and measures it.
//!
//! A [`Session`] is a model with its tokenizer, ready to run. It turns a [`Request`] into
//! [`record`](crate::record) events; what must reach a run from outside comes through [`Control`].

mod benchmark;
mod clock;
pub mod control;
mod decoding;
pub mod experiment;
pub mod machine;
pub mod peaks;
mod quality;
mod recorder;
pub mod request;
mod resident;
pub mod run;
pub mod sampling;
mod sequences;
pub mod session;
mod threads;
mod token_embeddings;
pub mod tracer;
mod watch;

pub use control::{Control, Glimpse, Halt, Step};
pub use experiment::{Plan, PlannedArm, Progress, QualityText, Rounds, WatchStudy};
pub use request::{Prompt, Request};
pub use sampling::Sampling;
pub use sequences::Sequences;
pub use session::{Card, Session, Tokenized, open_tokenizer};
pub use token_embeddings::{TokenEmbedding, TokenEmbeddings};
pub use tracer::{Bounds, Traced, Tracer};
pub use watch::Watch;
