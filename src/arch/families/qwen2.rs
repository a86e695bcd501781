//! Qwen2 and 2.5: Llama with biases on queries, keys and values, and windows in some (Yang et al., arXiv:2407.10671).

use super::family::Family;
use super::{common, llama};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::mask::Mask;
use crate::arch::model::Model;

pub const FAMILY: Family = Family {
    model_types: &["qwen2"],
    architecture: "qwen2",
    describe,
    stored: llama::stored,
    stored_in_gguf: common::stored_in_gguf,
};

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = llama::base(entries, false)?;
    model.each_attention(|_, attn| attn.qkv_bias = true);
    windows_above(&mut model, entries)?;
    Ok(model)
}

/// Windows where they are switched on, from `max_window_layers` on unless layers are listed.
pub fn windows_above(model: &mut Model, entries: &Entries) -> Result<()> {
    let from = entries.count("max_window_layers")?.unwrap_or(28);
    let window = entries.optional_size("sliding_window")?;
    let slides = entries.sliding_layers(model.n_layers(), |layer| layer >= from)?;
    if let (true, Some(window)) = (entries.flag("use_sliding_window")?.unwrap_or(false), window) {
        let sliding = |layer: &usize| slides[*layer];
        let layers: Vec<usize> = (0..slides.len()).filter(sliding).collect();
        layers.into_iter().for_each(|layer| model.stack.blocks[layer].attn.mask = Mask::Window { sinks: 0, window });
    }
    Ok(())
}
