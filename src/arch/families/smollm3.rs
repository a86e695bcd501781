//! SmolLM3: Llama in which every fourth layer knows no positions (Yang et al., arXiv:2501.18795).

use super::family::Family;
use super::{common, llama, qwen2};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;

pub const FAMILY: Family = Family {
    model_types: &["smollm3"],
    architecture: "smollm3",
    describe,
    stored: llama::stored,
    stored_in_gguf: common::stored_in_gguf_interleaved,
};

/// Which layers do not turn, where a file does not list them: GGUF files never do.
const INTERVAL: usize = 4;

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = llama::base(entries, true)?;
    let bias = entries.biased("attention_bias", false, "blk.0.attn_q.bias")?;
    let mlp_bias = entries.biased("mlp_bias", false, "blk.0.ffn_up.bias")?;
    let interval = entries.optional_size("no_rope_layer_interval")?.unwrap_or(INTERVAL);
    let turns = entries.flags("no_rope_layers")?.unwrap_or_default();
    model.each_attention(|layer, attn| {
        (attn.qkv_bias, attn.out_bias) = (bias, bias);
        if !turns.get(layer).copied().unwrap_or((layer + 1) % interval != 0) {
            attn.rotation = None;
        }
    });
    model.each_mlp(|mlp| mlp.bias = mlp_bias);
    qwen2::windows_above(&mut model, entries)?;
    Ok(model)
}
