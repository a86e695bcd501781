//! GPT-2: LayerNorm, learned positions, plain MLP, one matrix for queries, keys and values (Radford et al., 2019).

use super::common::{self, MlpShape, activation, decoder, layer, name, rows_of_joined};
use super::family::Family;
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family =
    Family { model_types: &["gpt2"], architecture: "gpt2", describe, stored, stored_in_gguf: common::stored_in_gguf };

fn describe(entries: &Entries) -> Result<Model> {
    entries.refuse("add_cross_attention")?;
    let is_scaled = entries.flag("scale_attn_weights")?.unwrap_or(true);
    let by_layer = entries.flag("scale_attn_by_inverse_layer_idx")?.unwrap_or(false);
    let act = activation(entries, Activation::GeluTanh)?;
    let mut model = decoder(entries, layer(entries)?, MlpShape { kind: MlpKind::Plain, activation: act }, true)?;
    let positions = model.stack.n_ctx;
    model.stack.change_embedding(|embedding| embedding.positions = Some(positions));
    model.each_attention(|number, attn| {
        (attn.qkv_bias, attn.out_bias) = (true, true);
        if !is_scaled {
            attn.scale = 1.0;
        }
        if by_layer {
            attn.scale /= (number + 1) as f64;
        }
    });
    model.each_mlp(|mlp| mlp.bias = true);
    Ok(model)
}

/// Every matrix is a `Conv1D`: stored [in, out].
fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::Embed => "transformer.wte",
        Slot::Positions => "transformer.wpe",
        Slot::FinalNorm => "transformer.ln_f",
        Slot::LmHead => "lm_head",
        Slot::AttnNorm => "ln_1",
        Slot::Q | Slot::K | Slot::V => "attn.c_attn",
        Slot::Out => "attn.c_proj",
        Slot::MlpNorm => "ln_2",
        Slot::Up => "mlp.c_fc",
        _ => "mlp.c_proj",
    };
    let name = name(parameter, "transformer.h", module);
    match parameter.key.slot {
        Slot::Q | Slot::K | Slot::V => {
            let (start, all) = rows_of_joined(model, parameter);
            Stored::columns(name, parameter, start, all)
        }
        Slot::Out | Slot::Up | Slot::Down => Stored::transposed(name, parameter),
        _ => Stored::whole(name, parameter),
    }
}
