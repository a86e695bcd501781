//! GLM-4 (0414): norms before and after each branch, of each head half the features turn, neighbours together
//! (arXiv:2406.12793).

use super::common::{self, rms};
use super::family::Family;
use super::{llama, phi3};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::rotation::{Pairing, Rotation};
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family =
    Family { model_types: &["glm4"], architecture: "glm4", describe, stored, stored_in_gguf: common::stored_in_gguf };

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = llama::base(entries, false)?;
    let norm = rms(entries)?;
    let bias = entries.biased("attention_bias", false, "blk.0.attn_q.bias")?;
    model.each_attention(|_, attn| {
        attn.qkv_bias = bias;
        attn.post_norm = Some(norm);
        attn.rotation = attn.rotation.take().map(|rotation| Rotation { pairing: Pairing::Interleaved, ..rotation });
    });
    model.each_mlp(|mlp| mlp.post_norm = Some(norm));
    Ok(model)
}

fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::AttnPostNorm => "post_self_attn_layernorm",
        Slot::MlpPostNorm => "post_mlp_layernorm",
        // Of its projections only gate and up are joined.
        Slot::Gate | Slot::Up => return (phi3::FAMILY.stored)(model, parameter),
        _ => return llama::stored(model, parameter),
    };
    common::stored(parameter, "model.layers", module)
}
