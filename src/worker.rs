//! The thread that owns the model: a [`Command`] goes in, [`Event`]s come out, all plain data.
//!
//! The model never leaves its thread, and the thread never draws. It does one thing at a time; what
//! must reach it in the middle of a run (cancel, the next single step) goes through
//! [`Control`](crate::profile::Control), which the run looks at between operators.

use crate::model::spec::Spec;
use crate::model::toggles::Toggles;
use crate::profile::{Control, Halt, Request, Step};
use crate::trace;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

/// Something to do, in the order in which it was sent.
#[derive(Debug, Clone)]
pub enum Command {
    /// Open a model, or the same one again with other toggles.
    Load { source: String, toggles: Toggles },
    /// Run the loaded model.
    Run { run: RunId, request: Request },
}

/// Numbers runs, so that late events of a cancelled one can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RunId(pub u64);

/// Something that happened on the model thread.
#[derive(Debug, Clone)]
pub enum Event {
    /// Loading has come this far; `total` is 0 where it is not known.
    Loading { stage: String, done: u64, total: u64 },
    /// The model is ready.
    Loaded(Box<Card>),
    /// It could not be opened; the one before, if any, is gone or still there as `kept` says.
    LoadFailed { error: String, kept: bool },
    /// What happened in a run, in order; batched so that a watcher does not disturb what it watches.
    Run { run: RunId, events: Vec<trace::Event> },
    /// A single-stepped run waits for [`Worker::step`].
    Halted { run: RunId, halt: Box<Halt> },
}

/// What is known of a loaded model.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub spec: Spec,
    pub info: trace::ModelInfo,
    /// The toggles that it was built with.
    pub toggles: Toggles,
    /// Whether it comes with a chat template.
    pub has_chat_template: bool,
    /// What the user should know, such as an unknown pre-tokenizer.
    pub warnings: Vec<String>,
}

/// A handle to the model thread. Dropping it cancels what runs and waits for the thread to end.
pub struct Worker {
    commands: Option<Sender<Command>>,
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread. `report` is called on it with everything that happens.
    pub fn spawn(report: impl FnMut(Event) + Send + 'static) -> Self {
        let _ = report;
        unimplemented!()
    }

    /// Queues a command.
    pub fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // A thread that has ended has said why; there is nobody left to tell.
            let _ = commands.send(command);
        }
    }

    /// Ends the present run, or the present loading, at the next operator.
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
        self.control.cancel();
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
