//! The course: which lesson lies open beside the screens, how far it is, and what the learner has done.

mod attending;

use super::app::{App, Screen};
use super::explorer::Gaze;
use crate::interpret::proof::Found;
use crate::learn::worked::Step;
use crate::learn::{Lesson, Page, Progress, Stage, lessons};
use crate::record::Phase;
use crate::units::Nanos;
use crate::worker::Columns;
use std::mem::take;

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
    pub columns: Option<(String, Option<Result<Columns, String>>)>,
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
    Came(Found),
    /// It could not be made: why.
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

    /// Whether an experiment is being made.
    pub fn is_waiting(&self) -> bool {
        self.open.as_ref().is_some_and(|opened| matches!(opened.experiment, Experiment::Made(_)))
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
        let (experiment, text) = (Experiment::NotMade, String::new());
        Self { lesson, page: 0, scroll: 0, steps, step: 0, experiment, run, text, phase: None, has_read: false }
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

impl App {
    /// Opens a lesson at the first page that was not read, and goes where it takes place.
    pub(super) fn open_lesson(&mut self, lesson: usize) {
        let done = self.course.progress.of(lesson);
        let mut opened = Opened::new(lesson, self.last_run);
        opened.page = (0..opened.lesson().pages.len()).find(|page| !done.pages.contains(page)).unwrap_or(0);
        self.course.row = lesson;
        self.course.open = Some(opened);
        self.form.propose(TEXT);
        // How the lesson before looked at the text is not how this one does.
        self.gaze = Gaze { changes: take(&mut self.gaze.changes), pinned: self.gaze.pinned.take(), ..Gaze::default() };
        self.go_to_stage();
        self.begin_page();
    }

    /// Goes to the screen where the open lesson takes place.
    pub(super) fn go_to_stage(&mut self) {
        self.course.lists = false;
        let Some(opened) = &self.course.open else { return };
        self.screen = match &opened.lesson().stage {
            Stage::Screen(name) => Screen::named(name).unwrap_or(Screen::Learn),
            Stage::Text | Stage::Worked(_) => Screen::Learn,
        };
    }

    /// Turns to a page of the open lesson, or past its ends to another lesson.
    pub(super) fn turn_page(&mut self, forwards: bool) {
        let Some(opened) = &self.course.open else { return };
        let (lesson, last) = (opened.lesson, opened.lesson().pages.len() - 1);
        match (forwards, opened.page) {
            (true, page) if page < last => self.turn_to(page + 1),
            (true, _) if lesson + 1 < lessons().len() => self.open_lesson(lesson + 1),
            (true, _) => self.say("this is the last page of the last lesson", false),
            (false, 0) => self.say("this is the lesson's first page; y leads to the others", false),
            (false, page) => self.turn_to(page - 1),
        }
    }

    /// Turns to this page of the open lesson.
    pub(super) fn turn_to(&mut self, page: usize) {
        if let Some(opened) = &mut self.course.open {
            opened.page = page;
        }
        self.begin_page();
    }

    /// The page lies open: it counts as read, and what it asks for is to be done from now on.
    fn begin_page(&mut self) {
        let (text, phase) = (self.form.written(), self.outline.phase);
        if let Some(opened) = &mut self.course.open {
            (opened.scroll, opened.text, opened.phase) = (0, text, phase);
            self.course.progress.of_mut(opened.lesson).pages.insert(opened.page);
        }
    }
}
