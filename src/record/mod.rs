//! What was measured, as plain data: no tensor, no thread, no terminal.
//!
//! A [`Run`] is built by applying [`Event`]s in order. The same events stream from the model thread
//! to the screen, are the lines of a run file, and rebuild the run when the file is opened again. A
//! [`Study`] is the same of several configurations, and [`explored`] is what was seen of a text.
//! [`analyse`](crate::analyse) works out what they amount to.

pub mod baseline;
pub mod benchmark;
pub mod event;
pub mod explored;
pub mod file;
#[cfg(test)]
pub mod fixture;
pub mod header;
pub mod input;
pub mod memory;
pub mod operator;
pub mod peaks;
pub mod quartiles;
pub mod run;
pub mod study;
mod v1;
mod v2;

pub use event::{Candidate, Event, Part, PassStart, Phase, Span, Status, Token, Watched};
pub use header::{Header, ModelInfo};
pub use memory::{Allocation, ByCategory, Category, PassMemory, Resident};
pub use operator::{Argument, Cut, Dtype, Operator, Signature};
pub use peaks::Peaks;
pub use quartiles::Quartiles;
pub use run::{Pass, Row, Run, Sum, median_repeat};
pub use study::Study;
