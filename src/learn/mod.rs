//! What there is to learn, as plain data: lessons, the examples that are computed by hand, a glossary, and how far a
//! learner has come.
//!
//! ```text
//! lessons/*.md ─▶ Lesson { stage, pages }     glossary.md ─▶ Term
//! worked/*.rs  ─▶ Step                         Progress ◀─▶ a file in JSON
//! ```
//!
//! A lesson says in words what is to be done ([`Task`]); whether it was done the interface sees. What it asks the learner
//! to predict ([`Prediction`]) names a [`Quantity`]; `interpret::proof` measures that on the loaded model, and proves
//! there what the lesson claims, one experiment a lesson.
//!
//! Deliberately absent: a tensor, a terminal, a key.

mod form;
mod glossary;
mod lesson;
mod prediction;
mod progress;
mod quantity;
mod task;
pub mod worked;

pub use form::{Form, Guess, figure};
pub use glossary::{Term, glossary};
pub use lesson::{Answer, Block, Lesson, Page, Question, Stage, lessons};
pub use prediction::{Measured, Miss, Prediction};
pub use progress::{Done, Error, Progress};
pub use quantity::Quantity;
pub use task::{At, Task};
