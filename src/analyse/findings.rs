//! Findings: what stands out in a traced run, in a sentence with a number and a remedy.
//!
//! Each is a check and a sentence, one file a subject. Shares are of the traced passes; what something
//! would save is modelled, and the most that it could be: findings overlap, so their savings do not add up.

mod attention;
mod cache;
mod casts;
mod dispatch;
mod memory;
mod roof;
mod threads;
mod trust;
mod weights;

use super::account::{Account, PartAccount};
use super::overhead::Overhead;
use crate::record::event::{Part, Phase};
use crate::record::peaks::Peaks;
use crate::record::run::Run;
use crate::units::{Nanos, percent};
use std::cmp::Reverse;

/// Something worth knowing about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: `lm_head`, `eager_attention`. Stays the same from version to version.
    pub id: &'static str,
    pub phase: Phase,
    /// The part that it speaks of; for one that every block has, that of the first block.
    pub part: Option<u32>,
    pub text: String,
    /// What the remedy would save at most, of the phase in one repeat; 0 where nothing can be said.
    pub saves: Nanos,
}

/// What stands out in the traced passes of a run, what would save most first.
pub fn findings(run: &Run) -> Vec<Finding> {
    let phases = [Phase::Prefill, Phase::Decode].into_iter().filter_map(|phase| Seen::of(run, phase));
    let mut findings: Vec<Finding> =
        phases.flat_map(|seen| CHECKS.iter().flat_map(move |check| check(&seen))).collect();
    findings.sort_by_key(|finding| Reverse(finding.saves));
    findings
}

/// Of what saves the same, the order in which it is told: whether the numbers can be trusted comes first.
const CHECKS: [fn(&Seen) -> Vec<Finding>; 15] = [
    |seen| seen.told(trust::cut),
    |seen| seen.told(trust::overhead),
    |seen| seen.told(trust::unaccounted),
    |seen| seen.told(trust::unknown),
    |seen| seen.told(trust::disagreement),
    |seen| seen.told(weights::lm_head),
    |seen| seen.told(weights::decode),
    |seen| seen.told(weights::prefill),
    |seen| seen.told(attention::eager),
    |seen| seen.told(cache::off),
    |seen| seen.told(dispatch::bound),
    |seen| seen.told(casts::share),
    |seen| seen.told(threads::unused),
    |seen| [seen.told(memory::activations), seen.told(memory::cache)].concat(),
    roof::below,
];

/// One phase of a run, as the checks look at it.
struct Seen<'r> {
    run: &'r Run,
    phase: Phase,
    account: Account,
    /// The parts, what all blocks have in common in the rows of the first one.
    kinds: Vec<Option<PartAccount>>,
    /// For each part, the part in whose row it is.
    likes: Vec<u32>,
    peaks: Option<&'r Peaks>,
    overhead: Option<Overhead>,
}

impl<'r> Seen<'r> {
    fn of(run: &'r Run, phase: Phase) -> Option<Self> {
        let account = Account::of(run, phase)?;
        let likes = run.likes();
        let kinds = account.parts_by(|part| likes[part as usize]);
        let overhead = Overhead::of(run, phase);
        Some(Self { run, phase, account, kinds, likes, peaks: run.peaks.as_deref(), overhead })
    }

    fn told(&self, check: fn(&Self) -> Option<Finding>) -> Vec<Finding> {
        check(self).into_iter().collect()
    }

    fn finding(&self, id: &'static str, part: Option<u32>, saves: Nanos, text: String) -> Option<Finding> {
        Some(Finding { id, phase: self.phase, part, text, saves })
    }

    /// The value of a toggle, as it is spelled; empty where the run does not say.
    fn toggle(&self, name: &str) -> &str {
        self.run.header.toggle(name).unwrap_or_default()
    }

    /// The parts without others inside that ran.
    fn leaves(&self) -> impl Iterator<Item = (u32, &PartAccount)> {
        let kinds = (0..).zip(&self.kinds).filter_map(|(part, kind)| Some((part, kind.as_ref()?)));
        kinds.filter(|&(part, _)| self.run.children(Some(part)).next().is_none())
    }

    /// The part that is called so: `lm_head`, or `attn.softmax` in a block.
    fn kind(&self, name: &str) -> Option<(u32, &PartAccount)> {
        self.leaves().find(|&(part, _)| {
            let part = &self.run.parts[part as usize];
            part.path == name || part.in_block() == Some(name)
        })
    }

    /// What a part is called in a sentence: `attn fused`, `lm head`.
    fn name(&self, part: u32) -> String {
        let part: &Part = &self.run.parts[part as usize];
        match part.in_block() {
            Some("") | None => part.name(),
            Some(inside) => inside.replace(['.', '_'], " "),
        }
    }

    fn share(&self, time: Nanos) -> f64 {
        time.share_of(self.account.wall)
    }

    /// A time of the whole phase as one reads it: of the prefill, or of a token.
    fn time(&self, time: Nanos) -> String {
        match self.phase {
            Phase::Prefill => time.to_string(),
            Phase::Decode => format!("{} a token", Nanos(time.0 / u64::from(self.account.passes.max(1)))),
        }
    }

    /// `save at most 1.20 ms a token (8.4%)`
    fn saving(&self, time: Nanos) -> String {
        format!("save at most {} ({})", self.time(time), percent(self.share(time)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;

    #[test]
    fn what_would_save_most_comes_first() {
        let found = findings(&fixture::traced());
        let saves: Vec<Nanos> = found.iter().map(|finding| finding.saves).collect();
        assert!(saves.is_sorted_by(|one, next| one >= next) && saves.len() > 2, "{found:#?}");
        assert!(found.iter().all(|finding| finding.text.contains(|c: char| c.is_ascii_digit())), "{found:#?}");
    }

    #[test]
    fn a_run_that_was_not_traced_gives_none() {
        assert_eq!(findings(&Run::default()), []);
    }
}
