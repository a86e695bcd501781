//! What the interface is told.

use crate::units::Nanos;
use crate::worker::Event;
use crossterm::event::Event as Input;

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// A key, a click, a paste, another size.
    Input(Input),
    /// From the model thread.
    Worker(Event),
    /// Time has passed: so much since the interface began.
    Tick(Nanos),
    /// A run was written to the file of this name, or could not be.
    Saved(Result<String, String>),
    /// The same of the study on the screen.
    StudySaved(Result<String, String>),
    /// The learner's progress could not be kept: why.
    Unkept(String),
    /// The process was asked to stop, as Ctrl-Z does.
    Stopped,
    /// The terminal gives no more input, and why; or the process was asked to end.
    Ended(Option<String>),
    /// The terminal is gone: nobody can be shown or asked anything any more.
    Closed,
}
