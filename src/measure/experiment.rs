//! Executes a study: several configurations of one model side by side in one process, so that what the
//! machine does meanwhile happens to all of them.
//!
//! ```text
//! header · arms · warm-up of every arm · a traced execution of every arm · rounds · quality · end
//! ```
//!
//! What is executed when is decided in [`schedule`], for anything that executes; [`bench`] is the model that does.

mod bench;
mod ledger;
mod plan;
mod resources;
mod schedule;
mod watch;

pub use bench::Bench;
pub use ledger::{Ledger, Piece};
pub use plan::{Plan, PlannedArm, QualityText, Rounds};
pub use schedule::Schedule;
pub use watch::{Progress, WatchStudy};

use super::control::Control;
use super::machine;
use super::quality::{self, Reading};
use super::session::Session;
use super::threads::Threads;
use crate::analyse::comparison::Comparison;
use crate::analyse::statistics::precise_enough;
use crate::analyse::sweep::{Measured, Sweep};
use crate::arch::toggles::processors;
use crate::arch::{Toggles, memory};
use crate::engine::{Device, Error, Result};
use crate::record::Status;
use crate::record::study::{Arm, Event, Header, Pairing, Study, StudyKind};
use crate::units::{Bytes, Nanos};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

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

    /// How the study begins: its header and its arms. Those that cannot be had with this model, or would not fit in
    /// memory beside those before them, are refused with the reason. Nothing is loaded for it.
    ///
    /// # Errors
    /// The text for the quality has too few tokens, or others than the model.
    pub fn begin(&self, plan: &Plan) -> Result<(Header, Vec<Arm>)> {
        let reading = plan.quality.as_ref().map(|text| Reading::of(self, text)).transpose()?;
        Ok((self.study_header(plan, reading.as_ref()), self.arms(&plan.arms)))
    }

    fn arms(&self, planned: &[PlannedArm]) -> Vec<Arm> {
        let card = self.card();
        let available = card.device.memory();
        // What the system has to spare is without the weights that are here; what a GPU has is with them.
        let mut taken = if card.device == Device::Cpu { 0 } else { self.weight_bytes().0 };
        let mut formats = vec![card.toggles.formats()];
        let mut fitting = |toggles: &Toggles| -> Result<()> {
            toggles.check(&card.model)?;
            card.device.check(toggles)?;
            if !formats.contains(&toggles.formats()) {
                memory::check_weights(&card.model, toggles, available.saturating_sub(taken))?;
                taken = taken.saturating_add(card.model.weight_bytes(&toggles.formats()));
                formats.push(toggles.formats());
            }
            Ok(())
        };
        let fit: Vec<Result<()>> = planned.iter().map(|arm| fitting(&arm.toggles)).collect();
        let arms = planned.iter().zip(fit).map(|(planned, fits)| {
            let fits = fits.and_then(|()| self.check_lengths(planned, available.saturating_sub(taken)));
            Arm {
                name: planned.name.clone(),
                toggles: planned.toggles.to_pairs(),
                prompt_tokens: planned.prompt_tokens,
                new_tokens: planned.new_tokens,
                refused: fits.err().map(|error| error.to_string()),
                ..Arm::default()
            }
        });
        arms.collect()
    }

    /// Refuses an arm that is longer than the model's context, or than the memory that is left.
    fn check_lengths(&self, arm: &PlannedArm, available: u64) -> Result<()> {
        let model = &self.card().model;
        let (prompt, new) = (arm.prompt_tokens as usize, arm.new_tokens as usize);
        if prompt == 0 || new == 0 {
            return Err(Error::Request("an arm needs a prompt and a new token, at least one of each".into()));
        }
        // The last token that is generated is never an input.
        let positions = prompt + new - 1;
        if positions > model.stack.n_ctx {
            return Err(Error::Request(format!(
                "a prompt of {prompt} tokens and {new} new ones take {positions} positions, but the model's context \
                 holds {}: shorten one of them",
                model.stack.n_ctx
            )));
        }
        Ok(memory::check_run(model, &arm.toggles, prompt, positions, available)?)
    }

    fn try_study(
        &self,
        plan: &Plan,
        before: Option<&Study>,
        control: &Control,
        watch: &mut dyn WatchStudy,
    ) -> Result<()> {
        if plan.arms.is_empty() {
            return Err(Error::Request("a study needs an arm".into()));
        }
        let reading = plan.quality.as_ref().map(|text| Reading::of(self, text)).transpose()?;
        let header = self.study_header(plan, reading.as_ref());
        let arms = self.arms(&plan.arms);
        let study = before.cloned().unwrap_or_default();
        if before.is_some() {
            check_resumed(&study, &arms)?;
        }
        let began = Instant::now();
        let mut schedule = Schedule {
            plan,
            study,
            ledger: Default::default(),
            watch,
            now: &mut || Nanos::of(began.elapsed()),
            enough: &|study| is_enough(study, plan.rounds.width),
        };
        if before.is_none() {
            schedule.tell(Event::Header(Box::new(header)));
            arms.into_iter().for_each(|arm| schedule.tell(Event::Arm(Box::new(arm))));
        }
        refuse(&schedule.study)?;

        let _no_grad = tch::no_grad_guard();
        let _threads = Threads::kept();
        let mut bench = Bench::new(self, control);
        let unread = reading.as_ref().map_or(Vec::new(), |_| quality::missing(&schedule.study));
        let timed = schedule.needed();
        for (number, arm) in (0..).zip(&plan.arms).filter(|(arm, _)| unread.contains(arm) || timed.contains(arm)) {
            bench.add(number, arm, &mut |stage, done, total| {
                loading(schedule.watch, &arm.name, stage, done, total);
                !control.is_cancelled()
            })?;
        }
        schedule.plan(|arm| bench.work(arm));
        let mut readings = None;
        if let Some(reading) = reading.filter(|_| !unread.is_empty()) {
            let prepared = reading.prepare(&unread, &mut bench, &mut schedule.ledger, &mut |stage, done, total| {
                loading(schedule.watch, "f32 reference for the quality", stage, done, total);
                !control.is_cancelled()
            });
            readings = Some(prepared?);
        }
        schedule.run(&mut bench)?;
        readings.map_or(Ok(()), |readings| readings.measure(&bench, &mut schedule))
    }

    fn study_header(&self, plan: &Plan, reading: Option<&Reading>) -> Header {
        let card = self.card();
        let mut model = card.info.clone();
        if let Some(baseline) = plan.arms.first() {
            model.weight_bytes = Bytes(card.model.weight_bytes(&baseline.toggles.formats()));
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
            text: reading.map(|reading| reading.text.clone()),
        }
    }
}

