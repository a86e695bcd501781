//! Findings: what stands out in a traced run, in a sentence with a number and a remedy.
//!
//! Each is a check and a sentence, one file a subject. Shares are of the traced passes; what something
//! would save is modelled, and the most that it could be: findings overlap, so their savings do not add up.

mod attention;
mod cache;
mod casts;
mod dispatch;
mod finding;
mod memory;
mod roof;
mod threads;
mod traced_phase;
mod trust;
mod weights;

pub use finding::Finding;

use crate::record::event::Phase;
use crate::record::run::Run;
use std::cmp::Reverse;
use traced_phase::TracedPhase;

/// What stands out in the traced passes of a run, what would save most first.
pub fn findings(run: &Run) -> Vec<Finding> {
    let phases = [Phase::Prefill, Phase::Decode].into_iter().filter_map(|phase| TracedPhase::of(run, phase));
    let mut findings: Vec<Finding> =
        phases.flat_map(|traced| CHECKS.iter().flat_map(move |check| check(&traced))).collect();
    findings.sort_by_key(|finding| Reverse(finding.saves));
    findings
}

/// Of what saves the same, the order in which it is told: whether the numbers can be trusted comes first.
const CHECKS: [fn(&TracedPhase) -> Vec<Finding>; 15] = [
    |traced| traced.check(trust::cut),
    |traced| traced.check(trust::overhead),
    |traced| traced.check(trust::unaccounted),
    |traced| traced.check(trust::unknown),
    |traced| traced.check(trust::disagreement),
    |traced| traced.check(weights::lm_head),
    |traced| traced.check(weights::decode),
    |traced| traced.check(weights::prefill),
    |traced| traced.check(attention::eager),
    |traced| traced.check(cache::off),
    |traced| traced.check(dispatch::bound),
    |traced| traced.check(casts::share),
    |traced| traced.check(threads::unused),
    |traced| [traced.check(memory::activations), traced.check(memory::cache)].concat(),
    roof::below,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;
    use crate::units::Nanos;

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
