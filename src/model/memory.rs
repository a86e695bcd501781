//! Whether something fits in memory, asked before anything is allocated for it.

use super::spec::Spec;
use super::toggles::{Kernel, Toggles};
use super::{Error, Result, weights};
use crate::units::{Bytes, count};

/// Bytes that could be used now without swapping; no limit where the system does not say.
pub fn available() -> u64 {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    match system.available_memory() {
        0 => u64::MAX,
        available => available,
    }
}

/// All memory of the machine, in bytes; 0 where the system does not say.
pub fn total() -> u64 {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    system.total_memory()
}

/// Refuses a model that cannot be loaded.
///
/// # Errors
/// The arithmetic.
pub fn check_weights(spec: &Spec, toggles: &Toggles, available: u64) -> Result<()> {
    // The largest matrix is held a second time, at the width of f32, while it is converted.
    let largest = (spec.d_vocab.max(spec.d_mlp) * spec.d_model) as u64 * 4;
    let what = format!("{} ({} parameters)", spec.name, count(spec.parameters()));
    let parts = [
        (weights::bytes(spec, &toggles.formats()), format!("weights at {}", toggles.weights.name())),
        (largest, "converting the largest matrix".to_owned()),
    ];
    check(&what, &parts, available, "try weights=int4 or bf16, or a smaller model")
}

/// Refuses a run whose prompt has `prompt` tokens and that may reach `positions`.
///
/// # Errors
/// The arithmetic.
pub fn check_run(spec: &Spec, toggles: &Toggles, prompt: usize, positions: usize, available: u64) -> Result<()> {
    let batch = toggles.batch as u64;
    let kept = toggles.attention.reach.kept(positions);
    let cache = if toggles.kv_cache { batch * spec.kv_bytes(kept, toggles.kv_dtype()) } else { 0 };
    let attention = match toggles.attention.kernel {
        // Scores, masked scores and their softmax in f32 are alive at once.
        Kernel::Eager => (3 * (spec.n_heads * prompt * prompt) as u64, "attention matrices of one block"),
        // `native/attention.cpp` puts them in order.
        Kernel::Fused => {
            let features = spec.d_head.next_multiple_of(32);
            let numbers = 2 * spec.n_kv_heads * positions.max(prompt) * features;
            (numbers as u64, "keys and values of one block in f32")
        }
    };
    // The widest activations of one block: gate, up and their product beside the residual stream.
    let activations = batch * toggles.compute.row_bytes((prompt * (3 * spec.d_mlp + 4 * spec.d_model)) as u64);
    let what = match toggles.batch {
        1 => format!("a prompt of {prompt} tokens"),
        batch => format!("{batch} prompts of {prompt} tokens"),
    };
    let parts = [
        (cache, format!("KV cache of {kept} positions")),
        (batch * attention.0 * 4, attention.1.to_owned()),
        (activations, "activations of one block".to_owned()),
    ];
    check(&what, &parts, available, "try attention=fused, or a shorter prompt")
}

/// Refuses to keep what there is to look at in a pass over so many tokens.
///
/// # Errors
/// The arithmetic.
pub fn check_exploration(spec: &Spec, toggles: &Toggles, positions: usize, available: u64) -> Result<()> {
    check_run(spec, toggles, positions, 0, available)?;
    let rows = |width: usize| toggles.compute.row_bytes((spec.n_layers * positions * width) as u64);
    let heads = (spec.n_heads + 2 * spec.n_kv_heads) * spec.d_head;
    let parts = [
        (rows(heads), "queries, keys and values of all blocks".to_owned()),
        (rows(2 * spec.d_model), "residual stream of all blocks".to_owned()),
    ];
    check(&format!("exploring {positions} tokens"), &parts, available, "try a shorter prompt, or compute=bf16")
}

fn check(what: &str, parts: &[(u64, String)], available: u64, advice: &str) -> Result<()> {
    let needed: u64 = parts.iter().map(|(bytes, _)| bytes).sum();
    if needed <= available {
        return Ok(());
    }
    let sum: Vec<_> = parts
        .iter()
        .filter(|(bytes, _)| *bytes > 0)
        .map(|(bytes, part)| format!("{} for {part}", Bytes(*bytes)))
        .collect();
    Err(Error::Memory(format!(
        "{what} does not fit in memory: {} = {}, and {} are available; {advice}",
        sum.join(" + "),
        Bytes(needed),
        Bytes(available)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::Source;

    #[test]
    fn too_large_a_model_is_refused_with_the_arithmetic() {
        let spec = Source::open("random:llama-3.2-1b").unwrap().spec;
        let toggles = Toggles::default();
        assert!(check_weights(&spec, &toggles, 8 << 30).is_ok());
        let refusal = check_weights(&spec, &toggles, 4_000_000_000).unwrap_err().to_string();
        assert!(refusal.contains("4.94 GB for weights at f32") && refusal.contains("4.00 GB"), "{refusal}");
    }

    #[test]
    fn eager_attention_over_a_long_prompt_is_refused_and_fused_is_not() {
        let spec = Source::open("random:llama-3.2-1b").unwrap().spec;
        let check = |attention| {
            let toggles = Toggles::default().with(attention).unwrap();
            check_run(&spec, &toggles, 32_768, 32_800, 24 << 30)
        };
        assert!(check("attention=fused").is_ok());
        assert!(check("attention=eager").unwrap_err().to_string().contains("412 GB for attention matrices"));
    }
}
