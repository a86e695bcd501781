//! Many small operators: what it costs to call them.

use super::{Finding, TracedPhase};
use crate::analyse::account::OperatorAccount;
use crate::arch::role::Role;
use crate::record::event::Phase;
use crate::units::{Nanos, percent};

/// Less than this share of a phase is not worth a sentence.
const WORTH: f64 = 0.15;

/// Decode steps whose operators are so small that calling them counts.
pub fn bound(traced: &TracedPhase) -> Option<Finding> {
    let peaks = traced.peaks.filter(|_| traced.phase == Phase::Decode)?;
    let account = &traced.account;
    let calls = |role: Option<Role>| -> u64 {
        let is_there = |part: u32| traced.run.parts[part as usize].role() == role;
        let here = |operator: &&OperatorAccount| role.is_none() || operator.part.is_some_and(is_there);
        // One that passes its work on is called too, but does next to nothing beside that.
        account.operators.iter().filter(here).filter(|op| !op.passes_on).map(|op| u64::from(op.calls)).sum()
    };
    let all = calls(None);
    // The tracer's own time lies between the operators; what it added to the pass is taken off.
    let tracing = traced.overhead.map_or(0.0, |overhead| 1.0 - 1.0 / overhead.median.max(1.0));
    let between: Nanos = account.parts.iter().flatten().map(|part| part.between).sum::<Nanos>() + account.unaccounted;
    let between = between - Nanos::from_seconds(account.wall.seconds() * tracing);
    let spent = between + Nanos(all * peaks.dispatch.median.0);
    if all == 0 || traced.share(spent) < WORTH {
        return None;
    }
    // Joined, q, k and v are one product of three, gate and up one of two.
    let spared = match traced.toggle("fuse") {
        "joined" => 0,
        _ => calls(Some(Role::Qkv)) * 2 / 3 + calls(Some(Role::Gate)).min(calls(Some(Role::Up))),
    };
    let saves = Nanos::from_seconds(spent.seconds() * spared as f64 / all as f64);
    let least = Nanos::from_seconds(account.bytes(traced.run).0 as f64 / peaks.bandwidth.best.max(1.0));
    let steps = u64::from(account.passes.max(1));
    let remedy = match spared {
        0 => "only fewer and larger operators, or several sequences at a time (batch), change that".to_owned(),
        _ => format!("fuse=joined (q, k, v in one product; gate, up in one) would {}", traced.saving(saves)),
    };
    traced.finding(
        "dispatch",
        None,
        saves,
        format!(
            "decode calls {} operators a token; calling them and what lies between takes {}, {}, where its bytes \
             allow {}: {remedy}",
            all / steps,
            percent(traced.share(spent)),
            traced.time(spent),
            traced.time(least),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use crate::analyse::Finding;
    use crate::record::Run;
    use crate::record::fixture::{decode, run, set};
    use crate::units::Nanos;

    fn told(run: &Run) -> Option<Finding> {
        findings(run).into_iter().find(|finding| finding.id == "dispatch")
    }

    #[test]
    fn many_small_operators_are_told() {
        let run = run(&[decode(100)]);
        let found = told(&run).unwrap();
        // 14 operators of 500 ns, a microsecond before each and in each of 6 containers, 2 µs in no part;
        // of these 29 µs tracing made 127 − 127/1.04.
        assert!(found.text.starts_with("decode calls 14 operators a token"), "{}", found.text);
        assert!(found.text.contains("takes 19.0%"), "{}", found.text);
        assert!(found.saves > Nanos(1_000) && found.saves < Nanos(5_000), "{}", found.saves);
        assert!(found.text.contains("fuse=joined"), "{}", found.text);
        let mut joined = run;
        set(&mut joined, "fuse", "joined");
        let found = told(&joined).unwrap();
        assert!(found.saves == Nanos(0) && !found.text.contains("fuse=joined"), "{}", found.text);
    }

    #[test]
    fn where_operators_are_large_or_the_cost_of_a_call_is_not_known_nothing_is_told() {
        let mut large = decode(100);
        large.leaves.iter_mut().for_each(|leaf| leaf.time = Nanos(10 * leaf.time.0));
        assert_eq!(told(&run(&[large])), None);
        let mut unknown = run(&[decode(100)]);
        unknown.peaks = None;
        assert_eq!(told(&unknown), None);
    }
}
