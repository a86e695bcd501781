//! Holding every candidate of a study against gates.

use super::Gate;
use super::outcome::Outcome;
use crate::analyse::comparison::Comparison;
use crate::record::study::{Arm, Study};

/// Holds every candidate of a study against all gates. Of every value of a toggle some cannot be had, which is no failure of
/// the others.
pub fn hold(study: &Study, gates: &[Gate]) -> Vec<Outcome> {
    let many = study.arms.len() > 2;
    let candidates = (0..).zip(&study.arms).skip(1).filter(|_| !gates.is_empty());
    let of = |(number, arm): (u32, &Arm)| -> Vec<Outcome> {
        let all = |passed: Option<bool>, why: &str| {
            let said = |gate: &Gate| match passed {
                None => format!("{gate} does not apply: {why}"),
                Some(_) => format!("{gate} failed: {why}"),
            };
            let outcome = |gate: &Gate| Outcome {
                candidate: arm.name.clone(),
                gate: gate.to_string(),
                passed,
                found: None,
                said: said(gate),
            };
            gates.iter().map(outcome).collect()
        };
        match (&arm.refused, Comparison::of(study, 0, number)) {
            (Some(why), _) if many => all(None, why),
            (None, Some(comparison)) => gates.iter().map(|gate| gate.check(&comparison)).collect(),
            _ => all(Some(false), "it was not measured"),
        }
    };
    candidates.flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::gate::outcome::all_reached;
    use crate::record::study::fixture;

    fn gates(list: &str) -> Vec<Gate> {
        Gate::list(list).unwrap()
    }

    #[test]
    fn every_gate_says_what_was_found_also_where_it_is_reached() {
        let study = fixture::compare();
        let outcomes = hold(&study, &gates("prefill.ttft_ratio<=0.85,prefill.ttft_ratio<=0.5,memory.weights_bytes>=1"));
        let passed: Vec<_> = outcomes.iter().map(|outcome| outcome.passed).collect();
        assert_eq!(passed, [Some(true), Some(false), Some(true)]);
        let said: Vec<&str> = outcomes.iter().map(|outcome| outcome.said.as_str()).collect();
        assert!(
            said[0].starts_with("prefill.ttft_ratio<=0.85 passed: it is 0.8") && said[0].contains("(95%: 0.7"),
            "{said:?}"
        );
        assert!(said[1].starts_with("prefill.ttft_ratio<=0.5 failed: it is 0.8"), "{said:?}");
        assert_eq!(said[2], "memory.weights_bytes>=1 passed: it is 538000000 (538 MB)");
        assert!(!all_reached(&outcomes) && all_reached(&outcomes[..1]) && !all_reached(&[]));
    }

    #[test]
    fn a_single_repeat_has_no_interval_and_the_gate_says_so() {
        let mut study = fixture::compare();
        study.samples.retain(|sample| sample.round == 0);
        let outcomes = hold(&study, &gates("decode.tpot_ratio<=1e6,decode.tpot_ms<=1e6,memory.weights_bytes>=1"));
        for outcome in &outcomes[..2] {
            assert!(outcome.passed == Some(true) && outcome.is_of_one_repeat(), "{outcome:?}");
            assert!(outcome.found.unwrap().interval.is_none() && outcome.said.contains("no interval"), "{outcome:?}");
        }
        // What is counted is the same every time.
        assert!(!outcomes[2].is_of_one_repeat() && !outcomes[2].said.contains("interval"));
    }

    #[test]
    fn what_cannot_be_had_decides_nothing_unless_it_is_all_there_is() {
        let mut study = fixture::compare();
        study.arms[1].refused = Some("why not".into());
        let alone = hold(&study, &gates("decode.tpot_ratio<=1"));
        assert!(alone[0].passed == Some(false) && !all_reached(&alone));
        study.arms.push(study.arms[1].clone());
        let among = hold(&study, &gates("decode.tpot_ratio<=1"));
        assert!(
            among.iter().all(|outcome| outcome.passed.is_none() && outcome.said.ends_with("does not apply: why not"))
        );
        assert!(!all_reached(&among), "nothing was measured at all");
    }
}
