//! StarCoder2: LayerNorms and biases, rotary positions, grouped queries, a plain MLP, windows in some (Lozhkov et al.,
//! arXiv:2402.19173).

use super::common::{self, MlpShape, activation, decoder, layer};
use super::family::Family;
use super::llama;
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::mask::Mask;
use crate::arch::model::Model;
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family = Family {
    model_types: &["starcoder2"],
    architecture: "starcoder2",
    describe,
    stored,
    stored_in_gguf: common::stored_in_gguf,
};

fn describe(entries: &Entries) -> Result<Model> {
    entries.ignore(&["norm_type", "mlp_type", "attention_softmax_in_fp32", "scale_attention_softmax_in_fp32"]);
    let act = activation(entries, Activation::GeluTanh)?;
    let mut model = decoder(entries, layer(entries)?, MlpShape { kind: MlpKind::Plain, activation: act }, true)?;
    llama::rotate(&mut model, entries)?;
    let bias = entries.biased("use_bias", true, "blk.0.attn_q.bias")?;
    let window = entries.optional_size("sliding_window")?;
    model.each_attention(|_, attn| {
        (attn.qkv_bias, attn.out_bias) = (bias, bias);
        if let Some(window) = window {
            attn.mask = Mask::Window { sinks: 0, window };
        }
    });
    model.each_mlp(|mlp| mlp.bias = bias);
    Ok(model)
}

fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::Up => "mlp.c_fc",
        Slot::Down => "mlp.c_proj",
        _ => return llama::stored(model, parameter),
    };
    common::stored(parameter, "model.layers", module)
}
