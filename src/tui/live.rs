//! The run on the screen: what has been measured of it, and how it stands.

use super::phase_sums::Traced;
use super::tally::Tally;
use crate::measure::Halt;
use crate::record::{Event, Phase, Run, Status};
use crate::tui::screens::timeline::Chart;
use crate::units::Nanos;
use crate::worker::RunId;

/// A run, going on or over.
#[derive(Debug, Clone)]
pub struct Live {
    /// `None` for a saved run.
    pub id: Option<RunId>,
    pub run: Run,
    pub tally: Tally,
    /// What its traced passes add up to.
    pub traced: Traced,
    /// What happened when; laid out once the run is over and the Timeline is looked at.
    pub chart: Option<Box<Chart>>,
    pub state: State,
    /// Whether the prompt is a turn of a chat: what follows is an answer, not a continuation.
    pub chat: bool,
    /// Whether it is traced: plain and traced repeats alternate, after a warm-up that nothing is told of.
    pub is_traced: bool,
    /// Whether its tokens are drawn by lot.
    pub is_sampled: bool,
    /// Whether it halts after every part.
    pub stepping: bool,
    /// The last halt; it stays while the run goes on to the next.
    pub halt: Option<Box<Halt>>,
    /// When it was asked for, by the interface's clock.
    pub since: Nanos,
    /// Its file, where it has one.
    pub file: Option<String>,
    /// Counts what has arrived, so that drawings may be kept.
    pub version: u64,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing has arrived yet.
    Starting,
    Running,
    /// It waits for a step.
    Halted,
    /// It was told to end and has not yet.
    Cancelling,
    Over,
}

impl Live {
    /// A run that has just been asked for.
    pub fn new(id: RunId, stepping: bool, since: Nanos) -> Self {
        Self {
            id: Some(id),
            run: Run::default(),
            tally: Tally::default(),
            traced: Traced::default(),
            chart: None,
            state: State::Starting,
            chat: false,
            is_traced: false,
            is_sampled: false,
            stepping,
            halt: None,
            since,
            file: None,
            version: 0,
        }
    }

    /// A run that was saved.
    pub fn saved(run: Run, file: String) -> Self {
        let mut tally = Tally::default();
        run.parts.iter().for_each(|part| tally.take(&Event::Part(part.clone())));
        for pass in &run.passes {
            tally.take(&Event::PassStart(pass.start));
            tally.take(&Event::Spans(pass.spans.clone()));
            if let Some(time) = pass.time {
                tally.take(&Event::PassEnd { time });
            }
        }
        tally.take(&Event::End(Status::Done));
        let live = Self::new(RunId::default(), false, Nanos(0));
        Self { id: None, run, tally, state: State::Over, file: Some(file), ..live }
    }

    /// Takes in what happened next.
    pub fn apply(&mut self, event: Event) {
        self.version += 1;
        match &event {
            Event::End(_) => self.state = State::Over,
            _ if self.state == State::Starting => self.state = State::Running,
            _ => {}
        }
        self.tally.take(&event);
        self.run.apply(event);
    }

    /// It stands still until the next step.
    pub fn halt(&mut self, halt: Box<Halt>) {
        self.version += 1;
        self.halt = Some(halt);
        if self.state != State::Cancelling {
            self.state = State::Halted;
        }
    }

    /// Whether it has still to end.
    pub fn is_going_on(&self) -> bool {
        self.state != State::Over
    }

    /// The phase that goes on, or was the last.
    pub fn phase(&self) -> Option<Phase> {
        self.run.passes.last().map(|pass| pass.start.phase)
    }

    /// The path of the part of the top level that is being computed.
    pub fn running_top(&self) -> Option<String> {
        let current = self.tally.current().filter(|_| matches!(self.state, State::Running | State::Halted))?;
        // The parts of a decode step arrive together, when it has ended: until then nothing is known.
        if current.last.is_none() && current.start.phase == Phase::Decode {
            return None;
        }
        let last = current.last_top.map(|part| self.run.parts[part as usize].path.as_str());
        let mut order = self.run.header.top_level().into_iter();
        match last {
            None => order.next(),
            Some(last) => {
                order.find(|path| path == last);
                order.next()
            }
        }
    }
}
