//! Run files: the events of a run as lines of JSON, the version first.
//!
//! The newest version is written, every one is read. A file that was cut off (the program was killed,
//! the disk was full) opens with all that is complete in it.

mod content;
mod create;
mod error;
mod lines;
mod reader;
mod whole;
mod writer;

pub use content::Content;
pub use create::{Existing, bounded, create};
pub use error::{Error, MAX_LINE, Result};
pub use lines::Lines;
pub use reader::{RunReader, read, read_from};
pub use whole::whole;
pub use writer::{RunWriter, replace_run, write_run};
