//! Numbers that change their format on the way.

use super::{Finding, TracedPhase};
use crate::units::{Nanos, percent};

/// Less than this share of a phase is not worth a sentence.
const WORTH: f64 = 0.03;
/// What every change of format goes through; what it calls is inside its time.
const CAST: &str = "aten::_to_copy";

/// Changing formats takes time in which nothing is computed.
pub fn share(traced: &TracedPhase) -> Option<Finding> {
    let casts = traced.account.operators.iter().filter(|operator| operator.name == CAST);
    let (calls, spent) = casts.fold((0, Nanos(0)), |(calls, time), cast| (calls + cast.calls, time + cast.total));
    if traced.share(spent) < WORTH {
        return None;
    }
    let (share, saving) = (percent(traced.share(spent)), traced.saving(spent));
    let remedy = match (traced.toggle("weights"), traced.toggle("compute")) {
        ("bf16", "f32") => format!("activations go to bf16 and back at every product; compute=bf16 would {saving}"),
        _ => format!("doing without would {saving}"),
    };
    let phase = traced.phase.name();
    let calls = calls / traced.account.passes.max(1);
    let each = if traced.account.passes > 1 { "calls a step" } else { "calls" };
    let text = format!("{phase} spends {share} changing number formats ({CAST}, {calls} {each}): {remedy}");
    traced.finding("casts", None, spent, text)
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use crate::analyse::Finding;
    use crate::record::Run;
    use crate::record::fixture::{decode, leaf, run, set};
    use crate::units::Nanos;

    fn told(run: &Run) -> Option<Finding> {
        findings(run).into_iter().find(|finding| finding.id == "casts")
    }

    #[test]
    fn casts_that_take_time_are_told_with_what_avoids_them() {
        let mut casting = decode(100);
        for block in 0..2 {
            let act = leaf(&mut casting, &format!("blocks.{block}.mlp.act"));
            (act.operator, act.time) = ("aten::_to_copy", Nanos(6_000));
        }
        let mut run = run(&[casting]);
        let found = told(&run).unwrap();
        assert_eq!(found.saves, Nanos(10_000), "two of 5 µs");
        assert!(found.text.contains("(aten::_to_copy, 2 calls): doing without would save at most"), "{}", found.text);
        set(&mut run, "weights", "bf16");
        assert!(told(&run).unwrap().text.contains("compute=bf16 would save"));
    }

    #[test]
    fn few_casts_are_not_told() {
        let mut casting = decode(100);
        leaf(&mut casting, "blocks.0.mlp.act").operator = "aten::_to_copy";
        assert_eq!(told(&run(&[casting])), None, "1 µs of 127");
    }
}
