//! Opening a lesson, and turning its pages.

use crate::learn::{Stage, lessons};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Screen};
use crate::tui::explorer::Selection;
use crate::tui::screens::learn::course::{Opened, TEXT};
use std::mem::take;

impl App {
    /// Opens a lesson at the first page that was not read, and goes where it takes place.
    pub(in crate::tui) fn open_lesson(&mut self, lesson: usize) {
        let done = self.screens.learn.progress.of(lesson);
        let mut opened = Opened::new(lesson, self.last_run);
        opened.page = (0..opened.lesson().pages.len()).find(|page| !done.pages.contains(page)).unwrap_or(0);
        self.screens.learn.row = lesson;
        self.screens.learn.open = Some(opened);
        self.form.propose(TEXT);
        // How the lesson before looked at the text is not how this one does.
        self.selection = Selection {
            changes: take(&mut self.selection.changes),
            pinned: self.selection.pinned.take(),
            ..Selection::default()
        };
        self.go_to_stage();
        self.begin_page();
    }

    /// Goes to the screen where the open lesson takes place.
    pub(in crate::tui) fn go_to_stage(&mut self) {
        self.screens.learn.lists = false;
        let Some(opened) = &self.screens.learn.open else { return };
        self.screen = match &opened.lesson().stage {
            Stage::Screen(name) => Screen::named(name).unwrap_or(Screen::Learn),
            Stage::Text | Stage::Worked(_) => Screen::Learn,
        };
    }

    /// Turns to a page of the open lesson, or past its ends to another lesson.
    pub(in crate::tui) fn turn_page(&mut self, forwards: bool) {
        let Some(opened) = &self.screens.learn.open else { return };
        let (lesson, last) = (opened.lesson, opened.lesson().pages.len() - 1);
        match (forwards, opened.page) {
            (true, page) if page < last => self.turn_to(page + 1),
            (true, _) if lesson + 1 < lessons().len() => self.open_lesson(lesson + 1),
            (true, _) => self.say("this is the last page of the last lesson", false),
            (false, 0) => {
                let key = action::key_of(&[Scope::Everywhere], Act::Go(Screen::Learn));
                self.say(format!("this is the lesson's first page; {key} leads to the others"), false);
            }
            (false, page) => self.turn_to(page - 1),
        }
    }

    /// Turns to this page of the open lesson.
    pub(in crate::tui) fn turn_to(&mut self, page: usize) {
        if let Some(opened) = &mut self.screens.learn.open {
            opened.page = page;
        }
        self.begin_page();
    }

    /// The page lies open: it counts as read, and what it asks for is to be done from now on.
    fn begin_page(&mut self) {
        let (text, phase) = (self.form.written(), self.shown.phase);
        if let Some(opened) = &mut self.screens.learn.open {
            (opened.scroll, opened.text, opened.phase) = (0, text, phase);
            self.screens.learn.progress.of_mut(opened.lesson).pages.insert(opened.page);
        }
    }
}
