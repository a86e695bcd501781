//! Parts that are far from what the machine allows.

use super::{Finding, TracedPhase};
use crate::analyse::account::PartAccount;
use crate::analyse::roofline::Bound;
use crate::units::{Nanos, percent};
use std::cmp::Reverse;

/// Below this share of its roof, a part has room.
const FAR: f64 = 0.5;
/// Less than this share of a phase is not worth a sentence.
const WORTH: f64 = 0.05;
/// No more than so many parts of a phase.
const MOST: usize = 3;
/// Operators that move so many times the bytes that they must, or of which so much is not spent in them.
const MANY_TIMES: f64 = 2.0;
const MUCH: f64 = 0.3;

/// The parts that would gain most at their roof.
pub fn below(traced: &TracedPhase) -> Vec<Finding> {
    let mut parts: Vec<(Nanos, Finding)> =
        traced.leaves().filter_map(|(part, account)| far(traced, part, account)).collect();
    parts.sort_by_key(|(saves, _)| Reverse(*saves));
    parts.into_iter().take(MOST).map(|(_, finding)| finding).collect()
}

fn far(traced: &TracedPhase, part: u32, account: &PartAccount) -> Option<(Nanos, Finding)> {
    let standing = account.standing(traced.peaks?)?;
    if standing.share >= FAR || traced.share(account.total) < WORTH {
        return None;
    }
    let saves = account.total - standing.least;
    let roof = match standing.bound {
        Bound::Compute => "compute roof",
        Bound::Memory => "bandwidth limit",
    };
    let times = account.moved.0 as f64 / account.bytes.0.max(1) as f64;
    let between = account.between.share_of(account.total);
    let reason = if standing.bound == Bound::Memory && times >= MANY_TIMES {
        format!("; its operators move {times:.1} times the bytes that it must, which a fused one would not")
    } else if between >= MUCH {
        format!("; {} of it lies between its operators, and fewer of them would lose less", percent(between))
    } else {
        slowest(traced, part).unwrap_or_default()
    };
    let text = format!(
        "{} takes {} of {} at {} of its {roof}{reason}: at the roof it would {}",
        traced.name(part),
        percent(traced.share(account.total)),
        traced.phase.name(),
        percent(standing.share),
        traced.saving(saves),
    );
    Some((saves, traced.finding("below_roof", Some(part), saves, text)?))
}

/// `, most of it in aten::mm`
fn slowest(traced: &TracedPhase, part: u32) -> Option<String> {
    let rows = traced.account.operators_by(|part| part.map(|part| traced.likes[part as usize]));
    let slowest = rows.into_iter().find(|operator| operator.part == Some(part))?;
    let whole = traced.kinds[part as usize].as_ref()?.total;
    (slowest.own.share_of(whole) >= 0.5).then(|| format!(", most of it in {:.60}", slowest.name))
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use crate::analyse::Finding;
    use crate::record::Run;
    use crate::record::fixture::{leaf, prefill, run};
    use crate::units::Nanos;

    fn told(run: &Run) -> Vec<Finding> {
        findings(run).into_iter().filter(|finding| finding.id == "below_roof").collect()
    }

    #[test]
    fn a_slow_part_is_named_with_its_slowest_operator() {
        let mut slow = prefill();
        leaf(&mut slow, "blocks.1.mlp.up").time = Nanos(231_000);
        let run = run(&[slow]);
        let found = told(&run);
        // Both blocks: 2 · 24.576 µs of 262 µs at 100 GFLOP/s, in a prefill of 626 µs.
        assert!(found[0].text.starts_with("mlp up takes 41.9% of prefill at 18.8% of its compute roof, most of it in aten::mm: at the roof it would save at most 213 µs"), "{}", found[0].text);
        assert_eq!(
            (found[0].saves, &run.parts[found[0].part.unwrap() as usize].path[..]),
            (Nanos(212_848), "blocks.0.mlp.up")
        );
    }

    #[test]
    fn a_part_at_its_roof_is_not_told_and_without_roofs_none_is() {
        let mut run = run(&[prefill()]);
        assert!(told(&run).iter().all(|finding| !finding.text.starts_with("mlp up")));
        run.peaks = None;
        assert_eq!(told(&run), []);
    }

    #[test]
    fn what_lies_between_operators_is_told_as_that() {
        let mut slow = prefill();
        for block in 0..2 {
            let act = leaf(&mut slow, &format!("blocks.{block}.mlp.act"));
            (act.time, act.bytes) = (Nanos(30_000), 8 * 19_200);
        }
        let mut run = run(&[slow]);
        for pass in &mut run.passes {
            pass.operators
                .iter_mut()
                .filter(|op| run.signatures[op.signature as usize].name == "aten::silu")
                .for_each(|op| op.time = Nanos(15_000));
        }
        let found = told(&run);
        let act = found.iter().find(|finding| finding.text.starts_with("mlp act")).unwrap();
        assert!(act.text.contains("50.0% of it lies between its operators"), "{}", act.text);
    }
}
