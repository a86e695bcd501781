//! The thread that owns the model: a [`Command`] goes in, [`Event`]s come out, all plain data.
//!
//! The model never leaves its thread, and the thread never draws. It does one thing at a time; what
//! must reach it in the middle of a run (cancel, the next single step) goes through [`Control`], which
//! the run looks at between operators.

mod message;
mod run_id;
mod server;

use crate::measure::{Control, Step};
use message::Queued;
use server::Server;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub use crate::interpret::inspector::{Answer, InspectedText, Observation, Question, WhichPass};
pub use crate::interpret::proof::Outcome;
pub use crate::measure::{Card, TokenEmbedding, TokenEmbeddings, Tokenized};
pub use message::{Command, Event};
pub use run_id::RunId;

/// A handle to the model thread. Dropping it cancels what runs and waits for the thread to end, though not for ever: one
/// that never looks at its cancellation is left behind, and ends with the process.
pub struct Worker {
    commands: Option<Sender<Queued>>,
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
    /// Disconnected when the thread ends. Nothing is ever sent.
    end: Receiver<()>,
}

/// How long a thread that was told to end may take to do so.
const PATIENCE: Duration = Duration::from_secs(1);

impl Worker {
    /// Starts the thread. `report` is called on it with everything that happens.
    ///
    /// # Panics
    /// The system gives no further thread.
    pub fn spawn(report: impl FnMut(Event) + Send + 'static) -> Self {
        let (commands, queue) = channel();
        let control = Arc::new(Control::default());
        let (ends, end) = channel();
        let thread = std::thread::Builder::new()
            .name("model".into())
            .spawn({
                let control = Arc::clone(&control);
                move || {
                    let _ends: Sender<()> = ends;
                    Server::new(&queue, &control, report).serve();
                }
            })
            .expect("the system can start a thread");
        Self { commands: Some(commands), control, thread: Some(thread), end }
    }

    /// Queues a command.
    pub fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // A thread that has ended has said why; there is nobody left to tell.
            let _ = commands.send(Queued { command, ticket: self.control.ticket() });
        }
    }

    /// Ends the present run, or the present loading, at the next operator, and whatever is queued.
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// Lets a halted run go on.
    pub fn step(&self, step: Step) {
        self.control.step(step);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.commands = None;
        self.control.cancel();
        let has_ended = self.end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Disconnected);
        if let Some(thread) = self.thread.take().filter(|_| has_ended) {
            // A panic outside a command has been printed by the panic hook already.
            let _ = thread.join();
        }
    }
}
