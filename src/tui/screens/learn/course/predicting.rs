//! Predictions: what is typed on the page that asks for one, and what becomes of it.

use super::{Came, Opened};
use crate::learn::{Measured, Page, Prediction};
use crate::tui::action::Scope;
use crate::tui::app::App;
use crate::tui::effect::Effect;
use crate::worker::Command;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

impl App {
    /// Whose keys come before the screen's: those of the open lesson, while its page is seen and waits for an answer.
    pub(in crate::tui) fn scope_of_lesson(&self) -> Option<Scope> {
        let opened = self.seen_lesson()?;
        match opened.page() {
            Page::Prediction(_) if opened.is_typed() || matches!(opened.prediction.came, Came::Failed(_)) => {
                Some(Scope::Prediction)
            }
            Page::Question(_) if self.screens.learn.progress.of(opened.lesson).answer.is_none() => Some(Scope::Quiz),
            Page::Text(_) | Page::Prediction(_) | Page::Question(_) | Page::Experiment => None,
        }
    }

    /// The open lesson, if nothing lies over it and there is room for it on this screen.
    fn seen_lesson(&self) -> Option<&Opened> {
        self.screens.learn.open.as_ref().filter(|_| self.popup.is_none() && self.drawn.lesson.1 > 0)
    }

    /// Takes a key that writes into a prediction: digits, `.`, `e`, `-`, or the letters of what is put in order.
    pub(in crate::tui) fn types_prediction(&mut self, key: &KeyEvent) -> bool {
        let KeyCode::Char(character) = key.code else { return false };
        let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let is_typed = is_plain && self.seen_lesson().is_some_and(Opened::is_typed);
        let Some(opened) = self.screens.learn.open.as_mut().filter(|_| is_typed) else { return false };
        let Some(prediction) = opened.predicted() else { return false };
        let is_taken = prediction.form.takes(&opened.prediction.entry, character);
        let typed = prediction.form.typed(&opened.prediction.entry, character);
        opened.prediction.entry.extend(typed);
        is_taken
    }

    /// Takes the last character back.
    pub(in crate::tui) fn erase_prediction(&mut self) {
        if let Some(opened) = self.screens.learn.open.as_mut().filter(|opened| opened.is_typed()) {
            opened.prediction.entry.pop();
        }
    }

    /// Says what was typed, and has it measured on what the prompt editor says.
    pub(in crate::tui) fn predict(&mut self) -> Vec<Effect> {
        let Some(opened) = &self.screens.learn.open else { return Vec::new() };
        let Some(prediction) = opened.predicted() else { return Vec::new() };
        let guess = match &opened.prediction.guess {
            Some(guess) => guess.clone(),
            None => match prediction.form.guess(&opened.prediction.entry) {
                Ok(guess) => guess,
                Err(expected) => {
                    self.say(expected, false);
                    return Vec::new();
                }
            },
        };
        let Some(request) = self.asked(false) else { return Vec::new() };
        let since = self.clock;
        let Some(opened) = &mut self.screens.learn.open else { return Vec::new() };
        opened.prediction.guess = Some(guess.clone());
        opened.prediction.came = Came::Running(since);
        let lesson = opened.lesson;
        self.screens.learn.progress.of_mut(lesson).guess.get_or_insert(guess);
        vec![Effect::Send(Command::Measure { lesson, prompt: request.prompt })]
    }

    /// What was measured.
    pub(in crate::tui) fn predicted(&mut self, lesson: usize, came: Result<Measured, String>) {
        if let Some(opened) = self.screens.learn.open.as_mut().filter(|opened| opened.lesson == lesson) {
            opened.prediction.came = match came {
                Ok(measured) => Came::Measured(measured),
                Err(why) => Came::Failed(why),
            };
        }
    }
}

impl Opened {
    /// What its page asks to predict.
    pub(in crate::tui) fn predicted(&self) -> Option<&'static Prediction> {
        match self.page() {
            Page::Prediction(prediction) => Some(prediction),
            Page::Text(_) | Page::Question(_) | Page::Experiment => None,
        }
    }

    /// Whether keys write into its prediction.
    fn is_typed(&self) -> bool {
        self.predicted().is_some() && self.prediction.guess.is_none()
    }
}
