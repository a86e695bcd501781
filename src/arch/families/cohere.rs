//! Cohere's Command R, and its second version: both branches read one LayerNorm without a shift, neighbouring features
//! turn together, logits are scaled. The second has windows, and no rotation where there is none.

use super::common::{self, MlpShape, activation, decoder};
use super::family::Family;
use super::{gemma2, llama, phi};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::attention::{QkNorm, QkNormOver};
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::parts::norm::Norm;
use crate::arch::rotation::{Pairing, Rotation};

pub const FAMILY: Family = Family {
    model_types: &["cohere"],
    architecture: "command-r",
    describe,
    stored: llama::stored,
    stored_in_gguf: common::stored_in_gguf,
};

/// Command R7B and what came after it.
pub const WITH_WINDOWS: Family = Family {
    model_types: &["cohere2"],
    architecture: "cohere2",
    describe: describe_with_windows,
    stored: llama::stored,
    stored_in_gguf: common::stored_in_gguf,
};

const WINDOW: usize = 4096;

fn describe(entries: &Entries) -> Result<Model> {
    let norm = Norm { shift: false, ..Norm::layer(entries.number("layer_norm_eps")?.unwrap_or(1e-5)) };
    let act = activation(entries, Activation::Silu)?;
    let mut model = decoder(entries, norm, MlpShape { kind: MlpKind::Gated, activation: act }, true)?;
    llama::rotate(&mut model, entries)?;
    let normed = match entries.gguf() {
        Some(gguf) => gguf.tensor("blk.0.attn_q_norm.weight").is_ok(),
        None => entries.flag("use_qk_norm")?.unwrap_or(false),
    };
    let bias = entries.biased("attention_bias", false, "blk.0.attn_q.bias")?;
    model.each_attention(|_, attn| {
        (attn.qkv_bias, attn.out_bias) = (bias, bias);
        attn.qk_norm = normed.then_some(QkNorm { norm, over: QkNormOver::OwnHead });
        attn.rotation = attn.rotation.take().map(|rotation| Rotation { pairing: Pairing::Interleaved, ..rotation });
    });
    phi::share_norm(&mut model);
    model.head.multiplier = entries.number("logits_scaling")?.unwrap_or(0.0625);
    Ok(model)
}

fn describe_with_windows(entries: &Entries) -> Result<Model> {
    let mut model = describe(entries)?;
    let pattern = match entries.optional_size("sliding_window_pattern")? {
        Some(pattern) => pattern,
        None => entries.optional_size("_sliding_window_pattern")?.unwrap_or(4),
    };
    let slides = gemma2::windows(&mut model, entries, WINDOW, |layer| (layer + 1) % pattern != 0)?;
    model.each_attention(|layer, attn| {
        if !slides[layer] {
            attn.rotation = None;
        }
    });
    Ok(model)
}
