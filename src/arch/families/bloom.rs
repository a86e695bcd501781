//! BLOOM: a norm on the embeddings, ALiBi in place of positions, queries, keys and values of a head lie together (Le Scao
//! et al., arXiv:2211.05100).

use super::common::{self, MlpShape, decoder, layer};
use super::family::Family;
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::attention::Alibi;
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family =
    Family { model_types: &["bloom"], architecture: "bloom", describe, stored, stored_in_gguf: common::stored_in_gguf };

fn describe(entries: &Entries) -> Result<Model> {
    entries.refuse("apply_residual_connection_post_layernorm")?;
    entries.ignore(&[
        "slow_but_exact",
        "masked_softmax_fusion",
        "bias_dropout_fusion",
        "offset_alibi",
        "skip_bias_add",
        "skip_bias_add_qkv",
        "unk_token_id",
    ]);
    let norm = layer(entries)?;
    let mut model = decoder(entries, norm, MlpShape { kind: MlpKind::Plain, activation: Activation::GeluTanh }, true)?;
    model.stack.change_embedding(|embedding| embedding.norm = Some(norm));
    model.each_attention(|_, attn| {
        (attn.qkv_bias, attn.out_bias) = (true, true);
        attn.alibi = Some(Alibi { scaled: false });
    });
    model.each_mlp(|mlp| mlp.bias = true);
    Ok(model)
}

/// Names that BLOOM and Falcon share.
pub fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::Embed => "transformer.word_embeddings",
        Slot::EmbedNorm => "transformer.word_embeddings_layernorm",
        Slot::FinalNorm => "transformer.ln_f",
        Slot::LmHead => "lm_head",
        Slot::Norm | Slot::AttnNorm => "input_layernorm",
        Slot::Q | Slot::K | Slot::V => {
            return common::stored_in_groups(model, parameter, "transformer.h", "self_attention.query_key_value");
        }
        Slot::Out => "self_attention.dense",
        Slot::MlpNorm => "post_attention_layernorm",
        Slot::Up => "mlp.dense_h_to_4h",
        _ => "mlp.dense_4h_to_h",
    };
    common::stored(parameter, "transformer.h", module)
}
