//! Whether something fits in memory, asked before anything is allocated for it.

use super::block::Block;
use super::formats::{ALL_PRECISIONS, Precision};
use super::model::Model;
use super::toggles::{Kernel, Kernels, Toggles};
use super::weight::Parameter;
use super::{Error, Result};
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
pub fn check_weights(model: &Model, toggles: &Toggles, available: u64) -> Result<()> {
    // The largest matrix is held a second time, at the width of f32, while it is converted.
    let parameters = model.parameters();
    let largest = parameters.iter().filter(|parameter| parameter.key.is_matrix()).map(Parameter::count).max();
    let what = format!("{} ({} parameters)", model.name, count(model.n_parameters()));
    let bytes = |weights| model.weight_bytes(&Toggles { weights, ..toggles.clone() }.formats());
    let needed = bytes(toggles.weights);
    let converting = 4 * largest.unwrap_or(0);
    let parts = [
        (needed, format!("weights at {}", toggles.weights.name())),
        (converting, "converting the largest matrix".to_owned()),
    ];
    // Only what would help: formats that take less than the one that was asked for, and little enough.
    let fits = |weights: &Precision| bytes(*weights) < needed && bytes(*weights) + converting <= available;
    let helps: Vec<_> = ALL_PRECISIONS.iter().filter(|weights| fits(weights)).map(|weights| weights.name()).collect();
    let advice = match helps.as_slice() {
        [] => "try a smaller model".to_owned(),
        helps => format!("try weights={}, or a smaller model", helps.join(" or ")),
    };
    check(&what, &parts, available, &advice)
}

/// Refuses a run whose prompt has `prompt` tokens and that may reach `positions`.
///
/// # Errors
/// The arithmetic.
pub fn check_run(model: &Model, toggles: &Toggles, prompt: usize, positions: usize, available: u64) -> Result<()> {
    let batch = toggles.batch as u64;
    let chosen = toggles.attention.mask;
    let cache = |precision| if toggles.kv_cache { batch * model.kv_bytes(positions, chosen, precision) } else { 0 };
    let most = |of: &dyn Fn(&Block) -> usize| model.stack.blocks.iter().map(of).max().unwrap_or(0) as u64;
    let eager = most(&|block| 3 * block.attn.n_heads * prompt * prompt);
    let is_eager = toggles.attention.kernel == Kernel::Eager;
    // LibTorch's kernel has neither a soft cap nor sinks: there they are products, with every matrix in memory.
    let is_composed = |block: &Block| block.attn.softcap.is_some() || block.attn.sinks;
    let composes = toggles.kernels == Kernels::LibTorch && model.stack.blocks.iter().any(is_composed);
    let attention = if is_eager || composes {
        // Scores, masked scores and their softmax in f32 are alive at once.
        (eager, "attention matrices of one block")
    } else {
        // `native/attention.cpp` puts them in order.
        let numbers =
            |block: &Block| 2 * block.attn.n_kv_heads * positions.max(prompt) * block.attn.d_head.next_multiple_of(32);
        (most(&numbers), "keys and values of one block in f32")
    };
    // The widest activations of one block: gate, up and their product beside the residual stream.
    let activations =
        batch * toggles.compute.row_bytes((prompt * (3 * model.d_mlp() + 4 * model.stack.d_model)) as u64);
    let what = match toggles.batch {
        1 => format!("a prompt of {prompt} tokens"),
        batch => format!("{batch} prompts of {prompt} tokens"),
    };
    let parts = [
        (cache(toggles.kv_dtype()), format!("KV cache of {positions} positions")),
        (batch * attention.0 * 4, attention.1.to_owned()),
        (activations, "activations of one block".to_owned()),
    ];
    let mut advice = Vec::new();
    if is_eager {
        advice.push("attention=fused");
    } else if composes {
        advice.push("kernels=native");
    }
    if toggles.kv_cache && toggles.kv_dtype() != Precision::Int8 && cache(Precision::Int8) < cache(toggles.kv_dtype()) {
        advice.push("kv_dtype=int8");
    }
    advice.push("a shorter prompt");
    check(&what, &parts, available, &format!("try {}", advice.join(", or ")))
}

