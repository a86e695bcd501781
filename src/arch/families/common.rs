//! What most families share: sizes, blocks of one kind, and names of weights.

use crate::arch::Result;
use crate::arch::block::Block;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::attention::Attention;
use crate::arch::parts::embedding::Embedding;
use crate::arch::parts::head::Head;
use crate::arch::parts::mlp::{Activation, Mlp, MlpKind};
use crate::arch::parts::norm::Norm;
use crate::arch::path::StackName;
use crate::arch::stack::{Input, Stack};
use crate::arch::validation::MOST_LAYERS;
use crate::arch::weight::{Parameter, Slot, Stored, View};
use crate::gguf::Gguf;

/// What a family says of its MLPs beside their width.
pub struct MlpShape {
    pub kind: MlpKind,
    pub activation: Activation,
}

/// A decoder whose blocks are alike, with one norm before each branch and none of the peculiarities of families.
///
/// # Errors
/// A size is missing or nonsensical.
pub fn decoder(entries: &Entries, norm: Norm, mlp: MlpShape, tied: bool) -> Result<Model> {
    let n_layers = layers(entries, "num_hidden_layers")?;
    let (n_heads, d_model) = (entries.size("num_attention_heads")?, entries.size("hidden_size")?);
    let n_kv_heads = entries.optional_size("num_key_value_heads")?.unwrap_or(n_heads);
    let d_head = entries.optional_size("head_dim")?.unwrap_or(d_model / n_heads);
    if let Some(width) = entries.optional_size("v_head_dim")?.filter(|&width| width != d_head) {
        return Err(entries.unsupported(&format!(
            "values have {width} features and keys {d_head}; this version computes heads of one width"
        )));
    }
    let d_mlp = entries.optional_size("intermediate_size")?.unwrap_or(4 * d_model);
    let block = Block::sequential(
        Attention { norm: Some(norm), ..Attention::plain(n_heads, n_kv_heads, d_head) },
        Mlp { norm: Some(norm), ..Mlp::plain(d_mlp, mlp.kind, mlp.activation) },
    );
    let stack = Stack {
        name: StackName::Only,
        d_model,
        n_ctx: entries.optional_size("max_position_embeddings")?.unwrap_or(2048),
        input: Input::Tokens(Embedding::PLAIN),
        blocks: vec![block; n_layers],
        final_norm: Some(norm),
        connector: None,
    };
    of_text(entries, stack, tied)
}

/// A model of one stack that ends in the vocabulary.
///
/// # Errors
/// The size of the vocabulary or a token of the file is nonsensical.
pub fn of_text(entries: &Entries, stack: Stack, tied: bool) -> Result<Model> {
    let head = Head::plain(entries.tied(tied)?);
    let (d_vocab, bos, eos) = (entries.d_vocab()?, entries.bos()?, entries.eos());
    Ok(Model { d_vocab, bos, eos, ..Model::new(stack, head) })
}

/// How many blocks a stack has, by the entry that says so.
///
/// # Errors
/// It is missing, nonsensical, or more than any model has.
pub fn layers(entries: &Entries, key: &str) -> Result<usize> {
    let n_layers = entries.size(key)?;
    if n_layers > MOST_LAYERS {
        return Err(entries.problem(&format!("{n_layers} layers: no model has so many")));
    }
    Ok(n_layers)
}

/// RMSNorm with the ε of the file.
///
/// # Errors
/// It is no number.
pub fn rms(entries: &Entries) -> Result<Norm> {
    Ok(Norm::rms(entries.number("rms_norm_eps")?.unwrap_or(1e-6)))
}

/// LayerNorm with the ε of the file.
///
/// # Errors
/// It is no number.
pub fn layer(entries: &Entries) -> Result<Norm> {
    Ok(Norm::layer(entries.number("layer_norm_eps")?.unwrap_or(1e-5)))
}

/// The activation that a `config.json` names; GGUF files name none, their architecture has one.
///
/// # Errors
/// One that this version does not compute.
pub fn activation(entries: &Entries, default: Activation) -> Result<Activation> {
    let Some(name) = entries.text("hidden_act")? else { return Ok(default) };
    Activation::named(name).ok_or_else(|| {
        entries.unsupported(&format!(
            "the activation '{name}' is not known; this version has silu, gelu, its tanh and sigmoid forms, and relu"
        ))
    })
}

/// A weight that is a tensor of its own: `prefix`, the block's number, the module, `weight` or `bias`.
pub fn stored(parameter: &Parameter, blocks: &str, module: &str) -> Stored {
    Stored::whole(name(parameter, blocks, module), parameter)
}

