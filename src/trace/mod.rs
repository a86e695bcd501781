//! What was measured, as plain data: no tensor, no thread, no terminal.
//!
//! A [`Run`] is built by applying [`Event`]s in order. The same events stream from the model thread
//! to the screen, are the lines of a run file, and rebuild the run when the file is opened again.

pub mod account;
pub mod chrome;
pub mod comparison;
pub mod event;
pub mod explored;
pub mod file;
pub mod findings;
#[cfg(test)]
pub mod fixture;
pub mod gate;
pub mod input;
pub mod memory;
pub mod operator;
pub mod overhead;
pub mod pareto;
pub mod peaks;
pub mod roofline;
pub mod run;
pub mod stats;
pub mod study;
pub mod sweep;
pub mod timeline;
mod v1;
pub mod work;

pub use account::Account;
pub use comparison::Comparison;
pub use event::{Candidate, Event, Header, ModelInfo, Part, PassStart, Phase, Span, Status, Token, Watched};
pub use findings::{Finding, findings};
pub use memory::{Allocation, ByCategory, Category, PassMemory, Resident};
pub use operator::{Argument, Cut, Dtype, Operator, Signature};
pub use overhead::Overhead;
pub use peaks::Peaks;
pub use run::{Pass, Row, Run, Sum, median_repeat};
pub use stats::{Quartiles, Ratio, Verdict};
pub use study::Study;
pub use sweep::Sweep;
