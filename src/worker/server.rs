//! The thread itself: one thing at a time, and in between what has time.

use super::message::{Command, Event, Queued};
use super::run_id::RunId;
use crate::arch::Toggles;
use crate::engine;
use crate::engine::Device;
use crate::interpret::Exploration;
use crate::interpret::inspector::{Inspector, Observation};
use crate::interpret::proof::{PROOFS, Subject, measured};
use crate::learn::{Lesson, lessons};
use crate::measure::{Card, Control, Halt, Progress, Session, Watch, WatchStudy, peaks};
use crate::record::{self, Peaks, study};
use crate::system::caught::caught;
use crate::text::shown;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::TryRecvError::{Disconnected, Empty};

/// What the thread has, and what it has been asked for.
pub struct Server<'a, R> {
    queue: &'a Receiver<Queued>,
    /// Taken from the queue, but not begun.
    waiting: VecDeque<Queued>,
    control: &'a Control,
    report: R,
    session: Option<Session>,
    inspection: Option<Inspection>,
    /// What was seen of the text that others are held against.
    pinned: Option<Rc<Exploration>>,
}

/// A text that is being inspected.
struct Inspection {
    run: RunId,
    inspector: Inspector,
}

impl<'a, R: FnMut(Event)> Server<'a, R> {
    pub fn new(queue: &'a Receiver<Queued>, control: &'a Control, report: R) -> Self {
        Self { queue, waiting: VecDeque::new(), control, report, session: None, inspection: None, pinned: None }
    }

    /// The thread's whole life.
    pub fn serve(&mut self) {
        while let Some(queued) = self.next() {
            self.control.begin(queued.ticket);
            self.perform(queued.command);
        }
    }

    /// The next thing to do, which may be a while in coming; `None` when nobody is left to ask. Heads are gone through
    /// meanwhile.
    fn next(&mut self) -> Option<Queued> {
        loop {
            if let Some(queued) = self.waiting.pop_front() {
                return Some(queued);
            }
            let has_more = self.inspection.as_ref().is_some_and(|inspection| inspection.inspector.has_more());
            match if has_more { self.queue.try_recv() } else { self.queue.recv().map_err(|_| Disconnected) } {
                Ok(queued) => return Some(queued),
                Err(Disconnected) => return None,
                Err(Empty) => self.go_on(),
            }
        }
    }

    /// Does the next piece of what has time.
    fn go_on(&mut self) {
        let (Some(inspection), Some(session)) = (&mut self.inspection, &self.session) else { return self.survey() };
        let (run, control, inspector) = (inspection.run, self.control, &mut inspection.inspector);
        let (grows, weighs) = (inspector.is_growing(), inspector.is_weighing());
        let done = match (grows, weighs) {
            (true, _) => quietly(|| inspector.next_token(session, control)),
            (_, true) => quietly(|| inspector.next_importance(session, control)),
            _ => return self.survey(),
        };
        let observation = succeeded(done).map(Box::new).unwrap_or_else(|failure| {
            inspector.stop();
            failure
        });
        let is_grown = grows && !inspector.is_growing();
        (self.report)(Event::Observed { run, observation });
        if is_grown {
            (self.report)(Event::Observed { run, observation: Box::new(Observation::GrownUp) });
        }
    }

