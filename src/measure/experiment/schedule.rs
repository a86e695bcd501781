//! What is executed when: the order of a round, what of it is missing, when there are enough.
//!
//! Nothing here knows what an execution is: it is exact with a made-up clock.

use super::ledger::{Ledger, Piece};
use super::plan::Plan;
use super::watch::{Progress, WatchStudy};
use crate::analyse::statistics::{LEVEL, fewest};
use crate::arch::path::inside_block;
use crate::engine::Result;
use crate::record::study::{Event, PartTime, Resources, Sample, Study, StudyKind};
use crate::record::{Phase, Watched};
use crate::units::Nanos;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Executes arms. Tests hand in one that only says that it did.
pub trait Execute {
    /// Executes an arm once.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::engine::Error::Cancelled), or it failed.
    fn execute(&mut self, arm: u32, watched: Watched) -> Result<Execution>;

    /// Executes an arm once under the tracer, and says what it took beside time.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    fn trace(&mut self, arm: u32) -> Result<Resources>;
}

/// What one execution took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Execution {
    pub ttft: Nanos,
    pub steps: Vec<Nanos>,
    /// By path and phase, where the parts were timed.
    pub parts: Vec<(String, Phase, Nanos)>,
}

/// One execution in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    pub arm: u32,
    /// The second one of the baseline.
    pub again: bool,
    pub watched: Watched,
}

/// The executions of a study in their order.
pub struct Schedule<'a> {
    pub plan: &'a Plan,
    /// What is known so far; what happens is told `watch` and taken in here.
    pub study: Study,
    pub ledger: Ledger,
    pub watch: &'a mut dyn WatchStudy,
    pub now: &'a mut dyn FnMut() -> Nanos,
    /// Whether enough is known to end before the last round.
    pub enough: &'a dyn Fn(&Study) -> bool,
}

