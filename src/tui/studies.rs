//! The studies on the screens: what has been measured of each, and what that amounts to.

use super::app::Screen;
use super::live::State;
use crate::analyse::sweep::Sweep;
use crate::measure::Progress;
use crate::record::study::{Arm, Event, Study, StudyKind};
use crate::tui::screens::compare::rows::Compared;
use crate::tui::screens::compare::tree::ComparisonTree;
use crate::tui::screens::matrix::ranking;
use crate::tui::screens::matrix::ranking::Ranked;
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
    amounts_to: AmountsTo,
    /// How far the study was when that was worked out.
    worked_out: Option<Far>,
}

/// What a study amounts to, by its kind.
#[derive(Debug)]
enum AmountsTo {
    Nothing,
    Compared(Box<Compared>),
    Ranked(Vec<Ranked>),
    Swept(Sweep),
}

/// How far a study is: what it amounts to is worked out anew when this has changed, at most once a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Far {
    rounds: u32,
    is_over: bool,
    arms: usize,
    /// Arms of which the resources, or the quality, are known.
    known: (usize, usize),
}

impl Studies {
    /// Puts a study in the place of the one before of its kind.
    pub fn put(&mut self, studied: Studied) {
        let place = match studied.study.header.kind {
            StudyKind::Compare => &mut self.compare,
            StudyKind::Matrix => &mut self.matrix,
            StudyKind::Sweep { .. } => &mut self.sweep,
        };
        *place = Some(studied);
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Studied> {
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

    /// Whether the one that goes on was told to end.
    pub fn is_cancelling(&self) -> bool {
        self.all().any(|studied| studied.state == State::Cancelling)
    }
}

impl Studied {
    /// One that has just been asked for.
    pub fn new(id: RunId, study: Study, since: Nanos) -> Self {
        let (state, progress) = (State::Starting, Progress::default());
        Self {
            id: Some(id),
            study,
            state,
            progress,
            since,
            file: None,
            amounts_to: AmountsTo::Nothing,
            worked_out: None,
        }
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

    /// Works out what it amounts to so far, unless that is done; never while it is drawn. `height` is how many rows
    /// are seen.
    pub fn work_out(&mut self, branches: &ComparisonTree, height: usize) {
        let is_finished = self.worked_out.is_some_and(|far| far.is_over);
        let far = if is_finished { self.worked_out } else { Some(self.far()) };
        if self.worked_out != far {
            self.worked_out = far;
            let (study, is_over) = (&self.study, self.state == State::Over);
            self.amounts_to = match study.header.kind {
                StudyKind::Compare => Compared::of(study, is_over)
                    .map_or(AmountsTo::Nothing, |compared| AmountsTo::Compared(Box::new(compared))),
                StudyKind::Matrix => AmountsTo::Ranked(ranking::ranked(study)),
                StudyKind::Sweep { .. } => AmountsTo::Swept(Sweep::of(study)),
            };
        }
        if let AmountsTo::Compared(compared) = &mut self.amounts_to {
            compared.open(&self.study, branches, height);
        }
    }

    fn far(&self) -> Far {
        let known = |of: fn(&Arm) -> bool| self.study.arms.iter().filter(|arm| of(arm)).count();
        Far {
            rounds: self.study.rounds(),
            is_over: self.state == State::Over,
            arms: self.study.arms.len(),
            known: (known(|arm| arm.resources.is_some()), known(|arm| arm.quality.is_some())),
        }
    }

    /// Complete rounds behind what it amounts to.
    pub fn rounds(&self) -> u32 {
        self.worked_out.map_or(0, |far| far.rounds)
    }

    /// Both arms of a comparison, once both are known.
    pub fn compared(&self) -> Option<&Compared> {
        match &self.amounts_to {
            AmountsTo::Compared(compared) => Some(compared),
            _ => None,
        }
    }

    /// The arms of a study of many.
    pub fn ranked(&self) -> &[Ranked] {
        match &self.amounts_to {
            AmountsTo::Ranked(ranked) => ranked,
            _ => &[],
        }
    }

    /// The points of a sweep.
    pub fn sweep(&self) -> Option<&Sweep> {
        match &self.amounts_to {
            AmountsTo::Swept(sweep) => Some(sweep),
            _ => None,
        }
    }

    /// Whether it has still to end.
    pub fn is_going_on(&self) -> bool {
        self.state != State::Over
    }
}
