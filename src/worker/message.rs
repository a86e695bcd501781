//! What goes to the model thread, and what comes from it: plain data.

use super::run_id::RunId;
use crate::arch::Toggles;
use crate::engine::Device;
use crate::interpret::inspector::{Observation, Question};
use crate::interpret::proof::Outcome;
use crate::learn::Measured;
use crate::measure::{Card, Halt, Plan, Progress, Prompt, Request, TokenEmbeddings, Tokenized};
use crate::record::{self, Peaks, study};
use std::path::PathBuf;

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
    OpenCapture { run: RunId, path: PathBuf, side: usize },
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
    Embeddings { text: String, features: usize },
    /// Prove on the loaded model what a lesson claims, counted from 0; on as much of the prompt as that needs.
    Prove { lesson: usize, prompt: Prompt },
    /// Measure on the loaded model what a lesson, counted from 0, asks the learner to predict; on the same text.
    Measure { lesson: usize, prompt: Prompt },
    /// Ask something about that text.
    Ask { run: RunId, question: Question },
    /// Measure what the machine can do at most under these conditions, for this and for later sessions.
    MeasurePeaks { device: Device, threads: usize },
}

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
    Run { run: RunId, events: Vec<record::Event> },
    /// What happened in a study, in order.
    Study { run: RunId, events: Vec<study::Event> },
    /// How far a study is.
    Studying { run: RunId, progress: Progress },
    /// A single-stepped run waits for [`Worker::step`](super::Worker::step).
    Halted { run: RunId, halt: Box<Halt> },
    /// What was observed of a text.
    Observed { run: RunId, observation: Box<Observation> },
    /// How the prompt is cut, or why it cannot be.
    Tokenized(Box<Result<Tokenized, String>>),
    /// A text's tokens as columns, or why there are none.
    Embeddings { text: String, embeddings: Box<Result<TokenEmbeddings, String>> },
    /// What was measured of what a lesson asks to predict, or why it could not be.
    Measured { lesson: usize, came: Box<Result<Measured, String>> },
    /// What came of an experiment, or why it could not be made.
    Proved { lesson: usize, came: Box<Result<Outcome, String>> },
    /// The measuring of peaks has come this far.
    Measuring { stage: String, done: u64, total: u64 },
    /// The peaks have been measured, and runs of the loaded model carry them from now on; or the reason
    /// why they have not.
    Peaks(Result<Box<Peaks>, String>),
}

/// A command, and how many cancellations there had been when it was sent: a later one is meant for it.
pub struct Queued {
    pub command: Command,
    pub ticket: u64,
}
