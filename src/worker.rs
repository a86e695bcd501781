//! The thread that owns the model: a [`Command`] goes in, [`Event`]s come out, all plain data.
//!
//! The model never leaves its thread, and the thread never draws. It does one thing at a time; what
//! must reach it in the middle of a run (cancel, the next single step) goes through [`Control`], which
//! the run looks at between operators.

mod looking;
mod server;

use crate::model::{Device, Toggles};
use crate::profile::{Control, Halt, Plan, Progress, Prompt, Request, Step};
use crate::trace::{self, Peaks, study};
use server::Server;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub use crate::profile::proof::Found;
pub use crate::profile::{Card, Column, Columns, Tokenized};
pub use looking::{Answer, Look, Of, Seen, Text};

/// Something to do, in the order in which it was sent.
#[derive(Debug, Clone)]
pub enum Command {
    /// Open a model, or the same one again with other toggles.
    Load { source: String, toggles: Toggles, device: Device },
    /// Run the loaded model.
    Run { run: RunId, request: Request },
    /// Execute a study of the loaded model.
    Study { run: RunId, plan: Box<Plan> },
    /// Run a text once and keep what there is to look at; a thumbnail of a head has at most `side` cells on a side.
    Explore { run: RunId, prompt: Prompt, side: usize },
    /// The same of what a capture file holds; no model is needed.
    OpenSeen { run: RunId, path: PathBuf, side: usize },
    /// Let that text grow by so many tokens.
    Grow { run: RunId, tokens: usize },
    /// Switch off every head of it by itself, then time it.
    Weigh { run: RunId },
    /// Keep what was seen of it, for other texts and other toggles to be held against.
    Pin { run: RunId },
    /// Let go of what was pinned.
    Unpin,
    /// Cut the prompt into its tokens.
    Tokenize { prompt: Prompt },
    /// Look up a text's tokens in the table of embeddings, so many features of each.
    Columns { text: String, features: usize },
    /// Prove on the loaded model what a lesson claims, counted from 0; on as much of the prompt as that needs.
    Prove { lesson: usize, prompt: Prompt },
    /// Look at something of that.
    Look { run: RunId, look: Look },
    /// Measure what the machine can do at most under these conditions, for this and for later sessions.
    MeasurePeaks { device: Device, threads: usize },
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
    /// It could not be opened. `kept`: the model that was there before still is.
    LoadFailed { error: String, kept: bool },
    /// What happened in a run, in order; batched so that a watcher does not disturb what it watches.
    Run { run: RunId, events: Vec<trace::Event> },
    /// What happened in a study, in order.
    Study { run: RunId, events: Vec<study::Event> },
    /// How far a study is.
    Studying { run: RunId, progress: Progress },
    /// A single-stepped run waits for [`Worker::step`].
    Halted { run: RunId, halt: Box<Halt> },
    /// What is seen of a text.
    Seen { run: RunId, seen: Box<Seen> },
    /// How the prompt is cut, or why it cannot be.
    Tokenized(Box<Result<Tokenized, String>>),
    /// A text's tokens as columns, or why there are none.
    Columns { text: String, columns: Box<Result<Columns, String>> },
    /// What came of an experiment, or why it could not be made.
    Proved { lesson: usize, came: Box<Result<Found, String>> },
    /// The measuring of peaks has come this far.
    Measuring { stage: String, done: u64, total: u64 },
    /// The peaks have been measured, and runs of the loaded model carry them from now on; or the reason
    /// why they have not.
    Peaks(Result<Box<Peaks>, String>),
}

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

/// A command, and how many cancellations there had been when it was sent: a later one is meant for it.
struct Queued {
    command: Command,
    ticket: u64,
}

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
