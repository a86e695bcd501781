//! Attention with every intermediate matrix in memory.

use super::{Finding, TracedPhase};
use crate::analyse::account::PartAccount;
use crate::arch::role::Role;
use crate::units::{Nanos, percent};

/// Less than this share of a phase is not worth a sentence.
const WORTH: f64 = 0.05;

/// Eager attention takes time and memory that a fused kernel does not need.
pub fn eager(traced: &TracedPhase) -> Option<Finding> {
    let (part, scores) = traced.kind(Role::Scores).filter(|_| traced.toggle("attention") == "eager")?;
    let mut all = PartAccount::default();
    all.add(scores);
    [Role::Softmax, Role::Values].iter().filter_map(|&role| traced.kind(role)).for_each(|(_, more)| all.add(more));
    if traced.share(all.total) < WORTH {
        return None;
    }
    // The same products at their roof: a fused kernel has those left.
    let least = traced.peaks.and_then(|peaks| all.products.least(peaks));
    let saves = least.map_or(Nanos(0), |least| all.total - least);
    let saving = if saves.0 == 0 { String::new() } else { format!(", and would {}", traced.saving(saves)) };
    traced.finding(
        "eager_attention",
        Some(part),
        saves,
        format!(
            "{} spends {} in eager attention, whose matrices of all queries by all keys take up to {} at once and \
             move {}: attention=fused computes them tile by tile and never stores them{saving}",
            traced.phase.name(),
            percent(traced.share(all.total)),
            all.memory.peak,
            all.moved,
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use crate::analyse::Finding;
    use crate::record::Run;
    use crate::record::fixture::{Leaf, Sketch, moves, prefill, product, run, set};
    use crate::units::{Bytes, Nanos};

    /// Four heads of 100 queries by 100 keys.
    fn eager(micros: u64) -> Run {
        let mut sketch: Sketch = prefill();
        let into = |leaf: Leaf| {
            let name = |name: &str| leaf.path.replace("fused", name);
            [
                product(&name("scores"), [400, 16, 100], micros),
                moves(&name("softmax"), "aten::softmax", 4 * 100 * 100, micros),
                product(&name("values"), [400, 100, 16], micros),
            ]
        };
        sketch.leaves = sketch
            .leaves
            .into_iter()
            .flat_map(|leaf| if leaf.path.ends_with("fused") { into(leaf).to_vec() } else { vec![leaf] })
            .collect();
        let mut run = run(&[sketch]);
        set(&mut run, "attention", "eager");
        run
    }

    fn told(run: &Run) -> Option<Finding> {
        findings(run).into_iter().find(|finding| finding.id == "eager_attention")
    }

    #[test]
    fn eager_attention_is_told_with_its_matrices() {
        let run = eager(50);
        let found = told(&run).unwrap();
        // Three parts of 50 µs in two blocks, of which the products take 2 · 2 · 12.8 µs at 100 GFLOP/s.
        assert_eq!(found.saves, Nanos(300_000 - 51_200));
        assert!(found.text.contains(&format!("take up to {} at once", Bytes(160_000))), "{}", found.text);
        assert!(found.text.contains("attention=fused computes them tile by tile"), "{}", found.text);
    }

    #[test]
    fn without_roofs_it_says_nothing_of_savings() {
        let mut run = eager(50);
        run.peaks = None;
        let found = told(&run).unwrap();
        assert_eq!(found.saves, Nanos(0));
        assert!(found.text.ends_with("never stores them"), "{}", found.text);
    }

    #[test]
    fn fused_attention_and_a_small_share_are_not_told() {
        assert_eq!(told(&run(&[prefill()])), None);
        assert_eq!(told(&eager(2)), None, "3% of the prefill");
    }
}
