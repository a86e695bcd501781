//! ViT: patches of a picture and a class token, which all attend to all; a classifier reads the class token (Dosovitskiy
//! et al., arXiv:2010.11929).

use super::common::{self, activation};
use super::family::Family;
use crate::arch::Result;
use crate::arch::block::Block;
use crate::arch::entries::Entries;
use crate::arch::mask::Mask;
use crate::arch::model::Model;
use crate::arch::parts::attention::Attention;
use crate::arch::parts::head::Head;
use crate::arch::parts::mlp::{Activation, Mlp, MlpKind};
use crate::arch::parts::norm::Norm;
use crate::arch::parts::patches::Patches;
use crate::arch::path::StackName;
use crate::arch::stack::{Input, Stack};
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family =
    Family { model_types: &["vit"], architecture: "", describe, stored, stored_in_gguf: common::stored_in_gguf };

fn describe(entries: &Entries) -> Result<Model> {
    entries.ignore(&["encoder_stride", "pooler_act", "pooler_output_size"]);
    let (d_model, n_heads) = (entries.size("hidden_size")?, entries.size("num_attention_heads")?);
    let norm = Norm::layer(entries.number("layer_norm_eps")?.unwrap_or(1e-12));
    let patches = Patches {
        image: entries.optional_size("image_size")?.unwrap_or(224),
        patch: entries.optional_size("patch_size")?.unwrap_or(16),
        channels: entries.optional_size("num_channels")?.unwrap_or(3),
        bias: true,
        norm: None,
    };
    let mlp = Mlp::plain(entries.size("intermediate_size")?, MlpKind::Plain, activation(entries, Activation::Gelu)?);
    let block = Block::sequential(
        Attention {
            mask: Mask::Full,
            qkv_bias: entries.flag("qkv_bias")?.unwrap_or(true),
            out_bias: true,
            norm: Some(norm),
            ..Attention::plain(n_heads, n_heads, d_model / n_heads)
        },
        Mlp { bias: true, norm: Some(norm), ..mlp },
    );
    let stack = Stack {
        name: StackName::Only,
        d_model,
        n_ctx: patches.n().saturating_add(1),
        input: Input::Picture(patches),
        blocks: vec![block; common::layers(entries, "num_hidden_layers")?],
        final_norm: Some(norm),
        connector: None,
    };
    Ok(Model::new(stack, Head::classifier(entries.labels()?)))
}

fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::Patches => "vit.embeddings.patch_embeddings.projection",
        Slot::ClassToken => return Stored::reshaped("vit.embeddings.cls_token".into(), vec![1, 1, parameter.shape[0]]),
        Slot::Positions => {
            let shape = [&[1], parameter.shape.as_slice()].concat();
            return Stored::reshaped("vit.embeddings.position_embeddings".into(), shape);
        }
        Slot::AttnNorm => "layernorm_before",
        Slot::Q => "attention.attention.query",
        Slot::K => "attention.attention.key",
        Slot::V => "attention.attention.value",
        Slot::Out => "attention.output.dense",
        Slot::MlpNorm => "layernorm_after",
        Slot::Up => "intermediate.dense",
        Slot::Down => "output.dense",
        Slot::FinalNorm => "vit.layernorm",
        _ => "classifier",
    };
    let stored = common::stored(parameter, "vit.encoder.layer", module);
    match (&model.stack.input, parameter.key.slot, parameter.key.bias) {
        // A convolution whose windows do not overlap.
        (Input::Picture(it), Slot::Patches, false) => {
            Stored::reshaped(stored.name, vec![parameter.shape[0], it.channels, it.patch, it.patch])
        }
        _ => stored,
    }
}
