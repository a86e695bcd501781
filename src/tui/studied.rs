//! The studies on the screens: what has been measured of each, and what that amounts to.

use super::app::Screen;
use super::live::State;
use crate::profile::Progress;
use crate::trace::study::{Event, Kind, Study};
use crate::units::Nanos;
use crate::worker::RunId;

/// The last study of each kind; at most one of them goes on.
#[derive(Debug, Default)]
pub struct Studies {
    pub compare: Option<Studied>,
    pub matrix: Option<Studied>,
    pub sweep: Option<Studied>,
}

/// A study, going on or over.
#[derive(Debug)]
pub struct Studied {
    /// `None` for a saved one.
    pub id: Option<RunId>,
    pub study: Study,
    pub state: State,
    pub progress: Progress,
    /// When it was asked for, by the interface's clock.
    pub since: Nanos,
    /// Its file, where it has one.
    pub file: Option<String>,
}

impl Studies {
    /// Puts a study in the place of the one before of its kind.
    pub fn put(&mut self, studied: Studied) {
        let place = match studied.study.header.kind {
            Kind::Compare => &mut self.compare,
            Kind::Matrix => &mut self.matrix,
            Kind::Sweep { .. } => &mut self.sweep,
        };
        *place = Some(studied);
    }

    fn all(&self) -> impl Iterator<Item = &Studied> {
        [&self.compare, &self.matrix, &self.sweep].into_iter().flatten()
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Studied> {
        [&mut self.compare, &mut self.matrix, &mut self.sweep].into_iter().flatten()
    }

    /// The one that a screen shows.
    pub fn of_mut(&mut self, screen: Screen) -> Option<&mut Studied> {
        match screen {
            Screen::Compare => self.compare.as_mut(),
            Screen::Matrix => self.matrix.as_mut(),
            Screen::Sweep => self.sweep.as_mut(),
            _ => None,
        }
    }

    /// The one of this number, if it is still on a screen.
    pub fn by_id(&mut self, id: RunId) -> Option<&mut Studied> {
        self.all_mut().find(|studied| studied.id == Some(id))
    }

    /// The one that goes on.
    pub fn going_on(&self) -> Option<&Studied> {
        self.all().find(|studied| studied.is_going_on())
    }

    /// Marks the one that goes on as told to end; whether there was one.
    pub fn cancel(&mut self) -> bool {
        let going_on = self.all_mut().find(|studied| studied.is_going_on());
        going_on.map(|studied| studied.state = State::Cancelling).is_some()
    }
}

impl Studied {
    /// One that has just been asked for.
    pub fn new(id: RunId, study: Study, since: Nanos) -> Self {
        let (state, progress) = (State::Starting, Progress::default());
        Self { id: Some(id), study, state, progress, since, file: None }
    }

    /// One that was saved.
    pub fn saved(study: Study, file: String) -> Self {
        Self { id: None, state: State::Over, file: Some(file), ..Self::new(RunId::default(), study, Nanos(0)) }
    }

    /// Takes in what happened next.
    pub fn apply(&mut self, event: Event) {
        match &event {
            Event::End(_) => self.state = State::Over,
            _ if self.state == State::Starting => self.state = State::Running,
            _ => {}
        }
        self.study.apply(event);
    }

    /// Whether it has still to end.
    pub fn is_going_on(&self) -> bool {
        self.state != State::Over
    }
}