    /// Goes through the heads of one more block. Who looks at something meanwhile is answered at once; whatever else is
    /// asked for comes first, and the block begins again after it.
    fn survey(&mut self) {
        let Some(Inspection { run, inspector }) = &self.inspection else { return };
        let (run, session, control) = (*run, self.session.as_ref(), self.control);
        let pinned = self.pinned.as_deref();
        let mut tell = |seen| (self.report)(Event::Observed { run, observation: Box::new(seen) });
        let surveyed = quietly(|| {
            inspector.next_heads(pinned, &mut || {
                while let Ok(queued) = self.queue.try_recv() {
                    match queued.command {
                        Command::Ask { run: of, question } if of == run && self.waiting.is_empty() => {
                            control.begin(queued.ticket);
                            tell(inspector.answer(session, pinned, question, control));
                        }
                        _ => self.waiting.push_back(queued),
                    }
                }
                self.waiting.is_empty() && !control.is_cancelled()
            })
        });
        let Some(Inspection { inspector, .. }) = &mut self.inspection else { return };
        match surveyed {
            Ok(Some(seen)) => {
                inspector.passed();
                tell(seen);
            }
            Ok(None) if control.is_cancelled() => inspector.stop(),
            Ok(None) => return,
            Err(problem) => {
                inspector.stop();
                tell(Observation::Failed(problem));
            }
        }
        if !inspector.has_more() {
            tell(Observation::AllHeads);
        }
    }

    fn perform(&mut self, command: Command) {
        let Self { control, report, session, inspection, pinned, .. } = self;
        match command {
            Command::Load { source, toggles, device } => {
                // What was seen is of the model that goes.
                *inspection = None;
                let loaded = quietly(|| load(session, &source, device, &toggles, control, report));
                match loaded.and_then(|loaded| loaded.map_err(|error| error.to_string())) {
                    Ok(card) => report(Event::Loaded(Box::new(card))),
                    Err(error) => report(Event::LoadFailed { error, kept: session.is_some() }),
                }
            }
            Command::Run { run, request } => {
                let mut forward = Forward { run, report };
                let end = match session {
                    None => Err("no model is loaded".to_owned()),
                    Some(session) => quietly(|| session.run(&request, control, &mut forward)).map(drop),
                };
                if let Err(error) = end {
                    Watch::event(&mut forward, record::Event::End(record::Status::Failed(error)));
                }
            }
            Command::Study { run, plan } => {
                let mut forward = Forward { run, report };
                let end = match session {
                    None => Err("no model is loaded".to_owned()),
                    Some(session) => quietly(|| session.study(&plan, None, control, &mut forward)).map(drop),
                };
                if let Err(error) = end {
                    WatchStudy::event(&mut forward, study::Event::End(record::Status::Failed(error)));
                }
            }
            Command::Explore { run, prompt, side } => {
                // What the one before left may be large.
                drop(inspection.take());
                let mut tell = |observation| report(Event::Observed { run, observation: Box::new(observation) });
                let begun = match session {
                    None => Err(Box::new(Observation::Failed("no model is loaded".to_owned()))),
                    Some(session) => {
                        succeeded(quietly(|| Inspector::begin(session, &prompt, side, control, &mut tell)))
                    }
                };
                match begun {
                    Ok(inspector) => *inspection = Some(Inspection { run, inspector }),
                    Err(failure) => tell(*failure),
                }
            }
            Command::OpenCapture { run, path, side } => {
                let mut tell = |seen| report(Event::Observed { run, observation: Box::new(seen) });
                match succeeded(quietly(|| Inspector::open(&path, side, &mut tell))) {
                    Ok(inspector) => *inspection = Some(Inspection { run, inspector }),
                    Err(seen) => tell(*seen),
                }
            }
            Command::Grow { run, tokens } => {
                let present = inspection.as_mut().filter(|inspection| inspection.run == run);
                if let (Some(Inspection { inspector, .. }), Some(session)) = (present, session.as_ref()) {
                    let mut tell = |seen| report(Event::Observed { run, observation: Box::new(seen) });
                    quietly(|| inspector.grow(session, tokens))
                        .unwrap_or_else(|problem| tell(Observation::Failed(problem)));
                }
            }
            Command::Weigh { run } => {
                if let Some(inspection) = inspection.as_mut().filter(|inspection| inspection.run == run) {
                    inspection.inspector.weigh();
                }
            }
            Command::Pin { run } => {
                let present = inspection.as_ref().filter(|inspection| inspection.run == run);
                *pinned = present.map(|inspection| inspection.inspector.pinned()).or(pinned.take());
            }
            Command::Unpin => *pinned = None,
            Command::Ask { run, question } => {
                if let Some(Inspection { inspector, .. }) =
                    inspection.as_ref().filter(|inspection| inspection.run == run)
                {
                    let seen = quietly(|| inspector.answer(session.as_ref(), pinned.as_deref(), question, control));
                    let seen = seen.unwrap_or_else(Observation::Failed);
                    report(Event::Observed { run, observation: Box::new(seen) });
                }
            }
            Command::Tokenize { prompt } => {
                let cut = asked(session.as_ref(), |session| session.tokenized(&prompt));
                report(Event::Tokenized(Box::new(cut)));
            }
            Command::Embeddings { text, features } => {
                let embeddings = asked(session.as_ref(), |session| session.token_embeddings(&text, features));
                report(Event::Embeddings { text, embeddings: Box::new(embeddings) });
            }
            Command::Prove { lesson, prompt } => {
                let came = asked(session.as_ref(), |session| {
                    let subject = Subject::new(session, session.prompt_ids(&prompt)?, control)?;
                    PROOFS[lesson].run(&subject)
                });
                report(Event::Proved { lesson, came: Box::new(came) });
            }
            Command::Measure { lesson, prompt } => {
                let came = asked(session.as_ref(), |session| {
                    let subject = Subject::new(session, session.prompt_ids(&prompt)?, control)?;
                    let prediction = lessons().get(lesson).and_then(Lesson::prediction);
                    let prediction = prediction.ok_or_else(|| {
                        engine::Error::Request(format!("lesson {} has nothing to be predicted", lesson + 1))
                    })?;
                    measured(prediction.quantity, &subject)
                });
                report(Event::Measured { lesson, came: Box::new(came) });
            }
            Command::MeasurePeaks { device, threads } => {
                let measured = quietly(|| measure(session.as_mut(), device, threads, control, report));
                report(Event::Peaks(measured.and_then(|peaks| peaks.map_err(|error| error.to_string()))));
            }
        }
    }
}