/// Refuses to keep what there is to look at in a pass over so many tokens.
///
/// # Errors
/// The arithmetic.
pub fn check_exploration(model: &Model, toggles: &Toggles, positions: usize, available: u64) -> Result<()> {
    check_run(model, toggles, positions, 0, available)?;
    let rows = |width: &dyn Fn(&Block) -> usize| {
        let all: usize = model.stack.blocks.iter().map(width).sum();
        toggles.compute.row_bytes((positions * all) as u64)
    };
    let parts = [
        (
            rows(&|block| block.attn.d_attn() + 2 * block.attn.d_kv()),
            "queries, keys and values of all blocks".to_owned(),
        ),
        (rows(&|_| 2 * model.stack.d_model), "residual stream of all blocks".to_owned()),
    ];
    let advice = match toggles.compute {
        Precision::Bf16 => "try a shorter prompt",
        _ => "try a shorter prompt, or compute=bf16",
    };
    check(&format!("exploring {positions} tokens"), &parts, available, advice)
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
    use crate::arch::families;

    #[test]
    fn too_large_a_model_is_refused_with_the_arithmetic() {
        let spec = families::of_config_file(std::path::Path::new("src/engine/presets/llama-3.2-1b.json"), "").unwrap();
        let toggles = Toggles::default();
        assert!(check_weights(&spec, &toggles, 8 << 30).is_ok());
        let refusal = check_weights(&spec, &toggles, 4_000_000_000).unwrap_err().to_string();
        assert!(refusal.contains("4.94 GB for weights at f32") && refusal.contains("4.00 GB"), "{refusal}");
    }

    #[test]
    fn eager_attention_over_a_long_prompt_is_refused_and_fused_is_not() {
        let spec = families::of_config_file(std::path::Path::new("src/engine/presets/llama-3.2-1b.json"), "").unwrap();
        let check = |attention| {
            let toggles = Toggles::default().with(attention).unwrap();
            check_run(&spec, &toggles, 32_768, 32_800, 24 << 30)
        };
        assert!(check("attention=fused").is_ok());
        assert!(check("attention=eager").unwrap_err().to_string().contains("412 GB for attention matrices"));
    }

    #[test]
    fn a_soft_cap_is_counted_where_libtorchs_kernel_lacks_it() {
        let model = families::of_config_file(std::path::Path::new("tests/fixtures/golden/gemma2/config.json"), "");
        let model = model.unwrap();
        let check = |toggles| check_run(&model, &Toggles::default().with(toggles).unwrap(), 32_768, 32_768, 1 << 30);
        assert!(check("kernels=native").is_ok());
        let refusal = check("kernels=libtorch").unwrap_err().to_string();
        assert!(refusal.contains("attention matrices") && refusal.contains("try kernels=native"), "{refusal}");
    }

    #[test]
    fn nothing_is_advised_that_is_set_already() {
        let model = families::of_config_file(std::path::Path::new("src/engine/presets/llama-3.2-1b.json"), "").unwrap();
        let advice = |format: Precision, available| {
            let toggles = Toggles { weights: format, ..Toggles::default() };
            let refusal = check_weights(&model, &toggles, available).err()?.to_string();
            Some(refusal.rsplit_once("; try ")?.1.to_owned())
        };
        let listed = |advice: &str, format: Precision| advice.split(['=', ' ', ',']).any(|word| word == format.name());
        assert_eq!(advice(Precision::F32, 4_000_000_000).map(|advice| listed(&advice, Precision::Bf16)), Some(true));
        for (format, gigabytes) in ALL_PRECISIONS.iter().flat_map(|format| (1..7).map(move |size| (*format, size))) {
            if let Some(advice) = advice(format, gigabytes * 1_000_000_000) {
                assert!(!listed(&advice, format), "{} in {gigabytes} GB: {advice}", format.name());
            }
        }
    }
}
