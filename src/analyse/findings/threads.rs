//! Processors that lie idle.

use super::{Finding, TracedPhase};
use crate::units::{Nanos, percent};

/// Operators use fewer threads than there are processors.
pub fn unused(traced: &TracedPhase) -> Option<Finding> {
    let header = &traced.run.header;
    let (threads, processors) = (header.threads, header.processors);
    if threads == 0 || threads >= processors || header.device != "cpu" {
        return None;
    }
    let operators: Nanos = traced.leaves().map(|(_, part)| part.total - part.between).sum();
    let saves = Nanos::from_seconds(operators.seconds() * (1.0 - f64::from(threads) / f64::from(processors)));
    traced.finding(
        "threads",
        None,
        saves,
        format!(
            "{} spends {} in operators on {threads} of {processors} processors: threads={processors} would {}, if \
             every operator gained in full",
            traced.phase.name(),
            percent(traced.share(operators)),
            traced.saving(saves),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use crate::record::fixture::{prefill, run, wall};
    use crate::units::Nanos;

    #[test]
    fn idle_processors_are_told() {
        let mut run = run(&[prefill()]);
        let told = |run: &_| findings(run).into_iter().find(|finding| finding.id == "threads");
        assert_eq!(told(&run), None, "all are used");
        run.header.processors = 8;
        let found = told(&run).unwrap();
        assert!(found.text.contains("on 2 of 8 processors: threads=8 would save at most"), "{}", found.text);
        // Three quarters of the operators' time: the pass less 14 leaves', 6 containers' and nobody's time.
        assert_eq!(found.saves, Nanos((wall(&prefill()).0 - 20_000 - 4_000) / 4 * 3));
        run.header.processors = 0;
        assert_eq!(told(&run), None, "an older file does not say");
    }
}