/// Asks something of the model that there is.
fn asked<T>(session: Option<&Session>, question: impl FnOnce(&Session) -> engine::Result<T>) -> Result<T, String> {
    let session = session.ok_or("no model is loaded")?;
    quietly(|| question(session)).and_then(|answer| answer.map_err(|error| error.to_string()))
}

/// Loads a model, or rebuilds the present one if it is the same.
fn load(
    present: &mut Option<Session>,
    source: &str,
    device: Device,
    toggles: &Toggles,
    control: &Control,
    report: &mut impl FnMut(Event),
) -> crate::engine::Result<Card> {
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
) -> crate::engine::Result<Box<Peaks>> {
    let mut progress = |stage: &str, done, total| report(Event::Measuring { stage: stage.to_owned(), done, total });
    let peaks = peaks::measure(device, threads, &mut progress, control)?;
    // Where they cannot be kept, this session has them still.
    let _ = peaks::store(&peaks);
    if let Some(session) = session {
        session.learn_peaks(&peaks);
    }
    Ok(Box::new(peaks))
}

/// What came of some work, or what is seen in its place.
fn succeeded<T>(done: Result<engine::Result<T>, String>) -> Result<T, Box<Observation>> {
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(engine::Error::Cancelled)) => Err(Box::new(Observation::Cancelled)),
        Ok(Err(error)) => Err(Box::new(Observation::Failed(error.to_string()))),
        Err(problem) => Err(Box::new(Observation::Failed(problem))),
    }
}

/// A panic becomes an error with its message: LibTorch's operators panic where they refuse.
fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    caught(work).map_err(|message| format!("the model thread panicked: {}", shown::bounded(&message)))
}

/// Hands a run's events on under its number.
struct Forward<'a, R> {
    run: RunId,
    report: &'a mut R,
}

impl<R: FnMut(Event)> Watch for Forward<'_, R> {
    fn event(&mut self, event: record::Event) {
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
