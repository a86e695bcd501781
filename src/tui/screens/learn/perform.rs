//! What the keys do with lessons: on the Learn screen, and in the lesson beside any screen.

use crate::interpret::proof::Outcome;
use crate::learn::{Page, lessons};
use crate::tui::action::Act;
use crate::tui::app::{App, Screen};
use crate::tui::effect::Effect;
use crate::tui::going::moved;
use crate::tui::screens::learn::course::Experiment;
use crate::worker::Command;

pub fn perform(app: &mut App, act: Act) {
    app.on_learn(act);
}

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    match act {
        Act::Up | Act::Open => app.screens.learn.shows_list(),
        Act::Left => !app.screens.learn.shows_list() && app.screens.learn.has_steps(),
        Act::Close => !app.screens.learn.shows_list(),
        _ => true,
    }
}

impl App {
    /// Opens a lesson from the list, or steps through its example.
    pub(in crate::tui) fn on_learn(&mut self, act: Act) {
        if !self.screens.learn.shows_list() {
            return self.on_example(act);
        }
        if act == Act::Open {
            return self.open_lesson(self.screens.learn.row);
        }
        self.screens.learn.row = moved(act, self.screens.learn.row, lessons().len(), self.drawn.entries.1);
    }

    fn on_example(&mut self, act: Act) {
        let Some(opened) = &mut self.screens.learn.open else { return };
        let act = match act {
            Act::Close => return self.screens.learn.lists = true,
            Act::Left | Act::PageUp => Act::Up,
            Act::Right | Act::PageDown | Act::Open => Act::Down,
            _ => act,
        };
        opened.step = moved(act, opened.step, opened.steps.len(), 1);
    }

    /// From another screen to where the open lesson takes place, from there to the list, and back.
    pub(in crate::tui) fn go_to_lessons(&mut self) {
        let (before, listed) = (self.screen, self.screens.learn.lists);
        self.screen = Screen::Learn;
        self.go_to_stage();
        let was_there = before == self.screen && !(listed && before == Screen::Learn);
        if self.screens.learn.open.is_some() && was_there {
            (self.screen, self.screens.learn.lists) = (Screen::Learn, true);
        }
    }

    /// Scrolls the lesson; at its end turns the page.
    pub(in crate::tui) fn next_page(&mut self, forwards: bool) {
        let (first, height, lines) = self.drawn.lesson;
        let Some(opened) = &mut self.screens.learn.open else { return };
        let by = height.saturating_sub(1).max(1);
        match forwards {
            true if first + height < lines => opened.scroll = first + by,
            false if first > 0 => opened.scroll = first.saturating_sub(by),
            _ => self.turn_page(forwards),
        }
    }

    /// The first answer counts; after it each answer says why it is right or wrong.
    pub(in crate::tui) fn answer(&mut self, answer: usize) {
        let Some(opened) = &mut self.screens.learn.open else { return };
        let done = self.screens.learn.progress.of_mut(opened.lesson);
        match opened.page() {
            Page::Question(_) => {
                opened.looked_at = Some(answer);
                done.answer = done.answer.or(Some(answer));
            }
            Page::Text(_) | Page::Prediction(_) | Page::Experiment => {
                self.say("the question comes on the page before the last", false);
            }
        }
    }

    /// Runs the experiment of the open lesson on what the prompt editor says.
    pub(in crate::tui) fn prove(&mut self) -> Vec<Effect> {
        let Some(request) = self.asked(false) else { return Vec::new() };
        let since = self.clock;
        let Some(opened) = &mut self.screens.learn.open else { return Vec::new() };
        let to_experiment = opened.lesson().pages.len() - 1;
        opened.experiment = Experiment::Made(since);
        let lesson = opened.lesson;
        if opened.page != to_experiment {
            self.turn_to(to_experiment);
        }
        vec![Effect::Send(Command::Prove { lesson, prompt: request.prompt })]
    }

    /// What came of an experiment.
    pub(in crate::tui) fn proved(&mut self, lesson: usize, came: Result<Outcome, String>) {
        self.screens.learn.progress.of_mut(lesson).is_proved |= came.as_ref().is_ok_and(Outcome::passes);
        if let Some(opened) = self.screens.learn.open.as_mut().filter(|opened| opened.lesson == lesson) {
            opened.experiment = match came {
                Ok(found) => Experiment::Came(found),
                Err(why) => Experiment::Failed(why),
            };
        }
    }
}
