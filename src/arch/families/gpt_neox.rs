//! GPT-NeoX and Pythia: branches side by side, each with a LayerNorm of its own; the first features of each head turn;
//! queries, keys and values of a head lie together (Black et al., arXiv:2204.06745).

use super::common::{self, MlpShape, activation, decoder, layer};
use super::family::Family;
use super::llama;
use crate::arch::Result;
use crate::arch::block::Order;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family = Family {
    model_types: &["gpt_neox"],
    architecture: "gptneox",
    describe,
    stored,
    stored_in_gguf: common::stored_in_gguf,
};

fn describe(entries: &Entries) -> Result<Model> {
    let act = activation(entries, Activation::Gelu)?;
    let mut model = decoder(entries, layer(entries)?, MlpShape { kind: MlpKind::Plain, activation: act }, false)?;
    llama::rotate(&mut model, entries)?;
    let bias = entries.biased("attention_bias", true, "blk.0.attn_qkv.bias")?;
    model.each_attention(|_, attn| (attn.qkv_bias, attn.out_bias) = (bias, bias));
    model.each_mlp(|mlp| mlp.bias = true);
    if entries.flag("use_parallel_residual")?.unwrap_or(true) {
        model.stack.blocks.iter_mut().for_each(|block| block.order = Order::Parallel { norm: None });
    }
    Ok(model)
}

fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::Embed => "gpt_neox.embed_in",
        Slot::FinalNorm => "gpt_neox.final_layer_norm",
        Slot::LmHead => "embed_out",
        Slot::AttnNorm => "input_layernorm",
        Slot::Q | Slot::K | Slot::V => {
            return common::stored_in_groups(model, parameter, "gpt_neox.layers", "attention.query_key_value");
        }
        Slot::Out => "attention.dense",
        Slot::MlpNorm => "post_attention_layernorm",
        Slot::Up => "mlp.dense_h_to_4h",
        _ => "mlp.dense_4h_to_h",
    };
    common::stored(parameter, "gpt_neox.layers", module)
}
