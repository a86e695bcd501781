//! Weights: what their format costs where they are read, and where they are multiplied.

use super::{Finding, TracedPhase};
use crate::analyse::account::PartAccount;
use crate::analyse::roofline::Bound;
use crate::arch::role::Role;
use crate::record::event::Phase;
use crate::record::operator::Dtype;
use crate::units::{Nanos, percent};

/// From here on, the limit of the bandwidth is near.
const NEAR: f64 = 0.6;
/// Less than this share of a phase is not worth a sentence.
const WORTH: f64 = 0.1;
/// A rate that is higher by less than this may be chance.
const FASTER: f64 = 1.2;

/// The parts of a block that multiply with weights.
fn products_in_blocks() -> impl Iterator<Item = Role> {
    Role::ALL.iter().copied().filter(|role| role.is_product() && role.is_in_block())
}

/// Decoding reads the whole LM head for one token.
pub fn lm_head(traced: &TracedPhase) -> Option<Finding> {
    let (part, head) = traced.kind(Role::LmHead)?;
    // Runs of before this was a toggle of its own have it in the format of the weights.
    let toggle = if traced.toggle("lm_head").is_empty() { "weights" } else { "lm_head" };
    read(traced, &Weights { finding: "lm_head", toggle, place: "in the LM head" }, Some(part), head)
}

/// Decoding reads all weights of the blocks for one token.
pub fn decode(traced: &TracedPhase) -> Option<Finding> {
    let mut all = PartAccount::default();
    products_in_blocks().filter_map(|role| traced.kind(role)).for_each(|(_, part)| all.add(part));
    let weights = Weights { finding: "decode_weights", toggle: "weights", place: "in the products of the blocks" };
    read(traced, &weights, None, &all)
}

/// Weights that a decode step reads.
struct Weights<'t> {
    /// The id of the finding about them.
    finding: &'static str,
    /// What says their format.
    toggle: &'t str,
    /// Where they are read, in a sentence.
    place: &'static str,
}

/// Speaks where much of a decode step waits for weights to be read.
fn read(traced: &TracedPhase, weights: &Weights, part: Option<u32>, spent: &PartAccount) -> Option<Finding> {
    let &Weights { finding, toggle, place } = weights;
    let peaks = traced.peaks.filter(|_| traced.phase == Phase::Decode)?;
    let standing = spent.standing(peaks)?;
    if traced.share(spent.total) < WORTH || standing.bound != Bound::Memory || standing.share < NEAR {
        return None;
    }
    let bytes = spent.bytes.0 as f64 / 2.0 / peaks.bandwidth.best;
    let (remedy, least) = match traced.toggle(toggle) {
        "f32" => {
            // Half the bytes, unless products in bf16 then take longer than reading does.
            let products = spent.flops.0 as f64 / peaks.flops(Dtype::Bf16)?;
            (format!("{toggle}=bf16 would halve its bytes (int8 would quarter them)"), bytes.max(products))
        }
        "bf16" | "f16" => (format!("{toggle}=int8 would halve its bytes"), bytes),
        _ => return None,
    };
    // As far from the limit as now.
    let saves = spent.total - Nanos::from_seconds(least / standing.share.min(1.0));
    if saves.0 == 0 {
        return None;
    }
    let (share, near) = (percent(traced.share(spent.total)), percent(standing.share));
    let saving = traced.saving(saves);
    traced.finding(
        finding,
        part,
        saves,
        format!("decode spends {share} {place}, at {near} of the bandwidth limit: {remedy} and {saving}"),
    )
}