/// `blocks` with the number of the block, then the module, then `weight` or `bias`. Modules outside of blocks are named
/// in full.
pub fn name(parameter: &Parameter, blocks: &str, module: &str) -> String {
    let prefix = parameter.key.block.map_or(String::new(), |block| format!("{blocks}.{block}."));
    format!("{prefix}{module}.{}", parameter.key.leaf())
}

/// Rows of queries, keys or values in a matrix of equal groups: those of one key head and its queries.
pub fn stored_in_groups(model: &Model, parameter: &Parameter, blocks: &str, module: &str) -> Stored {
    let attn = &model.stack.blocks[parameter.key.block.unwrap_or_default()].attn;
    let queries = attn.n_heads / attn.n_kv_heads;
    let (start, len) = match parameter.key.slot {
        Slot::K => (queries, 1),
        Slot::V => (queries + 1, 1),
        _ => (0, queries),
    };
    let d = attn.d_head;
    Stored::of_groups(name(parameter, blocks, module), parameter, (queries + 2) * d, start * d, len * d)
}

/// Where rows of queries, keys and values begin in a matrix in which all of them stand below each other, and how many
/// there are.
pub fn rows_of_joined(model: &Model, parameter: &Parameter) -> (usize, usize) {
    let block = &model.stack.blocks[parameter.key.block.unwrap_or_default()];
    let (q, kv, f) = (block.attn.d_attn(), block.attn.d_kv(), block.mlp.d_mlp);
    match parameter.key.slot {
        Slot::Q => (0, q + 2 * kv),
        Slot::K => (q, q + 2 * kv),
        Slot::V => (q + kv, q + 2 * kv),
        Slot::Gate => (0, 2 * f),
        _ => (f, 2 * f),
    }
}

/// Where a GGUF file keeps a weight: names are the same in every architecture, and what is joined is seen in the file.
pub fn stored_in_gguf(model: &Model, parameter: &Parameter, gguf: &Gguf) -> Stored {
    let module = gguf_module(parameter.key.slot);
    let of = |module: &str| name(parameter, "blk", module);
    let has = |name: &str| gguf.tensor(name).is_ok();
    let joined = match parameter.key.slot {
        Slot::Q | Slot::K | Slot::V => Some(of("attn_qkv")),
        Slot::Gate | Slot::Up if !has(&of("ffn_gate")) && has_gate(model, parameter) => Some(of("ffn_up")),
        _ => None,
    };
    match joined {
        Some(joined) if has(&joined) => {
            let (start, all) = rows_of_joined(model, parameter);
            Stored::rows(joined, parameter, start, all)
        }
        _ => Stored::whole(of(module), parameter),
    }
}

/// As [`stored_in_gguf`], where rows of queries and keys are interleaved for rotation in neighbouring pairs.
pub fn stored_in_gguf_interleaved(model: &Model, parameter: &Parameter, gguf: &Gguf) -> Stored {
    let attn = &model.stack.blocks[parameter.key.block.unwrap_or_default()].attn;
    let heads = match parameter.key.slot {
        Slot::Q => attn.n_heads,
        Slot::K => attn.n_kv_heads,
        _ => return stored_in_gguf(model, parameter, gguf),
    };
    Stored { view: View::Interleaved { heads, dims: attn.d_head }, ..stored_in_gguf(model, parameter, gguf) }
}

fn has_gate(model: &Model, parameter: &Parameter) -> bool {
    parameter.key.block.is_some_and(|block| model.stack.blocks[block].mlp.kind == MlpKind::Gated)
}

/// The name that every GGUF architecture gives to a weight.
pub fn gguf_module(slot: Slot) -> &'static str {
    match slot {
        Slot::Embed => "token_embd",
        Slot::Positions => "position_embd",
        Slot::EmbedNorm => "token_embd_norm",
        Slot::FinalNorm => "output_norm",
        Slot::LmHead => "output",
        Slot::Norm | Slot::AttnNorm => "attn_norm",
        Slot::Q => "attn_q",
        Slot::K => "attn_k",
        Slot::V => "attn_v",
        Slot::QNorm => "attn_q_norm",
        Slot::KNorm => "attn_k_norm",
        Slot::Sinks => "attn_sinks",
        Slot::Out => "attn_output",
        Slot::AttnPostNorm => "post_attention_norm",
        Slot::MlpNorm => "ffn_norm",
        Slot::Gate => "ffn_gate",
        Slot::Up => "ffn_up",
        Slot::Down => "ffn_down",
        Slot::MlpPostNorm => "post_ffw_norm",
        Slot::TokenTypes => "token_types",
        Slot::AttnSumNorm => "attn_output_norm",
        Slot::MlpSumNorm => "layer_output_norm",
        Slot::Router => "ffn_gate_inp",
        // Decoders of text have no other.
        _ => "",
    }
}
