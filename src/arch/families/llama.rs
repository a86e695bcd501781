//! Llama and whatever shares its shape: RMSNorm, rotary positions, grouped queries, gated MLP (Touvron et al.,
//! arXiv:2302.13971; SmolLM, TinyLlama, Llama 3).

use super::common::{self, MlpShape, activation, decoder, rms};
use super::family::Family;
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::rotation::Scaling;
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family = Family {
    model_types: &["llama"],
    architecture: "llama",
    describe,
    stored,
    stored_in_gguf: common::stored_in_gguf_interleaved,
};

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = base(entries, false)?;
    let qkv_bias = entries.biased("attention_bias", false, "blk.0.attn_q.bias")?;
    let out_bias = entries.biased("attention_bias", false, "blk.0.attn_output.bias")?;
    let mlp_bias = entries.biased("mlp_bias", false, "blk.0.ffn_up.bias")?;
    model.each_attention(|_, attn| (attn.qkv_bias, attn.out_bias) = (qkv_bias, out_bias));
    model.each_mlp(|mlp| mlp.bias = mlp_bias);
    Ok(model)
}

/// The shape alone: what other families are described as differences from. `tied`: whether the LM head is the embedding
/// where a `config.json` does not say.
pub fn base(entries: &Entries, tied: bool) -> Result<Model> {
    if entries.count("expert_count")?.is_some_and(|experts| experts > 0) {
        return Err(entries.unsupported("a mixture of experts; this version runs dense models of this type"));
    }
    let act = activation(entries, Activation::Silu)?;
    let mut model = decoder(entries, rms(entries)?, MlpShape { kind: MlpKind::Gated, activation: act }, tied)?;
    rotate(&mut model, entries)?;
    Ok(model)
}

/// Turns the queries and keys of all layers as the file says.
pub fn rotate(model: &mut Model, entries: &Entries) -> Result<()> {
    let rotation = entries.rotation(model.d_head())?;
    if let Scaling::Dynamic { factor, .. } = rotation.scaling {
        model.stack.n_ctx = (model.stack.n_ctx as f64 * factor) as usize;
    }
    model.each_attention(|_, attn| attn.rotation = Some(rotation.clone()));
    Ok(())
}

/// Names in Hugging Face files.
pub fn stored(_: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::Embed => "model.embed_tokens",
        Slot::FinalNorm => "model.norm",
        Slot::LmHead => "lm_head",
        Slot::Norm | Slot::AttnNorm => "input_layernorm",
        Slot::Q => "self_attn.q_proj",
        Slot::K => "self_attn.k_proj",
        Slot::V => "self_attn.v_proj",
        Slot::QNorm => "self_attn.q_norm",
        Slot::KNorm => "self_attn.k_norm",
        Slot::Sinks => "self_attn.sinks",
        Slot::Out => "self_attn.o_proj",
        Slot::AttnPostNorm => "post_attention_layernorm",
        Slot::MlpNorm => "post_attention_layernorm",
        Slot::Gate => "mlp.gate_proj",
        Slot::Up => "mlp.up_proj",
        Slot::Down => "mlp.down_proj",
        Slot::MlpPostNorm => "post_feedforward_layernorm",
        Slot::Positions => "model.embed_positions",
        Slot::EmbedNorm => "model.embed_norm",
        // No family of this shape has another.
        _ => "",
    };
    common::stored(parameter, "model.layers", module)
}
