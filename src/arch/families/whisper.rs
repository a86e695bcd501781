//! Whisper: an encoder that reads a spectrogram, and a decoder of text that attends to what it made (Radford et al.,
//! arXiv:2212.04356).

use super::common::{self, activation};
use super::family::Family;
use crate::arch::Result;
use crate::arch::block::Block;
use crate::arch::entries::Entries;
use crate::arch::mask::Mask;
use crate::arch::model::Model;
use crate::arch::parts::attention::{Attention, Source};
use crate::arch::parts::embedding::Embedding;
use crate::arch::parts::frames::Frames;
use crate::arch::parts::mlp::{Activation, Mlp, MlpKind};
use crate::arch::parts::norm::Norm;
use crate::arch::path::{Instance, StackName};
use crate::arch::stack::{Input, Stack};
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family =
    Family { model_types: &["whisper"], architecture: "", describe, stored, stored_in_gguf: common::stored_in_gguf };

const NORM: Norm = Norm::layer(1e-5);

/// Entries of training, of other tasks and of how text is written.
const IGNORED: &[&str] = &[
    "apply_spec_augment",
    "classifier_proj_size",
    "forced_decoder_ids",
    "is_encoder_decoder",
    "mask_feature_length",
    "mask_feature_min_masks",
    "mask_feature_prob",
    "mask_time_length",
    "mask_time_min_masks",
    "mask_time_prob",
    "median_filter_width",
    "num_hidden_layers",
    "suppress_tokens",
    "use_weighted_layer_sum",
];

fn describe(entries: &Entries) -> Result<Model> {
    entries.ignore(IGNORED);
    entries.refuse("scale_embedding")?;
    let (d_model, positions) = (entries.size("d_model")?, entries.size("max_source_positions")?);
    let n_ctx = entries.size("max_target_positions")?;
    let frames = Frames { bands: entries.size("num_mel_bins")?, positions };
    let act = activation(entries, Activation::Gelu)?;
    let stack = |name, n_ctx, input| -> Result<Stack> {
        let [layers, heads, width] = match name {
            StackName::Encoder => ["encoder_layers", "encoder_attention_heads", "encoder_ffn_dim"],
            _ => ["decoder_layers", "decoder_attention_heads", "decoder_ffn_dim"],
        };
        let n_heads = entries.size(heads)?;
        let attn = Attention {
            qkv_bias: true,
            unbiased_keys: true,
            out_bias: true,
            norm: Some(NORM),
            ..Attention::plain(n_heads, n_heads, d_model / n_heads)
        };
        let mlp = Mlp { bias: true, norm: Some(NORM), ..Mlp::plain(entries.size(width)?, MlpKind::Plain, act) };
        let block = match name {
            StackName::Encoder => Block::sequential(Attention { mask: Mask::Full, ..attn }, mlp),
            _ => {
                let source = Some(Source { positions, d_model });
                let cross = Attention { mask: Mask::Full, source, ..attn.clone() };
                Block { cross: Some(cross), ..Block::sequential(attn, mlp) }
            }
        };
        let blocks = vec![block; common::layers(entries, layers)?];
        Ok(Stack { name, d_model, n_ctx, input, blocks, final_norm: Some(NORM), connector: None })
    };
    let embedding = Embedding { positions: Some(n_ctx), ..Embedding::PLAIN };
    let sources = vec![stack(StackName::Encoder, positions, Input::Sound(frames))?];
    let decoder = stack(StackName::Decoder, n_ctx, Input::Tokens(embedding))?;
    Ok(Model { sources, ..common::of_text(entries, decoder, true)? })
}

fn stored(_: &Model, parameter: &Parameter) -> Stored {
    let key = parameter.key;
    let module = match (key.slot, key.instance) {
        (Slot::Embed, _) => "embed_tokens",
        (Slot::Positions, _) => "embed_positions",
        (Slot::Frames, _) => "conv1",
        (Slot::FramesHalved, _) => "conv2",
        (Slot::AttnNorm, Instance::Cross) => "encoder_attn_layer_norm",
        (Slot::Q, Instance::Cross) => "encoder_attn.q_proj",
        (Slot::K, Instance::Cross) => "encoder_attn.k_proj",
        (Slot::V, Instance::Cross) => "encoder_attn.v_proj",
        (Slot::Out, Instance::Cross) => "encoder_attn.out_proj",
        (Slot::AttnNorm, _) => "self_attn_layer_norm",
        (Slot::Q, _) => "self_attn.q_proj",
        (Slot::K, _) => "self_attn.k_proj",
        (Slot::V, _) => "self_attn.v_proj",
        (Slot::Out, _) => "self_attn.out_proj",
        (Slot::MlpNorm, _) => "final_layer_norm",
        (Slot::Up, _) => "fc1",
        (Slot::Down, _) => "fc2",
        (Slot::FinalNorm, _) => "layer_norm",
        _ => return common::stored(parameter, "", "proj_out"),
    };
    let stack = format!("model.{}", key.stack.name());
    let module = if key.block.is_some() { module.to_owned() } else { format!("{stack}.{module}") };
    let stored = common::stored(parameter, &format!("{stack}.layers"), &module);
    match (key.slot, key.bias, parameter.shape.as_slice()) {
        // A convolution over three frames: [out, in, 3].
        (Slot::Frames | Slot::FramesHalved, false, &[out, inner]) => {
            Stored::reshaped(stored.name, vec![out, inner / 3, 3])
        }
        _ => stored,
    }
}
