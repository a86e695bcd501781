//! The thread that owns the model: a [`Command`] goes in, [`Event`]s come out, all plain data.
//!
//! The model never leaves its thread, and the thread never draws. It does one thing at a time; what
//! must reach it in the middle of a run (cancel, the next single step) goes through [`Control`], which
//! the run looks at between operators.

mod looking;

use crate::model::{self, Device, Toggles};
use crate::profile::{Control, Halt, Plan, Progress, Prompt, Request, Session, Step, Watch, WatchStudy, peaks};
use crate::trace::{self, Peaks, study};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;

pub use crate::profile::Card;
use looking::Looking;
pub use looking::{Answer, Look, Seen};

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
    /// The measuring of peaks has come this far.
    Measuring { stage: String, done: u64, total: u64 },
    /// The peaks have been measured, and runs of the loaded model carry them from now on; or the reason
    /// why they have not.
    Peaks(Result<Box<Peaks>, String>),
}

/// A handle to the model thread. Dropping it cancels what runs and waits for the thread to end.
pub struct Worker {
    commands: Option<Sender<Queued>>,
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

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
        let thread = std::thread::Builder::new()
            .name("model".into())
            .spawn({
                let control = Arc::clone(&control);
                move || serve(&queue, &control, report)
            })
            .expect("the system can start a thread");
        Self { commands: Some(commands), control, thread: Some(thread) }
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
        if let Some(thread) = self.thread.take() {
            // A panic outside a command has been printed by the panic hook already.
            let _ = thread.join();
        }
    }
}

/// The thread's whole life.
fn serve(queue: &Receiver<Queued>, control: &Control, mut report: impl FnMut(Event)) {
    let mut session = None;
    let mut looking: Option<Looking> = None;
    loop {
        // Heads are gone through while nothing else is asked for.
        let more = looking.as_mut().filter(|looking| looking.has_more());
        let next = match more {
            Some(_) => queue.try_recv(),
            None => queue.recv().map_err(|_| TryRecvError::Disconnected),
        };
        let Queued { command, ticket } = match (next, more) {
            (Ok(queued), _) => queued,
            (Err(TryRecvError::Empty), Some(looking)) => {
                survey(looking, control, &mut report);
                continue;
            }
            (Err(_), _) => break,
        };
        control.begin(ticket);
        match command {
            Command::Load { source, toggles, device } => {
                // What was seen is of the model that goes.
                looking = None;
                let loaded = quietly(|| load(&mut session, (&source, device), &toggles, control, &mut report));
                match loaded.and_then(|loaded| loaded.map_err(|error| error.to_string())) {
                    Ok(card) => report(Event::Loaded(Box::new(card))),
                    Err(error) => report(Event::LoadFailed { error, kept: session.is_some() }),
                }
            }
            Command::Run { run, request } => {
                let mut forward = Forward { run, report: &mut report };
                let end = match &session {
                    None => Err("no model is loaded".to_owned()),
                    Some(session) => quietly(|| session.run(&request, control, &mut forward)).map(drop),
                };
                if let Err(error) = end {
                    Watch::event(&mut forward, trace::Event::End(trace::Status::Failed(error)));
                }
            }
            Command::Study { run, plan } => {
                let mut forward = Forward { run, report: &mut report };
                let end = match &session {
                    None => Err("no model is loaded".to_owned()),
                    Some(session) => quietly(|| session.study(&plan, None, control, &mut forward)).map(drop),
                };
                if let Err(error) = end {
                    WatchStudy::event(&mut forward, study::Event::End(trace::Status::Failed(error)));
                }
            }
            Command::Explore { run, prompt, side } => {
                // What the one before left may be large.
                drop(looking.take());
                looking = explore(session.as_ref(), run, (&prompt, side), control, &mut report);
            }
            Command::Look { run, look } => {
                let present = looking.as_ref().filter(|looking| looking.run == run);
                if let (Some(looking), Some(session)) = (present, &session) {
                    let seen = quietly(|| looking.answer(session, look, control)).unwrap_or_else(Seen::Failed);
                    report(Event::Seen { run, seen: Box::new(seen) });
                }
            }
            Command::MeasurePeaks { device, threads } => {
                let measured = quietly(|| measure(session.as_mut(), device, threads, control, &mut report));
                report(Event::Peaks(measured.and_then(|peaks| peaks.map_err(|error| error.to_string()))));
            }
        }
    }
}

