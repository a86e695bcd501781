//! Falcon: branches side by side, one key head for all queries or one for a group; the first models have ALiBi and one
//! branch after the other (Almazrouei et al., arXiv:2311.16867).

use super::common::{self, MlpShape, activation, decoder, layer};
use super::family::Family;
use super::{bloom, llama, phi};
use crate::arch::Result;
use crate::arch::block::Order;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::attention::Alibi;
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::weight::{Parameter, Slot, Stored};
use crate::gguf::Gguf;

pub const FAMILY: Family =
    Family { model_types: &["falcon"], architecture: "falcon", describe, stored, stored_in_gguf };

fn describe(entries: &Entries) -> Result<Model> {
    let act = activation(entries, Activation::Gelu)?;
    let mut model = decoder(entries, layer(entries)?, MlpShape { kind: MlpKind::Plain, activation: act }, true)?;
    let is_grouped = entries.flag("new_decoder_architecture")?.unwrap_or(false);
    let one_key_head = entries.flag("multi_query")?.unwrap_or(true);
    let kv_heads = entries.optional_size("num_kv_heads")?;
    // Without ALiBi they turn; a GGUF file has no ALiBi.
    let alibi = entries.flag("alibi")?.unwrap_or(false);
    let bias = entries.biased("bias", false, "blk.0.attn_output.bias")?;
    let two_norms = match entries.gguf() {
        Some(gguf) => gguf.tensor("blk.0.attn_norm_2.weight").is_ok(),
        None => is_grouped && entries.optional_size("num_ln_in_parallel_attn")?.unwrap_or(2) == 2,
    };
    entries.ignore(&["num_ln_in_parallel_attn"]);
    let parallel = entries.flag("parallel_attn")?.unwrap_or(true) || is_grouped;
    llama::rotate(&mut model, entries)?;
    model.each_attention(|_, attn| {
        attn.n_kv_heads = match kv_heads {
            Some(heads) if is_grouped || entries.gguf().is_some() => heads,
            _ if is_grouped || !one_key_head => attn.n_heads,
            _ => 1,
        };
        (attn.qkv_bias, attn.out_bias) = (bias, bias);
        if alibi {
            (attn.rotation, attn.alibi) = (None, Some(Alibi { scaled: true }));
        }
    });
    model.each_mlp(|mlp| mlp.bias = bias);
    match (parallel, two_norms) {
        (true, true) => model.stack.blocks.iter_mut().for_each(|block| block.order = Order::Parallel { norm: None }),
        (true, false) => phi::share_norm(&mut model),
        (false, _) => {}
    }
    Ok(model)
}

fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let parallel = model.stack.blocks[0].order.is_parallel();
    let module = match parameter.key.slot {
        Slot::AttnNorm if parallel => "ln_attn",
        Slot::MlpNorm if parallel => "ln_mlp",
        _ => return bloom::stored(model, parameter),
    };
    common::stored(parameter, "transformer.h", module)
}

/// Where there are two norms, GGUF names that of attention as the second.
fn stored_in_gguf(model: &Model, parameter: &Parameter, gguf: &Gguf) -> Stored {
    let module = match parameter.key.slot {
        Slot::AttnNorm => "attn_norm_2",
        Slot::MlpNorm => "attn_norm",
        _ => return common::stored_in_gguf(model, parameter, gguf),
    };
    common::stored(parameter, "blk", module)
}
