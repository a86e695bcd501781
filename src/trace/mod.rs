//! What was measured, as plain data: no tensor, no thread, no terminal.
//!
//! A [`Run`] is built by applying [`Event`]s in order. The same events stream from the model thread
//! to the screen, are the lines of a run file, and rebuild the run when the file is opened again.

pub mod event;
pub mod file;
pub mod run;
pub mod stats;
mod v1;

pub use event::{Candidate, Event, Header, ModelInfo, Part, PassStart, Phase, Span, Status, Token};
pub use run::{Pass, Row, Run, Sum, median_repeat};
pub use stats::Quartiles;
