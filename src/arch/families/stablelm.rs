//! StableLM: Llama with LayerNorms, of whose heads the first features turn (Bellagente et al., arXiv:2402.17834).

use super::common::{self, MlpShape, activation, decoder, layer};
use super::family::Family;
use super::{llama, phi};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::attention::{QkNorm, QkNormOver};
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::parts::norm::Norm;
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family = Family {
    model_types: &["stablelm", "stablelm_epoch"],
    architecture: "stablelm",
    describe,
    stored,
    stored_in_gguf: common::stored_in_gguf,
};

fn describe(entries: &Entries) -> Result<Model> {
    let norm = layer(entries)?;
    let act = activation(entries, Activation::Silu)?;
    let mut model = decoder(entries, norm, MlpShape { kind: MlpKind::Gated, activation: act }, false)?;
    llama::rotate(&mut model, entries)?;
    let bias = entries.biased("use_qkv_bias", false, "blk.0.attn_q.bias")?;
    let normed = match entries.gguf() {
        Some(gguf) => gguf.tensor("blk.0.attn_q_norm.weight").is_ok(),
        None => entries.flag("qk_layernorm")?.unwrap_or(false),
    };
    model.each_attention(|_, attn| {
        attn.qkv_bias = bias;
        attn.qk_norm = normed.then_some(QkNorm { norm: Norm { shift: false, ..norm }, over: QkNormOver::OwnHead });
    });
    if entries.flag("use_parallel_residual")?.unwrap_or(false) {
        phi::share_norm(&mut model);
    }
    Ok(model)
}

/// The scales of the heads' norms are tensors of their own.
fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::QNorm => "self_attn.q_layernorm.norms.{}",
        Slot::KNorm => "self_attn.k_layernorm.norms.{}",
        _ => return llama::stored(model, parameter),
    };
    Stored::each(common::name(parameter, "model.layers", module), parameter)
}
