//! What there is to learn, as plain data: lessons, the examples that are computed by hand, a glossary, and how far a
//! learner has come.
//!
//! ```text
//! lessons/*.md ─▶ Lesson { stage, pages }     glossary.md ─▶ Term
//! worked/*.rs  ─▶ Step                         Progress ◀─▶ a file in JSON
//! ```
//!
//! A lesson says in words what is to be done ([`Task`]); whether it was done the interface sees. What a lesson claims is
//! proved on the loaded model by `interpret::proof`, one experiment a lesson.
//!
//! Deliberately absent: a tensor, a terminal, a key.

mod glossary;
mod lesson;
mod progress;
mod task;
pub mod worked;

pub use glossary::{Term, glossary};
pub use lesson::{Answer, Block, Lesson, Page, Question, Stage, lessons};
pub use progress::{Done, Error, Progress};
pub use task::{At, Task};
