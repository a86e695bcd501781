//! Executes a study: several configurations of one model side by side in one process, so that what the
//! machine does meanwhile happens to all of them.
//!
//! ```text
//! header · arms · warm-up of every arm · a traced execution of every arm · rounds · quality · end
//! ```

use super::control::Control;
use super::machine;
use super::session::Session;
use crate::model::toggles::processors;
use crate::model::{Error, Result, Toggles, memory};
use crate::trace::Status;
use crate::trace::study::{Arm, Event, Header, Kind, Pairing, Study};
use crate::units::{Bytes, Nanos};
use std::time::{SystemTime, UNIX_EPOCH};

/// A study to make of the model of a [`Session`].
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub kind: Kind,
    /// The configurations; the first is the baseline.
    pub arms: Vec<PlannedArm>,
    pub rounds: Rounds,
    /// Whether every arm is also executed once a round with its parts timed.
    pub parts: bool,
    /// The text on which quality is measured, if it is to be.
    pub quality: Option<QualityText>,
    /// Of the order of the arms in each round.
    pub seed: u64,
}

/// A configuration: what is built, and what it is executed on.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedArm {
    /// What tells it apart, as the user would write it.
    pub name: String,
    pub toggles: Toggles,
    /// Length of the prompt, of the same tokens every time. At least 1.
    pub prompt_tokens: u32,
    /// Tokens to generate; the first comes out of the prefill. At least 1.
    pub new_tokens: u32,
}

/// How many rounds are made: until the intervals are narrow, which has nothing to do with what they show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounds {
    pub least: u32,
    pub most: u32,
    /// An interval is narrow when it is no wider than this share of its middle.
    pub width: f64,
}

/// A text to measure quality on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QualityText {
    /// The one that comes with Blockscope.
    Shipped,
    /// Another, and what to call it.
    Own { name: String, text: String },
}

/// Someone who is told what happens in a study, on the thread where it happens.
pub trait WatchStudy {
    /// The next event of the study.
    fn event(&mut self, event: Event);

    /// How far it is.
    fn progress(&mut self, _progress: &Progress) {}
}

impl<F: FnMut(Event)> WatchStudy for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}

/// How far a study is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// What is being done: `round 3 · kv_cache=off`.
    pub stage: String,
    /// Steps of work that are done, and the most that there may be. Rounds end early when enough is known.
    pub done: u32,
    pub most: u32,
    /// The time that the rest would take if there are as many as there may be; `None` before anything was timed.
    pub left: Option<Nanos>,
}

impl Default for Rounds {
    /// Enough for an interval, and no more than somebody waits for.
    fn default() -> Self {
        Self { least: 5, most: 20, width: 0.05 }
    }
}

impl Session {
    /// Executes a study and tells `watch` everything that happens, from the header to the end. Goes on with
    /// `before` where that is the beginning of the same study: then only what is missing is executed and told.
    pub fn study(&self, plan: &Plan, before: Option<&Study>, control: &Control, watch: &mut dyn WatchStudy) -> Status {
        let status = match self.try_study(plan, before, control, watch) {
            Ok(()) => Status::Done,
            Err(Error::Cancelled) => Status::Cancelled,
            Err(error) => Status::Failed(error.to_string()),
        };
        watch.event(Event::End(status.clone()));
        status
    }

    /// Why an arm cannot be had with this model; nothing has been loaded for it.
    ///
    /// # Errors
    /// The reason.
    pub fn check_arm(&self, arm: &PlannedArm) -> Result<()> {
        let spec = &self.card().spec;
        arm.toggles.check(spec)?;
        let (prompt, new) = (arm.prompt_tokens.max(1) as usize, arm.new_tokens.max(1) as usize);
        // The last token that is generated is never an input.
        let positions = prompt + new - 1;
        if positions > spec.n_ctx {
            return Err(Error::Request(format!(
                "{prompt} tokens and {new} new ones take {positions} positions, but the model's context holds {}",
                spec.n_ctx
            )));
        }
        memory::check_run(spec, &arm.toggles, prompt, positions, self.card().device.memory())
    }

    fn try_study(
        &self,
        plan: &Plan,
        before: Option<&Study>,
        _control: &Control,
        watch: &mut dyn WatchStudy,
    ) -> Result<()> {
        let arms: Vec<Arm> = plan.arms.iter().map(|arm| self.arm(arm)).collect();
        if before.is_none() {
            watch.event(Event::Header(Box::new(self.study_header(plan))));
            arms.into_iter().for_each(|arm| watch.event(Event::Arm(Box::new(arm))));
        }
        Ok(())
    }

    fn arm(&self, planned: &PlannedArm) -> Arm {
        Arm {
            name: planned.name.clone(),
            toggles: planned.toggles.to_pairs(),
            prompt_tokens: planned.prompt_tokens,
            new_tokens: planned.new_tokens,
            refused: self.check_arm(planned).err().map(|error| error.to_string()),
            ..Arm::default()
        }
    }

    fn study_header(&self, plan: &Plan) -> Header {
        let card = self.card();
        let mut model = card.info.clone();
        if let Some(baseline) = plan.arms.first() {
            model.weight_bytes = Bytes(card.spec.weight_bytes(baseline.toggles.weights, baseline.toggles.compute));
        }
        Header {
            kind: plan.kind.clone(),
            blockscope: env!("CARGO_PKG_VERSION").into(),
            libtorch: machine::libtorch().into(),
            created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            model,
            device: card.device.to_string(),
            machine: machine::name(card.device),
            processors: processors() as u32,
            seed: plan.seed,
            pairing: Pairing::Interleaved,
            text: None,
        }
    }
}
