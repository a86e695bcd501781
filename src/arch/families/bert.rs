//! BERT: every position attends to all, the stream itself is normed after each branch, learned positions and kinds of
//! tokens, a transform before the head (Devlin et al., arXiv:1810.04805).

use super::common::{self, MlpShape, activation, decoder};
use super::family::Family;
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::mask::Mask;
use crate::arch::model::Model;
use crate::arch::parts::head::Transform;
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::parts::norm::Norm;
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family =
    Family { model_types: &["bert"], architecture: "", describe, stored, stored_in_gguf: common::stored_in_gguf };

fn describe(entries: &Entries) -> Result<Model> {
    for key in ["is_decoder", "add_cross_attention"] {
        entries.refuse(key)?;
    }
    match entries.text("position_embedding_type")? {
        None | Some("absolute") => {}
        Some(kind) => return Err(entries.unsupported(&format!("positions are '{kind}', which is not described"))),
    }
    let norm = Norm::layer(entries.number("layer_norm_eps")?.unwrap_or(1e-12));
    let act = activation(entries, Activation::Gelu)?;
    let mut model = decoder(entries, norm, MlpShape { kind: MlpKind::Plain, activation: act }, true)?;
    let (positions, types) = (model.stack.n_ctx, entries.optional_size("type_vocab_size")?.unwrap_or(2));
    model.stack.change_embedding(|embedding| {
        (embedding.positions, embedding.token_types, embedding.norm) = (Some(positions), Some(types), Some(norm));
    });
    model.each_attention(|_, attn| {
        attn.mask = Mask::Full;
        (attn.qkv_bias, attn.out_bias) = (true, true);
        attn.sum_norm = attn.norm.take();
    });
    model.each_mlp(|mlp| {
        mlp.bias = true;
        mlp.sum_norm = mlp.norm.take();
    });
    model.stack.final_norm = None;
    model.head.bias = true;
    model.head.transform = Some(Transform { activation: act, norm });
    Ok(model)
}

fn stored(_: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::Embed => "bert.embeddings.word_embeddings",
        Slot::Positions => "bert.embeddings.position_embeddings",
        Slot::TokenTypes => "bert.embeddings.token_type_embeddings",
        Slot::EmbedNorm => "bert.embeddings.LayerNorm",
        Slot::Q => "attention.self.query",
        Slot::K => "attention.self.key",
        Slot::V => "attention.self.value",
        Slot::Out => "attention.output.dense",
        Slot::AttnSumNorm => "attention.output.LayerNorm",
        Slot::Up => "intermediate.dense",
        Slot::Down => "output.dense",
        Slot::MlpSumNorm => "output.LayerNorm",
        Slot::Transform => "cls.predictions.transform.dense",
        Slot::TransformNorm => "cls.predictions.transform.LayerNorm",
        Slot::LmHead if parameter.key.bias => "cls.predictions",
        _ => "cls.predictions.decoder",
    };
    common::stored(parameter, "bert.encoder.layer", module)
}
