//! Decoding without a KV cache.

use super::{Finding, TracedPhase};
use crate::record::event::{Phase, Watched};
use crate::units::{Nanos, percent};

/// Every step computes the whole text again.
pub fn off(traced: &TracedPhase) -> Option<Finding> {
    if traced.phase != Phase::Decode || traced.toggle("kv_cache") != "off" {
        return None;
    }
    let account = &traced.account;
    let steps = traced.run.passes.iter().map(|pass| &pass.start).filter(|start| {
        start.phase == Phase::Decode && start.repeat == account.repeat && start.watched == Watched::Operators
    });
    let computed: u64 = steps.map(|start| u64::from(start.n_new)).sum();
    let needed = u64::from(account.passes);
    if computed <= needed {
        return None;
    }
    // With a cache a step computes one position, and still reads every weight.
    let reading = traced.peaks.map_or(0.0, |peaks| {
        (needed * traced.run.header.model.weight_bytes.0) as f64 / peaks.bandwidth.best.max(f64::MIN_POSITIVE)
    });
    let computing = account.wall.seconds() * needed as f64 / computed as f64;
    let saves = account.wall - Nanos::from_seconds(computing.max(reading));
    let again = percent(1.0 - needed as f64 / computed as f64);
    let saving = traced.saving(saves);
    traced.finding(
        "kv_cache_off",
        None,
        saves,
        format!(
            "decode computes the whole text at every step, and {again} of its positions were computed before: \
             kv_cache=on would {saving}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use crate::analyse::Finding;
    use crate::record::fixture::{Sketch, decode, prefill, run, set, wall};
    use crate::record::{Phase, Run};
    use crate::units::Nanos;

    fn told(run: &Run) -> Option<Finding> {
        findings(run).into_iter().find(|finding| finding.id == "kv_cache_off")
    }

    #[test]
    fn computing_the_text_again_is_told() {
        let again = Sketch { phase: Phase::Decode, ..prefill() };
        let mut run = run(&[again.clone(), again.clone()]);
        assert_eq!(told(&run), None, "as far as the toggle says, there is a cache");
        set(&mut run, "kv_cache", "off");
        let found = told(&run).unwrap();
        assert!(found.text.contains("99.0% of its positions were computed before"), "{}", found.text);
        // Two steps of 1,343,488 bytes of weights are 134 µs at 20 GB/s: more than a hundredth of the time.
        let reading = Nanos(2 * run.header.model.weight_bytes.0 / 20);
        let whole = Nanos(2 * wall(&again).0);
        assert!(found.saves.0.abs_diff((whole - reading).0) <= 1, "{} of {whole}", found.saves);
    }

    #[test]
    fn a_step_with_one_new_position_is_not_told() {
        let mut run = run(&[decode(100)]);
        set(&mut run, "kv_cache", "off");
        assert_eq!(told(&run), None);
    }
}
