//! What each action of the table does.

mod explorer;
pub mod moving;
mod studies;

use super::action::Act;
use super::app::{App, Popup};
use super::calendar::stamp;
use super::effect::Effect;
use super::explorer::HeadsView;
use super::live::{Live, State};
use super::manner::Manner;
use super::screens;
use super::screens::list::Screen;
use crate::measure::Step;
use crate::tui::popups::picker::Picker;
use crate::units::Nanos;

impl App {
    /// Does an action, if it can be done; says why not otherwise.
    pub fn perform(&mut self, act: Act) -> Vec<Effect> {
        if let Some(why_not) = self.why_not(act) {
            self.say(why_not, false);
            return Vec::new();
        }
        match self.popup.take() {
            Some(popup) => self.in_popup(popup, act),
            None => self.on_screen(act),
        }
    }

    pub(in crate::tui) fn on_screen(&mut self, act: Act) -> Vec<Effect> {
        match act {
            Act::Run if self.screen.is_of_text() => return self.explore_prompt(),
            Act::Run => return self.start(Manner::Timed),
            Act::Repeat => return self.explore_repeated(),
            Act::Pin => return self.pin(),
            Act::Grow => return self.grow(),
            Act::Weigh => return self.weigh(),
            Act::Grouping if self.screen == Screen::Heads && self.selection.shows != HeadsView::Worth => {
                screens::heads::perform::sort_heads(self)
            }
            Act::TraceRun => return self.start(Manner::Traced),
            Act::Step => return self.start(Manner::Stepped),
            Act::MeasurePeaks => return self.measure_peaks(),
            Act::Cancel => return self.cancel(),
            // A second one leaves, also where what was cancelled does not end.
            Act::Interrupt if self.is_busy() && !self.is_cancelling() => return self.cancel(),
            Act::Quit | Act::Interrupt => return vec![Effect::Quit(None)],
            Act::Save if self.screen.is_of_studies() => return self.save_study(),
            Act::Save => return self.save(),
            Act::Choose => self.choose_study(),
            Act::Repaint => return vec![Effect::Repaint],
            Act::Suspend => return vec![Effect::Suspend],
            Act::Tokens => return self.tokenize(),
            Act::EditPrompt => self.popup = Some(Popup::Prompt),
            Act::Toggles => self.popup = Some(Popup::Toggles { draft: self.toggles.clone(), row: 0 }),
            Act::Models => self.popup = Some(Popup::Models(Picker::default())),
            Act::Find if self.chart().is_some() => self.popup = Some(Popup::Find(Picker::default())),
            Act::Palette => self.popup = Some(Popup::Palette(Picker::default())),
            Act::Help => self.popup = Some(Popup::Help { scroll: 0 }),
            Act::Go(Screen::Learn) => self.go_to_lessons(),
            Act::Go(screen) => self.screen = screen,
            Act::NextPage => self.next_page(true),
            Act::PreviousPage => self.next_page(false),
            Act::AnswerA => self.answer(0),
            Act::AnswerB => self.answer(1),
            Act::AnswerC => self.answer(2),
            Act::Prove => return self.prove(),
            Act::Predict => return self.predict(),
            Act::Erase => self.erase_prediction(),
            Act::CloseLesson => self.screens.learn.open = None,
            Act::Glossary => self.popup = Some(Popup::Glossary(Picker::default())),
            Act::NextScreen => self.turn(1),
            Act::PreviousScreen => self.turn(Screen::ALL.len() - 1),
            Act::StepPart => return self.go_on(Step::Part),
            Act::StepBlock => return self.go_on(Step::Block),
            Act::StepPass => return self.go_on(Step::Pass),
            Act::StepOn => return self.go_on(Step::Run),
            act => screens::perform(self, act),
        }
        Vec::new()
    }

    fn turn(&mut self, by: usize) {
        self.screen = Screen::ALL[(self.screen as usize + by) % Screen::ALL.len()];
    }

    fn cancel(&mut self) -> Vec<Effect> {
        if let Some(live) = self.live.as_mut().filter(|live| live.is_going_on()) {
            live.state = State::Cancelling;
        } else if self.studies.cancel() {
            // What was measured stays.
        } else if let Some(seen) = self.explorer.as_mut().filter(|seen| seen.is_waiting()) {
            seen.state = State::Cancelling;
        } else if let Some(measuring) = &mut self.measuring {
            measuring.cancelled = true;
        } else if self.screens.learn.is_waiting() {
            // The thread says that it was cancelled.
        } else {
            self.load_cancelled = true;
        }
        self.run_when_loaded = None;
        vec![Effect::Cancel]
    }

    fn go_on(&mut self, step: Step) -> Vec<Effect> {
        if let Some(live) = &mut self.live {
            live.state = State::Running;
            live.stepping = step != Step::Run;
        }
        vec![Effect::Step(step)]
    }

    fn save(&mut self) -> Vec<Effect> {
        let Some(live) = &self.live else { return Vec::new() };
        if let Some(file) = &live.file {
            let text = format!("this run is saved already, as {file}");
            self.say(text, false);
            return Vec::new();
        }
        vec![saved(live)]
    }

    /// What was measured and is in no file yet.
    pub(in crate::tui) fn save_all(&self) -> Vec<Effect> {
        let run = self.live.iter().filter(|live| live.file.is_none() && live.run.ttft().is_some()).map(saved);
        let studies = self.studies.all().filter(|studied| studied.file.is_none() && studied.study.rounds() > 0);
        run.chain(studies.map(studies::saved)).collect()
    }
}

fn saved(live: &Live) -> Effect {
    let name = format!("blockscope-run-{}.jsonl", stamp(live.run.header.created));
    Effect::Save { name, run: Box::new(live.run.clone()) }
}

/// How long something has been going on.
pub(in crate::tui) fn elapsed(since: Nanos, now: Nanos) -> String {
    format!("{:.1} s", (now - since).seconds())
}