/// A prefill multiplies in f32 although the machine is faster in bf16.
pub fn prefill(traced: &TracedPhase) -> Option<Finding> {
    let peaks = traced.peaks.filter(|_| traced.phase == Phase::Prefill && traced.toggle("weights") == "f32")?;
    let faster = peaks.flops(Dtype::Bf16)? / peaks.flops(Dtype::F32)?;
    let products = products_in_blocks().chain([Role::LmHead]).filter_map(|role| traced.kind(role));
    let bound = products.filter(|(_, part)| part.standing(peaks).is_some_and(|at| at.bound == Bound::Compute));
    let spent: Nanos = bound.map(|(_, part)| part.total).sum();
    if faster < FASTER || traced.share(spent) < WORTH {
        return None;
    }
    let saves = spent - Nanos::from_seconds(spent.seconds() / faster);
    let (share, saving) = (percent(traced.share(spent)), traced.saving(saves));
    traced.finding(
        "prefill_weights",
        None,
        saves,
        format!(
            "prefill spends {share} in products with f32 weights, and this machine multiplies bf16 {faster:.1}× as \
             fast: weights=bf16 would {saving}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use crate::analyse::Finding;
    use crate::record::Run;
    use crate::record::fixture::{self, decode, leaf, prefill, run, set};
    use crate::units::Nanos;

    fn told(run: &Run, id: &str) -> Option<Finding> {
        findings(run).into_iter().find(|finding| finding.id == id)
    }

    #[test]
    fn a_large_lm_head_near_the_bandwidth_limit_is_told() {
        let run = run(&[decode(100)]);
        let found = told(&run, "lm_head").unwrap();
        // 1,065,216 bytes at 20 GB/s are 53.3 µs; it took 60 µs of 127. Half the bytes take half the time.
        assert_eq!(
            found.text,
            "decode spends 47.2% in the LM head, at 88.8% of the bandwidth limit: weights=bf16 would halve its bytes \
             (int8 would quarter them) and save at most 30.0 µs a token (23.6%)"
        );
        assert_eq!((found.saves, &run.parts[found.part.unwrap() as usize].path[..]), (Nanos(30_000), "lm_head"));
    }

    #[test]
    fn with_bf16_weights_only_int8_is_left() {
        let mut run = run(&[decode(100)]);
        set(&mut run, "weights", "bf16");
        assert!(told(&run, "lm_head").unwrap().text.contains("weights=int8 would halve"));
        assert_eq!(told(&run, "prefill_weights"), None);
    }

    #[test]
    fn an_lm_head_that_is_small_or_slow_for_another_reason_is_not_told() {
        let mut slow = decode(100);
        leaf(&mut slow, "lm_head").time = Nanos(200_000);
        assert_eq!(told(&run(&[slow]), "lm_head"), None, "27% of the limit");
        let mut small = decode(100);
        leaf(&mut small, "blocks.0.mlp.act").time = Nanos(1_000_000);
        assert_eq!(told(&run(&[small]), "lm_head"), None, "5% of the time");
        let mut unknown = run(&[decode(100)]);
        unknown.peaks = None;
        assert_eq!(told(&unknown, "lm_head"), None, "no limit is known");
        assert_eq!(told(&run(&[prefill()]), "lm_head"), None);
    }

    #[test]
    fn where_bf16_multiplies_slowly_it_saves_no_more_than_that_allows() {
        let mut run = run(&[decode(100)]);
        // 524,288 FLOPs take 30 µs or 60 µs at these rates, 26.6 µs to read.
        run.peaks.as_mut().unwrap().gemm[1].flops.best = 524_288.0 / 40e-6;
        let saves = told(&run, "lm_head").unwrap().saves;
        assert!(Nanos(14_000) < saves && saves < Nanos(16_000), "{saves}");
        run.peaks.as_mut().unwrap().gemm[1].flops.best = 524_288.0 / 60e-6;
        assert_eq!(told(&run, "lm_head"), None);
    }

    #[test]
    fn the_weights_of_the_blocks_are_told_where_they_are_read_at_the_limit() {
        assert_eq!(told(&run(&[decode(100)]), "decode_weights"), None, "at 30% of the limit");
        let mut near = decode(100);
        for (name, micros) in [("attn.qkv", 2), ("attn.out", 1), ("mlp.up", 3), ("mlp.down", 3)] {
            for block in 0..2 {
                leaf(&mut near, &format!("blocks.{block}.{name}")).time = Nanos(micros * 1000);
            }
        }
        let found = told(&run(&[near]), "decode_weights").unwrap();
        assert!(found.text.contains("in the products of the blocks, at 8"), "{}", found.text);
    }

    #[test]
    fn a_prefill_in_f32_is_told_where_bf16_is_faster() {
        let found = told(&run(&[prefill()]), "prefill_weights").unwrap();
        assert!(found.text.contains("multiplies bf16 4.0× as fast: weights=bf16 would save at most"), "{}", found.text);
        let mut same = fixture::traced();
        same.peaks.as_mut().unwrap().gemm[1].flops.best = 110e9;
        assert_eq!(told(&same, "prefill_weights"), None, "1.1 times as fast may be chance");
        same.peaks.as_mut().unwrap().gemm.truncate(1);
        assert_eq!(told(&same, "prefill_weights"), None, "bf16 was not measured");
    }
}
