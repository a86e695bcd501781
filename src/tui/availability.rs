//! What can be done now, and what would be of use.

use super::action::{self, Act, Scope};
use super::app::{App, Engine, Screen};
use super::explorer;
use super::live::State;
use super::timeline::TimelineView;
use std::borrow::Cow;

/// Why an action cannot be done, where it cannot.
type WhyNot = Option<Cow<'static, str>>;

impl App {
    /// Why an action cannot be done now; `None` if it can.
    pub fn why_not(&self, act: Act) -> WhyNot {
        let viewer = matches!(self.engine, Engine::Viewer);
        let key = |act| action::key_of(&[Scope::Everywhere], act);
        let no_lesson = || -> WhyNot { Some(format!("no lesson is open: {} shows them", key(Act::Learn)).into()) };
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
                if self.course.open.is_none() =>
            {
                no_lesson()
            }
            Act::Prove if self.course.open.is_none() => no_lesson(),
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
                _ if self.course.is_waiting() => ended("an experiment is running", "it"),
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
                let key = action::key_of(&[Scope::Heads], Act::SwitchOff);
                Some(format!("nothing is changed: {key} switches the selected head off").into())
            }
            Act::Difference if self.selection.pinned.is_none() => {
                let key = action::key_of(&[Scope::Heads], Act::Pin);
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
    fn has_seen(&self) -> bool {
        self.explorer.as_ref().is_some_and(|seen| !seen.scores.is_empty())
    }

    /// Whether an action of the present screen would change anything: the strip leaves out what would not.
    pub fn is_of_use(&self, act: Act) -> bool {
        match (self.screen, act) {
            (Screen::Blocks, Act::Findings) => self.outline.phase.is_some() && self.sums().is_some(),
            (Screen::Blocks, Act::Phase | Act::Slowest | Act::PerStep) => self.live.is_some(),
            (Screen::Blocks, Act::Up | Act::Down | Act::Open) => self.live.is_some() || self.card().is_some(),
            (Screen::Timeline, _) if self.viewport.shows != TimelineView::Slices => {
                matches!(act, Act::Find | Act::Grouping) && self.chart().is_some()
            }
            (Screen::Timeline, Act::NextPass) => self.chart().is_some_and(|chart| !chart.timeline.sections.is_empty()),
            (Screen::Timeline, Act::NextFound) => self.viewport.sought.is_some(),
            (Screen::Timeline, _) => self.chart().is_some(),
            (Screen::Roofline, Act::MeasurePeaks) => true,
            (Screen::Roofline | Screen::Memory, _) => self.sums().is_some() || act == Act::Phase && self.live.is_some(),
            (Screen::Compare | Screen::Matrix | Screen::Sweep, act)
                if act != Act::Choose && action::is_of(self.screen.scope(), act) =>
            {
                self.study().is_some()
            }
            (Screen::Heads, Act::Transpose | Act::ZoomIn | Act::Whole | Act::NextFound) => {
                self.has_seen() && self.selection.is_on_one()
            }
            (Screen::Heads, Act::Close) => self.has_seen() && self.selection.shows != explorer::HeadsView::All,
            (Screen::Heads, Act::Open) => self.has_seen() && !self.selection.is_on_one(),
            (Screen::Heads, Act::Grouping | Act::Filter) => {
                self.has_seen() && self.selection.shows == explorer::HeadsView::All
            }
            (Screen::Heads | Screen::Lens, Act::AllOn | Act::ShowEffect) => !self.selection.changes.is_empty(),
            (Screen::Heads, Act::Difference) => self.selection.is_on_one() && self.selection.pinned.is_some(),
            (Screen::Lens, Act::NextFound | Act::Versus | Act::Neurons) => self.has_seen() && self.selection.drilled,
            (Screen::Heads, Act::Repeat) => true,
            (Screen::Heads | Screen::Lens, act) if action::is_of(self.screen.scope(), act) => self.has_seen(),
            (Screen::Learn, Act::Up) => self.course.shows_list(),
            (Screen::Learn, Act::Open) => self.course.shows_list(),
            (Screen::Learn, Act::Left) => !self.course.shows_list() && self.course.has_steps(),
            (Screen::Learn, Act::Close) => !self.course.shows_list(),
            (Screen::Generate, Act::Left | Act::Right | Act::Colour | Act::Follow) => !self.tokens().is_empty(),
            _ => true,
        }
    }
}
