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
mod seen;
mod threads;
mod trust;
mod weights;

pub use finding::Finding;

use crate::record::event::Phase;
use crate::record::run::Run;
use seen::Seen;
use std::cmp::Reverse;

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
