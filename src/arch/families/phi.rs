//! Phi-1, 1.5 and 2: both branches read one LayerNorm, the first features of each head turn, every product has a bias
//! (Li et al., arXiv:2309.05463).

use super::common::{self, MlpShape, activation, decoder, layer};
use super::family::Family;
use super::llama;
use crate::arch::Result;
use crate::arch::block::Order;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::attention::{QkNorm, QkNormOver};
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family =
    Family { model_types: &["phi"], architecture: "phi2", describe, stored, stored_in_gguf: common::stored_in_gguf };

fn describe(entries: &Entries) -> Result<Model> {
    let norm = layer(entries)?;
    let act = activation(entries, Activation::GeluTanh)?;
    let mut model = decoder(entries, norm, MlpShape { kind: MlpKind::Plain, activation: act }, false)?;
    llama::rotate(&mut model, entries)?;
    let normed = entries.flag("qk_layernorm")?.unwrap_or(false);
    model.each_attention(|_, attn| {
        (attn.qkv_bias, attn.out_bias) = (true, true);
        attn.qk_norm = normed.then_some(QkNorm { norm, over: QkNormOver::Head });
    });
    model.each_mlp(|mlp| mlp.bias = true);
    share_norm(&mut model);
    model.head.bias = true;
    Ok(model)
}

/// Makes both branches read what enters the block, through the norm that attention had.
pub fn share_norm(model: &mut Model) {
    for block in &mut model.stack.blocks {
        block.order = Order::Parallel { norm: block.attn.norm.take() };
        block.mlp.norm = None;
    }
}

fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::FinalNorm => "model.final_layernorm",
        Slot::QNorm => "self_attn.q_layernorm",
        Slot::KNorm => "self_attn.k_layernorm",
        Slot::Out => "self_attn.dense",
        Slot::Up => "mlp.fc1",
        Slot::Down => "mlp.fc2",
        _ => return llama::stored(model, parameter),
    };
    common::stored(parameter, "model.layers", module)
}