/// Runs a text and keeps what it leaves.
fn explore(
    session: Option<&Session>,
    run: RunId,
    wanted: (&Prompt, usize),
    control: &Control,
    report: &mut impl FnMut(Event),
) -> Option<Looking> {
    let mut tell = |seen| report(Event::Seen { run, seen: Box::new(seen) });
    let begun = match session {
        None => Err("no model is loaded".to_owned()),
        Some(session) => quietly(|| Looking::begin(session, run, wanted, control, &mut tell)).and_then(|begun| {
            begun.map_err(|error| match error {
                model::Error::Cancelled => "cancelled".into(),
                error => error.to_string(),
            })
        }),
    };
    begun.map_err(|problem| tell(Seen::Failed(problem))).ok()
}

/// Goes through the heads of one more block, or of none where that was cancelled.
fn survey(looking: &mut Looking, control: &Control, report: &mut impl FnMut(Event)) {
    let run = looking.run;
    let mut tell = |seen| report(Event::Seen { run, seen: Box::new(seen) });
    match control.is_cancelled() {
        true => looking.stop(),
        false => tell(quietly(|| looking.go_on()).unwrap_or_else(Seen::Failed)),
    }
    if !looking.has_more() {
        tell(Seen::AllHeads);
    }
}

/// Loads a model, or rebuilds the present one if it is the same.
fn load(
    present: &mut Option<Session>,
    (source, device): (&str, Device),
    toggles: &Toggles,
    control: &Control,
    report: &mut impl FnMut(Event),
) -> crate::model::Result<Card> {
    let mut progress = |stage: &str, done, total| {
        report(Event::Loading { stage: stage.to_owned(), done, total });
        !control.is_cancelled()
    };
    match present {
        Some(session) if session.card().info.source == source && session.card().device == device => {
            session.rebuild(toggles, &mut progress)?;
        }
        _ => *present = Some(Session::open_on(device, source, toggles, &mut progress)?),
    }
    Ok(present.as_ref().map(|session| session.card().clone()).expect("it was loaded just now"))
}

/// Measures peaks, keeps them for later sessions, and hands them to the present one.
fn measure(
    session: Option<&mut Session>,
    device: Device,
    threads: usize,
    control: &Control,
    report: &mut impl FnMut(Event),
) -> crate::model::Result<Box<Peaks>> {
    let mut progress = |stage: &str, done, total| report(Event::Measuring { stage: stage.to_owned(), done, total });
    let peaks = peaks::measure(device, threads, &mut progress, control)?;
    // Where they cannot be kept, this session has them still.
    let _ = peaks::store(&peaks);
    if let Some(session) = session {
        session.learn_peaks(&peaks);
    }
    Ok(Box::new(peaks))
}

/// A panic becomes an error with its message: LibTorch's operators panic where they refuse.
fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        format!("the model thread panicked: {}", message.unwrap_or("without a message"))
    })
}

/// Hands a run's events on under its number.
struct Forward<'a, R> {
    run: RunId,
    report: &'a mut R,
}

impl<R: FnMut(Event)> Watch for Forward<'_, R> {
    fn event(&mut self, event: trace::Event) {
        (self.report)(Event::Run { run: self.run, events: vec![event] });
    }

    fn halted(&mut self, halt: Halt) {
        (self.report)(Event::Halted { run: self.run, halt: Box::new(halt) });
    }
}

impl<R: FnMut(Event)> WatchStudy for Forward<'_, R> {
    fn event(&mut self, event: study::Event) {
        (self.report)(Event::Study { run: self.run, events: vec![event] });
    }

    fn progress(&mut self, progress: &Progress) {
        (self.report)(Event::Studying { run: self.run, progress: progress.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        assert_eq!(quietly(|| 1), Ok(1));
        let refused = quietly(|| tch::Tensor::from_slice(&[1.0, 2.0]).view([3]));
        assert!(refused.unwrap_err().contains("shape '[3]' is invalid"));
    }
}
