//! What takes the memory.

use super::{Finding, TracedPhase};
use crate::arch::block::Block;
use crate::arch::formats::Precision;
use crate::record::event::Phase;
use crate::record::memory::{Category, kv_by_formula};
use crate::units::{Nanos, percent};

/// Where activations are more than this share of the peak, they decide what fits.
const DOMINANT: f64 = 0.5;
/// Where a full cache is more than this share of the weights, it decides what fits.
const LARGE: f64 = 0.25;

/// What a prefill computes takes more memory than the model.
pub fn activations(traced: &TracedPhase) -> Option<Finding> {
    let (_, peak) = traced.account.fullest(traced.run).filter(|_| traced.phase == Phase::Prefill)?;
    let made = peak.of(Category::Activations) + peak.of(Category::Temporaries);
    let share = made.0 as f64 / peak.total().0.max(1) as f64;
    if share < DOMINANT {
        return None;
    }
    let remedy = match (traced.toggle("attention"), traced.toggle("compute")) {
        ("eager", _) => "attention=fused stores no matrix of all queries by all keys",
        (_, "f32") => "weights=bf16,compute=bf16 would halve most of it",
        _ => "it grows with the prompt",
    };
    traced.finding(
        "activation_memory",
        None,
        Nanos(0),
        format!(
            "activations and temporaries are {} of the {} that prefill takes at its peak: {remedy}",
            percent(share),
            peak.total()
        ),
    )
}

/// Keys and values of a full context take memory like the weights.
pub fn cache(traced: &TracedPhase) -> Option<Finding> {
    let header = &traced.run.header;
    let model = header.model.description.as_deref()?;
    let remedy = match header.kv_format()? {
        Precision::F32 => ": kv_dtype=bf16 would halve that, int8 quarter it",
        Precision::Bf16 => ": kv_dtype=int8 would halve that",
        Precision::Int8 => "",
        Precision::F16 | Precision::Int4 => return None,
    };
    if traced.phase != Phase::Decode {
        return None;
    }
    let (token, full) = (kv_by_formula(header, 1)?, kv_by_formula(header, model.stack.n_ctx as u64)?);
    let chosen = header.choices().attention.mask;
    // Where every layer has a window, what is kept stops growing before the context is full.
    let kept = |block: &Block| block.attn.mask.narrowed(chosen).kept(model.stack.n_ctx);
    let most = model.stack.blocks.iter().map(kept).max()?;
    let share = full.0 as f64 / header.model.weight_bytes.0.max(1) as f64;
    if share < LARGE {
        return None;
    }
    traced.finding(
        "kv_cache_memory",
        None,
        Nanos(0),
        format!(
            "keys and values take {} a token: {} at the full context of {most}, {} of what the weights take{remedy}",
            token,
            full,
            percent(share),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use crate::analyse::Finding;
    use crate::record::Run;
    use crate::record::fixture::{decode, leaf, prefill, run, set};
    use std::sync::Arc;

    fn told(run: &Run, id: &str) -> Option<String> {
        findings(run).into_iter().find(|finding| finding.id == id).map(|Finding { text, .. }| text)
    }

    #[test]
    fn a_prefill_that_outgrows_its_weights_is_told() {
        assert_eq!(told(&run(&[prefill()]), "activation_memory"), None);
        let mut large = prefill();
        leaf(&mut large, "blocks.1.attn.fused").scratch = 4_000_000;
        let mut run = run(&[large]);
        let text = told(&run, "activation_memory").unwrap();
        assert!(text.contains("weights=bf16,compute=bf16 would halve most of it"), "{text}");
        set(&mut run, "attention", "eager");
        assert!(told(&run, "activation_memory").unwrap().contains("attention=fused"));
    }

    #[test]
    fn a_cache_that_can_outgrow_the_weights_is_told() {
        let mut run = run(&[decode(100)]);
        // 2·2·2·16 numbers a token: 512 bytes, 262 kB at 512 tokens, against 1.3 MB.
        assert_eq!(told(&run, "kv_cache_memory"), None);
        let model = run.header.model.description.take().unwrap();
        let mut longer = (*model).clone();
        longer.stack.n_ctx = 2048;
        run.header.model.description = Some(Arc::new(longer));
        let text = told(&run, "kv_cache_memory").unwrap();
        assert!(text.starts_with("keys and values take 512 B a token: 1.05 MB at the full context of 2048"), "{text}");
        set(&mut run, "kv_cache", "off");
        assert_eq!(told(&run, "kv_cache_memory"), None);
    }
}
