//! Whether the numbers of a traced run can be trusted.

use super::{Finding, TracedPhase};
use crate::analyse::overhead::Overhead;
use crate::units::{Nanos, percent};

/// More time than this in no part, and the parts do not tell the phase.
pub const TOLERATED_REST: f64 = 0.02;
/// No more names than this in a sentence.
const NAMES: usize = 3;

/// Not everything could be kept.
pub fn cut(traced: &TracedPhase) -> Option<Finding> {
    let cut = traced.account.cut?;
    let what = match (cut.operators, cut.allocations) {
        (operators, 0) => format!("{operators} operators"),
        (0, allocations) => format!("{allocations} allocations"),
        (operators, allocations) => format!("{operators} operators and {allocations} allocations"),
    };
    let (phase, text) = (traced.phase.name(), "counts are too low by theirs; a shorter prompt or fewer tokens fit");
    traced.finding("cut", None, Nanos(0), format!("{what} of {phase} had no room in the trace: {text}"))
}

/// Traced passes took another time than the plain ones beside them.
pub fn overhead(traced: &TracedPhase) -> Option<Finding> {
    let is_far = |overhead: &Overhead| !(2.0 - Overhead::TOLERATED..=Overhead::TOLERATED).contains(&overhead.median);
    let overhead = traced.overhead.filter(is_far)?;
    let Overhead { pairs, median, q1, q3 } = overhead;
    let over = match pairs {
        1 => "in one pair, which may be chance; repeats tell".to_owned(),
        _ => format!("{median:.2}, {q1:.2} – {q3:.2} over {pairs} pairs"),
    };
    let (phase, off) = (traced.phase.name(), percent((median - 1.0).abs()));
    // Tracing can only slow down; a busy machine does either.
    let text = match median > 1.0 {
        true => format!("traced {phase} took {off} longer than plain ({over}): its shares say more than its times"),
        false => format!("traced {phase} took {off} less than plain ({over}): the machine was busy, trust no time"),
    };
    traced.finding("overhead", None, Nanos(0), text)
}

/// Time in no part.
pub fn unaccounted(traced: &TracedPhase) -> Option<Finding> {
    let rest = traced.account.unaccounted;
    let share = percent(traced.share(rest));
    let text = format!(
        "{share} of {} ({}) lies in no part: the rows explain the rest only",
        traced.phase.name(),
        traced.time(rest)
    );
    (traced.share(rest) > TOLERATED_REST).then(|| traced.finding("unaccounted", None, Nanos(0), text))?
}

/// Operators without a formula.
pub fn unknown(traced: &TracedPhase) -> Option<Finding> {
    let unknown = traced.account.unknown();
    let calls: u32 = unknown.iter().map(|(_, calls, _)| calls).sum();
    let time: Nanos = unknown.iter().map(|&(_, _, own)| own).sum();
    let mut names: Vec<String> = unknown.iter().take(NAMES).map(|(name, ..)| format!("{name:.60}")).collect();
    if unknown.len() > NAMES {
        names.push(format!("{} more", unknown.len() - NAMES));
    }
    let text = format!(
        "{calls} calls of operators without a formula ({}) took {time}, {} of {}: the counted FLOPs lack theirs",
        names.join(", "),
        percent(traced.share(time)),
        traced.phase.name(),
    );
    (calls > 0).then(|| traced.finding("unknown_operators", None, Nanos(0), text))?
}

/// What was counted is not what the formulas say.
pub fn disagreement(traced: &TracedPhase) -> Option<Finding> {
    let parts: Vec<u32> = traced.account.disagreements(traced.run).map(|(part, _)| part).collect();
    let (first, rest) = parts.split_first()?;
    let (account, more) = (traced.account.part(*first)?, rest.len());
    let others = if more == 0 { String::new() } else { format!(", and {more} other parts differ") };
    let text = format!(
        "{} of {} counts {}, its formula says {}{others}: one of the two is wrong",
        traced.run.parts[*first as usize].path,
        traced.phase.name(),
        account.flops,
        account.flops_modelled,
    );
    traced.finding("flops_differ", Some(*first), Nanos(0), text)
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use crate::record::fixture::{decode, leaf, prefill, run, traced};
    use crate::record::{Cut, Run};
    use crate::units::Nanos;

    fn told(run: &Run, id: &str) -> Option<String> {
        findings(run).into_iter().find(|finding| finding.id == id).map(|finding| finding.text)
    }

    #[test]
    fn a_sound_run_is_not_doubted() {
        for id in ["cut", "overhead", "unaccounted", "unknown_operators", "flops_differ"] {
            assert_eq!(told(&traced(), id), None);
        }
    }

    #[test]
    fn what_had_no_room_is_told() {
        let mut run = traced();
        for pass in run.passes.iter_mut().filter(|pass| pass.memory.is_some()) {
            pass.cut = Some(Cut { operators: 7, allocations: 2 });
        }
        assert!(told(&run, "cut").unwrap().starts_with("7 operators and 2 allocations of prefill had no room"));
    }

    #[test]
    fn tracing_that_disturbs_is_told() {
        let mut slow = decode(100);
        slow.overhead = 1.25;
        let text = told(&run(&[slow]), "overhead").unwrap();
        assert!(
            text.starts_with("traced decode took 25.0% longer than plain (1.25, 1.25 – 1.25 over 2 pairs)"),
            "{text}"
        );
    }

    #[test]
    fn time_in_no_part_is_told() {
        let mut lost = prefill();
        lost.rest = Nanos(30_000);
        let text = told(&run(&[lost]), "unaccounted").unwrap();
        assert!(text.contains("of prefill (30.0 µs) lies in no part"), "{text}");
    }

    #[test]
    fn an_operator_without_a_formula_is_named() {
        let mut strange = prefill();
        leaf(&mut strange, "blocks.0.mlp.act").operator = "my::activation";
        let text = told(&run(&[strange]), "unknown_operators").unwrap();
        assert!(text.starts_with("1 calls of operators without a formula (my::activation) took 9.00 µs"), "{text}");
    }

    #[test]
    fn a_formula_that_is_wrong_is_told_with_its_part() {
        let mut wrong = prefill();
        leaf(&mut wrong, "blocks.1.mlp.up").flops += 1_000_000;
        let text = told(&run(&[wrong]), "flops_differ").unwrap();
        assert!(
            text.starts_with("blocks.1.mlp.up of prefill counts 2.46 MFLOP, its formula says 3.46 MFLOP:"),
            "{text}"
        );
    }
}
