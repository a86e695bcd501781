//! What the keys do with lessons: on the Learn screen, and in the lesson beside any screen.

use super::studies::moved;
use crate::interpret::proof::Outcome;
use crate::learn::{Page, lessons};
use crate::tui::action::Act;
use crate::tui::app::{App, Screen};
use crate::tui::course::Experiment;
use crate::tui::effect::Effect;
use crate::worker::Command;

impl App {
    /// Opens a lesson from the list, or steps through its example.
    pub(super) fn on_learn(&mut self, act: Act) {
        if !self.course.shows_list() {
            return self.on_example(act);
        }
        if act == Act::Open {
            return self.open_lesson(self.course.row);
        }
        self.course.row = moved(act, self.course.row, lessons().len(), self.drawn.entries.1);
    }

    fn on_example(&mut self, act: Act) {
        let Some(opened) = &mut self.course.open else { return };
        let act = match act {
            Act::Close => return self.course.lists = true,
            Act::Left | Act::PageUp => Act::Up,
            Act::Right | Act::PageDown | Act::Open => Act::Down,
            _ => act,
        };
        opened.step = moved(act, opened.step, opened.steps.len(), 1);
    }

    /// From another screen to where the open lesson takes place, from there to the list, and back.
    pub(super) fn go_to_lessons(&mut self) {
        let (before, listed) = (self.screen, self.course.lists);
        self.screen = Screen::Learn;
        self.go_to_stage();
        let was_there = before == self.screen && !(listed && before == Screen::Learn);
        if self.course.open.is_some() && was_there {
            (self.screen, self.course.lists) = (Screen::Learn, true);
        }
    }

    /// Scrolls the lesson; at its end turns the page.
    pub(super) fn next_page(&mut self, forwards: bool) {
        let (first, height, lines) = self.drawn.lesson;
        let Some(opened) = &mut self.course.open else { return };
        let by = height.saturating_sub(1).max(1);
        match forwards {
            true if first + height < lines => opened.scroll = first + by,
            false if first > 0 => opened.scroll = first.saturating_sub(by),
            _ => self.turn_page(forwards),
        }
    }

    /// The first answer counts; after it each answer says why it is right or wrong.
    pub(super) fn answer(&mut self, answer: usize) {
        let Some(opened) = &mut self.course.open else { return };
        let done = self.course.progress.of_mut(opened.lesson);
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
    pub(super) fn prove(&mut self) -> Vec<Effect> {
        let Some(request) = self.asked(false) else { return Vec::new() };
        let since = self.clock;
        let Some(opened) = &mut self.course.open else { return Vec::new() };
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
        self.course.progress.of_mut(lesson).is_proved |= came.as_ref().is_ok_and(Outcome::passes);
        if let Some(opened) = self.course.open.as_mut().filter(|opened| opened.lesson == lesson) {
            opened.experiment = match came {
                Ok(found) => Experiment::Came(found),
                Err(why) => Experiment::Failed(why),
            };
        }
    }
}
