//! The course: which lesson lies open beside the screens, how far it is, and what the learner has done.

mod attending;
mod predicting;
mod turning;

use crate::interpret::proof::Outcome;
use crate::learn::worked::Step;
use crate::learn::{Guess, Lesson, Measured, Page, Progress, Stage, lessons};
use crate::record::Phase;
use crate::units::Nanos;
use crate::worker::TokenEmbeddings;

/// What lessons read unless the learner writes something else: two names, one of them twice, and a word to guess.
pub const TEXT: &str = "When Mary and John went to the store, John gave a drink to";

/// How far the learner is.
#[derive(Debug, Default)]
pub struct Course {
    /// The lesson beside the screens, if one is open.
    pub open: Option<Opened>,
    /// Whether the Learn screen lists the lessons, though one is open.
    pub lists: bool,
    /// The selected one of the list.
    pub row: usize,
    pub progress: Progress,
    /// What was kept last.
    kept: Progress,
    /// Why progress cannot be kept.
    pub unkept: Option<String>,
    /// The learner's text as columns, and the text that they were asked for.
    pub embeddings: Option<(String, Option<Result<TokenEmbeddings, String>>)>,
}

/// An open lesson.
#[derive(Debug)]
pub struct Opened {
    /// Counted from 0, as pages and steps are.
    pub lesson: usize,
    pub page: usize,
    /// The first line of the page that is seen.
    pub scroll: usize,
    /// The example that is computed by hand, and how far it is stepped through.
    pub steps: Vec<Step>,
    pub step: usize,
    pub prediction: Predicting,
    /// The answer to the question whose feedback is shown.
    pub looked_at: Option<usize>,
    pub experiment: Experiment,
    /// The last run when the lesson was opened, the text and the phase when the page was turned: what is asked for comes
    /// after.
    run: u64,
    text: String,
    phase: Option<Phase>,
    /// Whether the text was read for the screens that need that.
    has_read: bool,
}

/// How the experiment of an open lesson stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Experiment {
    NotMade,
    /// Since then it is made.
    Made(Nanos),
    Came(Outcome),
    /// It could not be made: why.
    Failed(String),
}

/// What the learner predicts in an open lesson, and what was measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predicting {
    /// What was typed.
    pub entry: String,
    /// What was said; from then on it stands.
    pub guess: Option<Guess>,
    pub came: Came,
}

/// How the measurement of a prediction stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Came {
    #[default]
    NotMeasured,
    /// Since then it is measured.
    Running(Nanos),
    Measured(Measured),
    /// It could not be measured: why.
    Failed(String),
}

impl Course {
    /// With what was done before, or why that is not known and nothing is kept.
    pub fn with(progress: Result<Progress, String>) -> Self {
        let (progress, unkept) = match progress {
            Ok(progress) => (progress, None),
            Err(why) => (Progress::default(), Some(why)),
        };
        Self { kept: progress.clone(), progress, unkept, ..Self::default() }
    }

    /// Whether the Learn screen is the list of lessons.
    pub fn shows_list(&self) -> bool {
        self.lists || !self.open.as_ref().is_some_and(Opened::has_exhibit)
    }

    /// Whether there is an example to step through.
    pub fn has_steps(&self) -> bool {
        self.open.as_ref().is_some_and(|opened| !opened.steps.is_empty())
    }

    /// Whether an experiment or a measurement is running.
    pub fn is_waiting(&self) -> bool {
        self.open.as_ref().is_some_and(|opened| {
            matches!(opened.experiment, Experiment::Made(_)) || matches!(opened.prediction.came, Came::Running(_))
        })
    }

    /// How many lessons have been done.
    pub fn done(&self) -> usize {
        lessons().iter().enumerate().filter(|(at, lesson)| self.progress.of(*at).is_all_of(lesson)).count()
    }
}

impl Opened {
    fn new(lesson: usize, run: u64) -> Self {
        let steps = match lessons()[lesson].stage {
            Stage::Worked(worked) => worked.steps(),
            Stage::Text | Stage::Screen(_) => Vec::new(),
        };
        Self {
            lesson,
            page: 0,
            scroll: 0,
            steps,
            step: 0,
            prediction: Predicting::default(),
            looked_at: None,
            experiment: Experiment::NotMade,
            run,
            text: String::new(),
            phase: None,
            has_read: false,
        }
    }

    pub fn lesson(&self) -> &'static Lesson {
        &lessons()[self.lesson]
    }

    pub fn page(&self) -> &'static Page {
        &self.lesson().pages[self.page]
    }

    /// Whether the stage is the Learn screen itself.
    pub fn has_exhibit(&self) -> bool {
        !matches!(self.lesson().stage, Stage::Screen(_))
    }
}
