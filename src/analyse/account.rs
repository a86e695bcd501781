//! What a traced repeat adds up to: time, work, traffic and memory of every part and of its operators.
//!
//! Times are measured, FLOPs and moved bytes counted from the shapes that ran; the modelled figures of
//! `arch::work` stand beside them. Rows add up: own times of all parts and the unaccounted rest are the
//! wall time.

mod adding;
mod memory;
mod row;
mod sum;
#[cfg(test)]
mod tests;

pub use memory::PartMemory;
pub use row::{OperatorAccount, PartAccount};

use crate::record::event::{Phase, Watched};
use crate::record::operator::Cut;
use crate::record::run::{Pass, Run};
use crate::units::{Flops, Nanos};
use adding::{Known, Sums};
use std::collections::BTreeMap;

/// The traced passes of one phase, in the repeat whose wall time is the median one.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub phase: Phase,
    pub repeat: u32,
    /// Passes in it: 1 for a prefill, the steps for decoding.
    pub passes: u32,
    pub wall: Nanos,
    /// What no part accounts for.
    pub unaccounted: Nanos,
    /// By part; `None` where it did not run.
    pub parts: Vec<Option<PartAccount>>,
    /// Of all operators, those between the parts included. Counted.
    pub flops: Flops,
    /// By the formulas of `arch::work`.
    pub flops_modelled: Flops,
    /// The same, with attention over the visible keys only. Modelled.
    pub flops_causal: Flops,
    /// Every operator of every part (`None`: between the parts), the slowest first.
    pub operators: Vec<OperatorAccount>,
    pub cut: Option<Cut>,
}

impl Account {
    /// Adds a phase up; `None` where no pass of it was traced.
    pub fn of(run: &Run, phase: Phase) -> Option<Self> {
        let traced =
            |pass: &&Pass| pass.start.phase == phase && pass.start.watched == Watched::Operators && pass.time.is_some();
        let (repeat, wall) = run.typical_repeat(Some(phase))?;
        let passes: Vec<&Pass> = run.passes.iter().filter(traced).filter(|pass| pass.start.repeat == repeat).collect();
        if passes.is_empty() {
            return None;
        }
        let known: Vec<Known> = run.signatures.iter().map(Known::of).collect();
        let mut sums = Sums::new(run.parts.len());
        let mut cut = Cut::default();
        for pass in &passes {
            sums.add(run, pass, &known);
            let more = pass.cut.unwrap_or_default();
            cut.operators += more.operators;
            cut.allocations += more.allocations;
        }
        let top = || run.children(None).filter_map(|part| sums.parts[part as usize].as_ref());
        Some(Self {
            phase,
            repeat,
            passes: passes.len() as u32,
            wall,
            unaccounted: wall - top().map(|part| part.total).sum(),
            flops: sums.flops,
            flops_modelled: top().map(|part| part.flops_modelled).sum(),
            flops_causal: top().map(|part| part.flops_causal).sum(),
            parts: sums.parts.clone(),
            operators: sums.into_operators(),
            cut: (cut != Cut::default()).then_some(cut),
        })
    }

    /// The row of a part, if it ran.
    pub fn part(&self, part: u32) -> Option<&PartAccount> {
        self.parts.get(part as usize)?.as_ref()
    }

    /// The operators that a part called itself, the slowest first.
    pub fn operators_of(&self, part: Option<u32>) -> impl Iterator<Item = &OperatorAccount> {
        self.operators.iter().filter(move |operator| operator.part == part)
    }

    /// Operators whose work is not known, each name once, with their calls and their own time.
    pub fn unknown(&self) -> Vec<(&str, u32, Nanos)> {
        let mut unknown: BTreeMap<&str, (u32, Nanos)> = BTreeMap::new();
        for operator in self.operators.iter().filter(|operator| operator.flops.is_none()) {
            let (calls, own) = unknown.entry(&operator.name).or_default();
            *calls += operator.calls;
            *own += operator.own;
        }
        unknown.into_iter().map(|(name, (calls, own))| (name, calls, own)).collect()
    }
}
