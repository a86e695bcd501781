//! Attending to the learner: what was asked for is noticed, what the stage needs is asked of the model.

use crate::arch::Toggle;
use crate::learn::{At, Page, Stage, Task};
use crate::tui::app::{App, Engine, Popup, Screen};
use crate::tui::effect::Effect;
use crate::tui::explorer::Figure;
use crate::tui::live::State;
use crate::tui::screens::learn::course::Opened;
use crate::worker::Command;

/// Features of each token's column that are shown.
const FEATURES: usize = 8;

impl App {
    /// After anything happened: notices what was done, asks for what the stage needs, keeps progress.
    pub(in crate::tui) fn attend(&mut self) -> Vec<Effect> {
        let Some(opened) = &self.screens.learn.open else { return Vec::new() };
        // What an earlier page asked for may be done only now: a run takes its time.
        let asked = opened.lesson().pages.iter().enumerate().take(opened.page + 1);
        let asked = asked.filter_map(|(page, of)| Some((page, of.asks().next()?)));
        let (lesson, had) = (opened.lesson, self.screens.learn.progress.of(opened.lesson).tasks);
        // A toggle that is to be switched back has to be switched first.
        let is_first = |page: usize| {
            let before = opened.lesson().pages[..page].iter().enumerate();
            before.filter(|(_, page)| page.asks().any(Task::is_toggle)).all(|(page, _)| had.contains(&page))
        };
        let is_in_turn = |page: usize, task: &Task| !task.is_toggle() || is_first(page);
        let done = asked.filter(|&(page, task)| is_in_turn(page, task) && self.is_done(task, opened));
        let done: Vec<usize> = done.map(|(page, _)| page).collect();
        self.screens.learn.progress.of_mut(lesson).tasks.extend(done);
        let mut effects = self.set_stage();
        if self.screens.learn.progress != self.screens.learn.kept {
            self.screens.learn.kept = self.screens.learn.progress.clone();
            if self.screens.learn.unkept.is_none() {
                effects.push(Effect::Keep(self.screens.learn.progress.clone()));
            }
        }
        effects
    }

    /// Asks for what the open lesson shows and has not got.
    fn set_stage(&mut self) -> Vec<Effect> {
        if !matches!(self.engine, Engine::Ready(_)) || self.popup.is_some() || self.is_busy() {
            return Vec::new();
        }
        let (text, has_tokenizer) = (self.form.written(), self.has_tokenizer());
        let Some(opened) = &mut self.screens.learn.open else { return Vec::new() };
        match opened.lesson().stage {
            Stage::Text if self.screen == Screen::Learn && has_tokenizer => {
                if self.screens.learn.embeddings.as_ref().is_some_and(|(of, _)| *of == text) || text.is_empty() {
                    return Vec::new();
                }
                self.screens.learn.embeddings = Some((text.clone(), None));
                vec![Effect::Send(Command::Embeddings { text, features: FEATURES })]
            }
            // Where reading is not itself what is asked for.
            Stage::Screen(_) if self.screen.is_of_text() && self.explorer.is_none() && !opened.has_read => {
                opened.has_read = true;
                let is_asked =
                    |page: &Page| page.asks().any(|task| matches!(task, Task::Read | Task::Norms | Task::Probe));
                if opened.lesson().pages.iter().any(is_asked) { Vec::new() } else { self.explore_prompt() }
            }
            _ => Vec::new(),
        }
    }

    /// Whether what a page asks for is done: a run since the lesson was opened, another text or phase since the page was
    /// turned to.
    fn is_done(&self, task: &Task, opened: &Opened) -> bool {
        let seen = self.explorer.as_ref().filter(|seen| !seen.text.tokens.is_empty());
        let ran = |traced: bool| {
            self.live.as_ref().is_some_and(|live| {
                let is_new = live.id.is_some_and(|id| id.0 > opened.run);
                is_new && live.is_traced == traced && live.state == State::Over && !live.run.passes.is_empty()
            })
        };
        let on = |screen: Screen| self.screen == screen && seen.is_some();
        let selected = (self.selection.selected.block, self.selection.selected.head);
        match task {
            Task::Screen(name) => Screen::named(name) == Some(self.screen) && self.popup.is_none(),
            Task::Run => ran(false),
            Task::Traced => ran(true),
            Task::Sampled => ran(false) && self.live.as_ref().is_some_and(|live| live.is_sampled),
            Task::Read => seen.is_some(),
            Task::OwnText => self.popup.is_none() && self.form.written() != opened.text,
            Task::OneHead => on(Screen::Heads) && self.selection.is_on_one(),
            Task::Head(block, head) => on(Screen::Heads) && selected == (*block, *head),
            Task::OpenHead(block, head) => {
                on(Screen::Heads) && self.selection.is_on_one() && selected == (*block, *head)
            }
            Task::Query(at) => on(Screen::Heads) && self.selection.is_on_one() && self.selection.query == *at,
            Task::Transposed => on(Screen::Heads) && self.selection.is_on_one() && self.selection.columns,
            Task::Cell => on(Screen::Lens) && self.selection.drilled,
            Task::Norms => on(Screen::Lens) && self.selection.figure == Figure::Norm,
            Task::Tokens => matches!(&self.popup, Some(Popup::Tokens { lines, .. }) if !lines.is_empty()),
            Task::Changed => seen.is_some() && !self.selection.changes.is_empty(),
            Task::Probe => on(Screen::Heads) && seen.is_some_and(|seen| seen.run.0 > opened.run && seen.is_probe),
            Task::Coloured => {
                self.screen == Screen::Generate && self.screens.generate.coloured && !self.tokens().is_empty()
            }
            Task::Phase => self.sums().is_some() && self.shown.phase != opened.phase,
            Task::Toggle(name, value) => {
                let toggle = Toggle::ALL.into_iter().find(|toggle| toggle.name() == name);
                let is_loaded = matches!(self.engine, Engine::Ready(_));
                is_loaded && toggle.is_some_and(|toggle| self.toggles.get(toggle) == *value)
            }
            Task::Step(At::Step(step)) => opened.step + 1 >= *step,
            Task::Step(At::Last) => opened.step + 1 == opened.steps.len(),
        }
    }
}
