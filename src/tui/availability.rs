//! What can be done now, and what would be of use.

use super::action::{self, Act, Scope};
use super::app::{App, Engine};
use super::live::State;
use super::screens::{self, list::Screen};
use std::borrow::Cow;

/// Why an action cannot be done, where it cannot.
type WhyNot = Option<Cow<'static, str>>;

impl App {
    /// Why an action cannot be done now; `None` if it can.
    pub fn why_not(&self, act: Act) -> WhyNot {
        let viewer = matches!(self.engine, Engine::Viewer);
        let key = |act| action::key_of(&[Scope::Everywhere], act);
        let no_lesson =
            || -> WhyNot { Some(format!("no lesson is open: {} shows them", key(Act::Go(Screen::Learn))).into()) };
        let ended = |what: &str, it: &str| -> WhyNot { Some(format!("{what}: {} ends {it}", key(Act::Cancel)).into()) };
        match act {
            Act::Run
            | Act::TraceRun
            | Act::Step
            | Act::EditPrompt
            | Act::Toggles
            | Act::Models
            | Act::AcceptAndRun
            | Act::Choose
            | Act::Repeat
            | Act::Tokens
            | Act::Grow
            | Act::Weigh
            | Act::SwitchOff
            | Act::Change
            | Act::Prove
            | Act::Predict
                if viewer =>
            {
                Some("a file is looked at: there is no model to run".into())
            }
            Act::NextPage | Act::PreviousPage | Act::AnswerA | Act::AnswerB | Act::AnswerC | Act::CloseLesson
                if self.screens.learn.open.is_none() =>
            {
                no_lesson()
            }
            Act::Prove if self.screens.learn.open.is_none() => no_lesson(),
            Act::AcceptKey if self.jumps_to_heads() => {
                Some(format!("a head is gone to with {}", action::key_of(&[Scope::Jump], Act::Accept)).into())
            }
            Act::MeasurePeaks if viewer => {
                Some("a file is looked at; blockscope doctor --refresh measures the roofs".into())
            }
            Act::Run
            | Act::TraceRun
            | Act::Step
            | Act::MeasurePeaks
            | Act::Choose
            | Act::Repeat
            | Act::Prove
            | Act::Predict
            | Act::Tokens => match self.engine {
                Engine::Loading { .. } => Some("the model is still loading".into()),
                Engine::Empty => Some(format!("no model is loaded: press {}", key(Act::Models)).into()),
                _ if self.is_running() => ended("a run goes on", "it"),
                _ if self.studies.going_on().is_some() => ended("a study goes on", "it"),
                _ if self.screens.learn.is_waiting() => ended("an experiment is running", "it"),
                _ if self.measuring.is_some() => ended("the machine is being measured", "that"),
                _ if self.explorer.as_ref().is_some_and(|seen| seen.state == State::Starting) => {
                    ended("a text is being read", "that")
                }
                _ => None,
            },
            Act::Grow | Act::Weigh | Act::Pin | Act::Jump | Act::SwitchOff | Act::Change => match &self.explorer {
                Some(seen) if !seen.text.tokens.is_empty() => None,
                Some(seen) if seen.state != State::Over => Some("the text is still being read".into()),
                _ => Some(format!("no text has been read: press {}", key(Act::Run)).into()),
            },
            Act::ShowEffect if self.selection.changes.is_empty() => {
                let key = action::key_of(&[Scope::On(Screen::Heads)], Act::SwitchOff);
                Some(format!("nothing is changed: {key} switches the selected head off").into())
            }
            Act::Difference if self.selection.pinned.is_none() => {
                let key = action::key_of(&[Scope::On(Screen::Heads)], Act::Pin);
                Some(format!("nothing is pinned: {key} pins the selected head").into())
            }
            Act::Cancel if self.is_busy() => None,
            Act::Cancel => Some("nothing is running".into()),
            Act::Save if self.screen.is_of_studies() => match self.study() {
                None => Some("there is no study to save".into()),
                Some(_) if viewer => Some("this study is in its file already".into()),
                Some(studied) if studied.is_going_on() => Some("the study still goes on".into()),
                Some(_) => None,
            },
            Act::Save => match &self.live {
                None => Some("there is no run to save".into()),
                Some(_) if viewer => Some("this run is in its file already".into()),
                Some(live) if live.is_going_on() => Some("the run still goes on".into()),
                Some(_) => None,
            },
            Act::StepPart | Act::StepBlock | Act::StepPass | Act::StepOn => {
                // A key pressed before the halt it is meant for is kept for it.
                let steps = self.live.as_ref().is_some_and(|live| match live.state {
                    State::Halted => true,
                    State::Running => live.stepping && live.halt.is_some(),
                    State::Starting | State::Cancelling | State::Over => false,
                });
                (!steps).then(|| format!("no run waits for a step: press {}", key(Act::Step)).into())
            }
            _ => None,
        }
    }

    /// Whether a text was read of which there is something to see.
    pub fn has_seen(&self) -> bool {
        self.explorer.as_ref().is_some_and(|seen| !seen.scores.is_empty())
    }

    /// Whether an action of the present screen would change anything: the strip leaves out what would not.
    pub fn is_of_use(&self, act: Act) -> bool {
        match act {
            act if action::is_of(Scope::On(self.screen), act) => screens::is_of_use(self, act),
            _ => true,
        }
    }
}