/// Tells how far a loading is: `loading weights 3/272 · weights=bf16`.
fn loading(watch: &mut dyn WatchStudy, name: &str, stage: &str, done: u64, total: u64) {
    let stage = format!("{stage} {done}/{total} · {name}");
    watch.progress(&Progress { stage, ..Progress::default() });
}

/// Refuses a study whose arms cannot all be had where all are needed: a comparison of two, and the baseline of
/// many.
///
/// # Errors
/// The reason why the arm was refused.
fn refuse(study: &Study) -> Result<()> {
    let needed = match study.header.kind {
        StudyKind::Compare => study.arms.len(),
        StudyKind::Matrix => 1,
        StudyKind::Sweep { .. } => 0,
    };
    let refused = study.arms.iter().take(needed).find_map(|arm| arm.refused.as_ref().map(|why| (&arm.name, why)));
    refused.map_or(Ok(()), |(name, why)| Err(Error::Request(format!("{name}: {why}"))))
}

/// Refuses to go on with what is not the beginning of a study of these arms.
///
/// # Errors
/// What is not as it should be.
fn check_resumed(study: &Study, arms: &[Arm]) -> Result<()> {
    let is_same = |(a, b): (&Arm, &Arm)| {
        (&a.toggles, a.prompt_tokens, a.new_tokens) == (&b.toggles, b.prompt_tokens, b.new_tokens)
    };
    if study.arms.len() != arms.len() || !study.arms.iter().zip(arms).all(is_same) {
        return Err(Error::Request("what was measured before has other arms".into()));
    }
    // Refused now, but not then: memory is short.
    let lost = study.arms.iter().zip(arms).filter(|(then, _)| then.refused.is_none());
    if let Some((arm, why)) = lost.filter_map(|(_, now)| Some((now, now.refused.as_ref()?))).next() {
        return Err(Error::Request(format!("{}: {why}", arm.name)));
    }
    match study.samples.iter().map(|sample| sample.round).find(|&round| round >= MOST_ROUNDS) {
        Some(round) => Err(Error::Request(format!("a sample of round {round}: there are at most {MOST_ROUNDS}"))),
        None => Ok(()),
    }
}

/// More rounds than this are not made, and not gone on with.
pub const MOST_ROUNDS: u32 = 10_000;

/// Whether all that is quoted is known precisely enough: ratios of comparisons, medians of sweeps. It asks for the
/// width of intervals alone, never for what they show.
fn is_enough(study: &Study, width: f64) -> bool {
    if let StudyKind::Sweep { .. } = study.header.kind {
        let narrow = |measured: Option<Measured>| {
            let interval = |measured: Measured| measured.interval;
            measured.is_none_or(|measured| {
                interval(measured).is_some_and(|(low, high)| high.seconds() <= low.seconds() * (1.0 + width))
            })
        };
        let sweep = Sweep::of(study);
        return sweep
            .series
            .iter()
            .flat_map(|series| &series.points)
            .all(|point| narrow(point.ttft) && narrow(point.tpot));
    }
    let candidates = (0..).zip(&study.arms).skip(1).filter(|(_, arm)| arm.refused.is_none());
    let figures = candidates
        .filter_map(|(arm, _)| Comparison::headline(study, 0, arm))
        .flat_map(|comparison| [comparison.prefill.time, comparison.decode.time]);
    figures
        .filter_map(|figure| Some((figure.ratio?, figure.floor)))
        .all(|(ratio, floor)| precise_enough(&ratio, floor, width))
}