impl Schedule<'_> {
    /// Puts down all that is missing before the quality: `weight` says how much work an arm is.
    pub fn plan(&mut self, weight: impl Fn(u32) -> f64) {
        let turns = self.missing();
        for arm in self.measured() {
            let wanted = turns.iter().filter(|turn| turn.arm == arm).count() as u32;
            let traced = u32::from(self.study.arms[arm as usize].resources.is_none());
            if wanted + traced > 0 {
                self.ledger.plan(Piece::Execution(arm), 1 + traced + wanted, weight(arm));
            }
        }
    }

    /// Arms for which something is missing before the quality.
    pub fn needed(&self) -> Vec<u32> {
        let turns = self.missing();
        let needs =
            |arm: &u32| self.study.arms[*arm as usize].resources.is_none() || turns.iter().any(|turn| turn.arm == *arm);
        self.measured().into_iter().filter(needs).collect()
    }

    /// Warm-up, traced executions, rounds.
    ///
    /// # Errors
    /// An execution failed or was cancelled: what was told until then is whole.
    pub fn run(&mut self, bench: &mut dyn Execute) -> Result<()> {
        let needed = self.needed();
        for &arm in &needed {
            self.one(arm, "warm-up", || bench.execute(arm, Watched::Plain).map(drop))?;
        }
        for &arm in &needed {
            if self.study.arms[arm as usize].resources.is_none() {
                let resources = self.one(arm, "traced", || bench.trace(arm).map(Box::new))?;
                self.tell(Event::Resources { arm, resources });
            }
        }
        while let Some((round, turns)) = self.next() {
            for turn in turns {
                let stage = format!("round {}", round + 1);
                let execution = self.one(turn.arm, &stage, || bench.execute(turn.arm, turn.watched))?;
                self.sample(round, turn, execution);
            }
        }
        needed.into_iter().for_each(|arm| self.ledger.forget(Piece::Execution(arm)));
        Ok(())
    }

    /// Tells what happened, and takes it in.
    pub fn tell(&mut self, event: Event) {
        self.study.apply(event.clone());
        self.watch.event(event);
    }

    /// Does a piece of work, which is called so, between two looks at the clock.
    ///
    /// # Errors
    /// Those of the work.
    pub fn timed<T>(&mut self, piece: Piece, stage: String, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let (done, most) = self.ledger.counts();
        self.watch.progress(&Progress { stage, done, most, left: self.ledger.left() });
        let began = (self.now)();
        let result = work()?;
        self.ledger.learn(piece, (self.now)() - began);
        Ok(result)
    }

    /// One execution of an arm.
    fn one<T>(&mut self, arm: u32, stage: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let stage = format!("{stage} · {}", self.study.arms[arm as usize].name);
        self.timed(Piece::Execution(arm), stage, work)
    }

    fn sample(&mut self, round: u32, turn: Turn, execution: Execution) {
        let mut parts = Vec::with_capacity(execution.parts.len());
        for (path, phase, time) in execution.parts {
            let known = self.study.parts.iter().position(|known| *known == path);
            let part = known.unwrap_or(self.study.parts.len()) as u32;
            if known.is_none() {
                self.tell(Event::Part(path));
            }
            parts.push(PartTime { part, phase, time });
        }
        let Turn { arm, again, watched } = turn;
        let Execution { ttft, steps, .. } = execution;
        self.tell(Event::Sample(Sample { arm, round, again, watched, ttft, steps, parts }));
    }

    /// Arms that were not refused.
    fn measured(&self) -> Vec<u32> {
        (0..).zip(&self.study.arms).filter(|(_, arm)| arm.refused.is_none()).map(|(number, _)| number).collect()
    }

    /// Everything that is executed in a round, in its random order. Where there is no baseline, nothing is repeated.
    fn round(&self, round: u32) -> Vec<Turn> {
        let arms = self.measured();
        let turn = |arm, again, watched| Turn { arm, again, watched };
        let mut turns: Vec<Turn> = arms.iter().map(|&arm| turn(arm, false, Watched::Plain)).collect();
        if !self.is_sweep() && arms.first() == Some(&0) {
            turns.push(turn(0, true, Watched::Plain));
        }
        if self.plan.parts {
            turns.extend(arms.iter().map(|&arm| turn(arm, false, Watched::Parts)));
        }
        // A stream of its own for each round: a study that is gone on with has the order that it would have had.
        let mut random = ChaCha8Rng::seed_from_u64(self.plan.seed);
        random.set_stream(round.into());
        turns.shuffle(&mut random);
        turns
    }

    fn lacks(&self, round: u32, turn: &Turn) -> bool {
        !self.study.samples.iter().any(|sample| {
            (sample.round, sample.arm, sample.again, sample.watched) == (round, turn.arm, turn.again, turn.watched)
        })
    }

    /// Rounds of which something was executed, and among them those of which all was.
    fn begun(&self) -> (u32, u32) {
        let begun = self.study.samples.iter().map(|sample| sample.round.saturating_add(1)).max().unwrap_or(0);
        let mut rounds: Vec<u32> = self.study.samples.iter().map(|sample| sample.round).collect();
        rounds.sort_unstable();
        rounds.dedup();
        let is_whole = |round: &&u32| self.round(**round).iter().all(|turn| !self.lacks(**round, turn));
        (begun, rounds.iter().filter(is_whole).count() as u32)
    }

    /// The next round and what of it is missing; `None` after the last. What belongs together must be executed
    /// together: a round that was interrupted is left as it is, and another made. The points of a sweep are
    /// compared with nothing, so its rounds are completed.
    fn next(&self) -> Option<(u32, Vec<Turn>)> {
        if self.is_enough() {
            return None;
        }
        if self.is_sweep() {
            return (0..self.plan.rounds.most).find_map(|round| {
                let missing: Vec<Turn> = self.round(round).into_iter().filter(|turn| self.lacks(round, turn)).collect();
                (!missing.is_empty()).then_some((round, missing))
            });
        }
        let (begun, whole) = self.begun();
        (whole < self.plan.rounds.most && !self.round(begun).is_empty()).then(|| (begun, self.round(begun)))
    }

    /// The most executions that there may still be in rounds.
    fn missing(&self) -> Vec<Turn> {
        if self.is_enough() {
            return Vec::new();
        }
        let rounds = self.plan.rounds;
        if self.is_sweep() {
            let of = |round| self.round(round).into_iter().filter(move |turn| self.lacks(round, turn));
            return (0..rounds.most).flat_map(of).collect();
        }
        let (begun, whole) = self.begun();
        (0..rounds.most.saturating_sub(whole)).flat_map(|more| self.round(begun.saturating_add(more))).collect()
    }

    fn is_enough(&self) -> bool {
        self.begun().1 >= self.plan.rounds.least.max(self.fewest()) && (self.enough)(&self.study)
    }

    /// Below so many rounds nothing could be said of a row, however clear it is: Holm asks more of each the more
    /// there are.
    fn fewest(&self) -> u32 {
        if self.is_sweep() {
            return 0;
        }
        let blocks = self.study.parts.iter().filter(|path| inside_block(path) == Some("")).count();
        let rows = blocks.max(self.study.arms.len().saturating_sub(1)).max(1);
        fewest(1.0 - (1.0 - LEVEL) / rows as f64, true) as u32
    }

    fn is_sweep(&self) -> bool {
        matches!(self.plan.kind, StudyKind::Sweep { .. })
    }
}

#[cfg(test)]
mod tests;
