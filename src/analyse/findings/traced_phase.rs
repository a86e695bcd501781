//! What the checks look at.

use super::finding::Finding;
use crate::analyse::account::{Account, PartAccount};
use crate::analyse::overhead::Overhead;
use crate::arch::path::inside_of;
use crate::arch::role::Role;
use crate::record::event::Phase;
use crate::record::peaks::Peaks;
use crate::record::run::Run;
use crate::units::{Nanos, percent};

/// One phase of a run, as the checks look at it.
pub struct TracedPhase<'r> {
    pub run: &'r Run,
    pub phase: Phase,
    pub account: Account,
    /// The parts, what all blocks have in common in the rows of the first one.
    pub kinds: Vec<Option<PartAccount>>,
    /// For each part, the part in whose row it is.
    pub likes: Vec<u32>,
    pub peaks: Option<&'r Peaks>,
    pub overhead: Option<Overhead>,
}

impl<'r> TracedPhase<'r> {
    /// `None` where no pass of the phase was traced.
    pub fn of(run: &'r Run, phase: Phase) -> Option<Self> {
        let account = Account::of(run, phase)?;
        let likes = run.likes();
        let kinds = account.parts_by(|part| likes[part as usize]);
        let overhead = Overhead::of(run, phase);
        Some(Self { run, phase, account, kinds, likes, peaks: run.peaks.as_deref(), overhead })
    }

    /// What one check has to say.
    pub fn check(&self, check: fn(&Self) -> Option<Finding>) -> Vec<Finding> {
        check(self).into_iter().collect()
    }

    /// A finding about this phase.
    pub fn finding(&self, id: &'static str, part: Option<u32>, saves: Nanos, text: String) -> Option<Finding> {
        Some(Finding { id, phase: self.phase, part, text, saves })
    }

    /// The value of a toggle, as it is spelled; empty where the run does not say.
    pub fn toggle(&self, name: &str) -> &str {
        self.run.header.toggle(name).unwrap_or_default()
    }

    /// The parts without others inside that ran.
    pub fn leaves(&self) -> impl Iterator<Item = (u32, &PartAccount)> {
        let kinds = (0..).zip(&self.kinds).filter_map(|(part, kind)| Some((part, kind.as_ref()?)));
        kinds.filter(|&(part, _)| self.run.children(Some(part)).next().is_none())
    }

    /// The part that does this, over all blocks.
    pub fn kind(&self, role: Role) -> Option<(u32, &PartAccount)> {
        self.leaves().find(|&(part, _)| self.run.parts[part as usize].role() == Some(role))
    }

    /// What a part is called in a sentence: `attn fused`, `lm head`.
    pub fn name(&self, part: u32) -> String {
        inside_of(&self.run.parts[part as usize].path)
    }

    /// Of the wall time.
    pub fn share(&self, time: Nanos) -> f64 {
        time.share_of(self.account.wall)
    }

    /// A time of the whole phase as one reads it: of the prefill, or of a token.
    pub fn time(&self, time: Nanos) -> String {
        match self.phase {
            Phase::Prefill => time.to_string(),
            Phase::Decode => format!("{} a token", Nanos(time.0 / u64::from(self.account.passes.max(1)))),
        }
    }

    /// `save at most 1.20 ms a token (8.4%)`
    pub fn saving(&self, time: Nanos) -> String {
        format!("save at most {} ({})", self.time(time), percent(self.share(time)))
    }
}
