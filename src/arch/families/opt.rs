//! OPT: LayerNorms, biases, ReLU, learned positions that begin at the third row (Zhang et al., arXiv:2205.01068).
//! llama.cpp has no such architecture.

use super::common::{self, MlpShape, activation, decoder};
use super::family::Family;
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::parts::norm::Norm;
use crate::arch::weight::{Parameter, Slot, Stored, View};

pub const FAMILY: Family =
    Family { model_types: &["opt"], architecture: "", describe, stored, stored_in_gguf: common::stored_in_gguf };

/// Rows of the table of positions that stand before the first.
const OFFSET: usize = 2;

fn describe(entries: &Entries) -> Result<Model> {
    let act = activation(entries, Activation::Relu)?;
    let mut model = decoder(entries, Norm::layer(1e-5), MlpShape { kind: MlpKind::Plain, activation: act }, true)?;
    for (key, expected) in
        [("do_layer_norm_before", true), ("layer_norm_elementwise_affine", true), ("_remove_final_layer_norm", false)]
    {
        if entries.flag(key)?.is_some_and(|flag| flag != expected) {
            return Err(entries.unsupported(&format!("'{key}' is {}, which this version does not compute", !expected)));
        }
    }
    if let Some(width) = entries.optional_size("word_embed_proj_dim")?.filter(|&width| width != model.stack.d_model) {
        return Err(entries.unsupported(&format!(
            "'word_embed_proj_dim' is {width}: embeddings that are projected to the width of the stream are not computed"
        )));
    }
    let bias = entries.flag("enable_bias")?.unwrap_or(true);
    let positions = model.stack.n_ctx;
    model.stack.change_embedding(|embedding| embedding.positions = Some(positions));
    model.each_attention(|_, attn| (attn.qkv_bias, attn.out_bias) = (bias, bias));
    model.each_mlp(|mlp| mlp.bias = bias);
    Ok(model)
}

fn stored(_: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::Embed => "model.decoder.embed_tokens",
        Slot::Positions => {
            let mut stored = common::stored(parameter, "", "model.decoder.embed_positions");
            stored.shape[0] += OFFSET;
            return Stored { view: View::From { start: OFFSET }, ..stored };
        }
        Slot::FinalNorm => "model.decoder.final_layer_norm",
        Slot::LmHead => "lm_head",
        Slot::AttnNorm => "self_attn_layer_norm",
        Slot::Q => "self_attn.q_proj",
        Slot::K => "self_attn.k_proj",
        Slot::V => "self_attn.v_proj",
        Slot::Out => "self_attn.out_proj",
        Slot::MlpNorm => "final_layer_norm",
        Slot::Up => "fc1",
        _ => "fc2",
    };
    common::stored(parameter, "model.decoder.layers", module)
}
