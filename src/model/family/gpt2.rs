//! GPT-2: LayerNorm, learned positions, plain MLP, one matrix for queries, keys and values
//! (Radford et al., 2019).

use crate::gguf::Gguf;
use crate::model::Result;
use crate::model::config::Config;
use crate::model::spec::{Activation, Biases, Family, MlpKind, Norm, Positions, Spec};
use crate::model::weights::{Key, Slot, Stored, View, gguf_name_of};

const ALL_BIASED: Biases = Biases { qkv: true, out: true, mlp: true };

/// Reads `config.json`.
pub fn from_config(config: &Config, name: &str) -> Result<Spec> {
    let n_heads = config.size("n_head")?;
    let d_model = config.size("n_embd")?;
    let act = config.text("activation_function", "gelu_new");
    let act =
        super::activation(act).ok_or_else(|| config.problem(&format!("'activation_function' {act} is not known")))?;
    for unusual in ["scale_attn_by_inverse_layer_idx", "add_cross_attention"] {
        if config.flag(unusual, false)? {
            return Err(config.problem(&format!("'{unusual}' is true; this version computes plain GPT-2 attention")));
        }
    }
    Ok(Spec {
        name: name.to_owned(),
        family: Family::Gpt2,
        n_layers: config.size("n_layer")?,
        n_heads,
        n_kv_heads: n_heads,
        d_model,
        d_head: d_model / n_heads,
        d_mlp: config.optional_size("n_inner")?.unwrap_or(4 * d_model),
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("n_positions")?,
        norm: Norm::Layer { eps: config.number("layer_norm_epsilon", 1e-5)? },
        positions: Positions::Learned,
        mlp: MlpKind::Plain(act),
        biases: ALL_BIASED,
        tied: config.flag("tie_word_embeddings", true)?,
        bos: config.tokens("bos_token_id").first().copied(),
        eos: config.tokens("eos_token_id"),
    })
}

/// Reads GGUF metadata.
pub fn from_gguf(gguf: &Gguf) -> Result<Spec> {
    let n_heads = gguf.usize("gpt2.attention.head_count")?;
    let d_model = gguf.usize("gpt2.embedding_length")?;
    let embedding = gguf.tensor("token_embd.weight")?;
    Ok(Spec {
        name: super::gguf_name(gguf),
        family: Family::Gpt2,
        n_layers: gguf.usize("gpt2.block_count")?,
        n_heads,
        n_kv_heads: n_heads,
        d_model,
        d_head: d_model / n_heads.max(1),
        d_mlp: gguf.usize("gpt2.feed_forward_length")?,
        d_vocab: embedding.shape.first().copied().unwrap_or(0),
        n_ctx: gguf.usize("gpt2.context_length")?,
        norm: Norm::Layer { eps: f64::from(gguf.f32("gpt2.attention.layer_norm_epsilon")?) },
        positions: Positions::Learned,
        mlp: MlpKind::Plain(Activation::GeluTanh),
        biases: ALL_BIASED,
        tied: gguf.tensor("output.weight").is_err(),
        bos: gguf.maybe("tokenizer.ggml.bos_token_id", Gguf::u32)?,
        eos: super::gguf_eos(gguf),
    })
}

/// Names in Hugging Face files. Every matrix is a `Conv1D`: stored [in, out].
pub fn stored(spec: &Spec, key: Key) -> Stored {
    let (module, matrix) = match key.slot {
        Slot::Embed => ("wte", false),
        Slot::Positions => ("wpe", false),
        Slot::FinalNorm => ("ln_f", false),
        Slot::LmHead => return Stored::whole("lm_head.weight".into(), key.shape(spec)),
        Slot::AttnNorm => ("ln_1", false),
        Slot::Q | Slot::K | Slot::V => ("attn.c_attn", true),
        Slot::Out => ("attn.c_proj", true),
        Slot::MlpNorm => ("ln_2", false),
        Slot::Up | Slot::Gate => ("mlp.c_fc", true),
        Slot::Down => ("mlp.c_proj", true),
    };
    let prefix = key.block.map_or(String::new(), |block| format!("h.{block}."));
    let name = format!("transformer.{prefix}{module}.{}", key.leaf());
    joined_qkv(spec, key, name, matrix && !key.bias)
}

/// Names in GGUF files, where matrices are [out, in] again.
pub fn stored_in_gguf(spec: &Spec, key: Key) -> Stored {
    let name = match key.slot {
        Slot::Q | Slot::K | Slot::V => {
            format!("blk.{}.attn_qkv.{}", key.block.unwrap_or_default(), key.leaf())
        }
        _ => gguf_name_of(key),
    };
    joined_qkv(spec, key, name, false)
}

/// Queries, keys and values are thirds of one tensor.
fn joined_qkv(spec: &Spec, key: Key, name: String, transposed: bool) -> Stored {
    let third = match key.slot {
        Slot::Q => Some(0),
        Slot::K => Some(1),
        Slot::V => Some(2),
        _ => None,
    };
    let mut shape = key.shape(spec);
    let rows = shape[0];
    let view = match third {
        Some(third) => {
            shape[0] = 3 * rows;
            View::Rows { start: third * rows, len: rows, transposed }
        }
        None if transposed => View::Transposed,
        None => View::Whole,
    };
    if transposed {
        shape.reverse();
    }
    Stored { name, shape, view }
}
