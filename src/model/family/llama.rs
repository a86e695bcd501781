//! Llama and whatever shares its shape: RMSNorm, rotary positions, grouped queries, gated MLP
//! (Touvron et al., arXiv:2302.13971; SmolLM, TinyLlama, Llama 3).

use crate::gguf::Gguf;
use crate::model::config::Config;
use crate::model::spec::{Activation, Biases, Family, MlpKind, Norm, Positions, Rope, RopeScaling, Spec};
use crate::model::weights::{Key, Slot, Stored, View, gguf_name_of};
use crate::model::{Error, Result};

/// Reads `config.json`.
pub fn from_config(config: &Config, name: &str) -> Result<Spec> {
    let n_heads = config.size("num_attention_heads")?;
    let d_model = config.size("hidden_size")?;
    let act = config.text("hidden_act", "silu");
    let act = super::activation(act).ok_or_else(|| config.problem(&format!("'hidden_act' {act} is not known")))?;
    let attention_bias = config.flag("attention_bias", false)?;
    let (theta, scaling) = config.rope()?;
    Ok(Spec {
        name: name.to_owned(),
        family: Family::Llama,
        n_layers: config.size("num_hidden_layers")?,
        n_heads,
        n_kv_heads: config.optional_size("num_key_value_heads")?.unwrap_or(n_heads),
        d_model,
        d_head: config.optional_size("head_dim")?.unwrap_or(d_model / n_heads),
        d_mlp: config.size("intermediate_size")?,
        d_vocab: config.size("vocab_size")?,
        n_ctx: config.size("max_position_embeddings")?,
        norm: Norm::Rms { eps: config.number("rms_norm_eps", 1e-6)? },
        positions: Positions::Rope(Rope { theta, scaling }),
        mlp: MlpKind::Gated(act),
        biases: Biases { qkv: attention_bias, out: attention_bias, mlp: config.flag("mlp_bias", false)? },
        tied: config.flag("tie_word_embeddings", false)?,
        bos: config.tokens("bos_token_id").first().copied(),
        eos: config.tokens("eos_token_id"),
    })
}

/// Reads GGUF metadata; what it leaves unsaid (biases, a tied head) shows in which tensors there are.
pub fn from_gguf(gguf: &Gguf) -> Result<Spec> {
    if gguf.maybe("llama.expert_count", Gguf::u32)?.is_some_and(|experts| experts > 0) {
        return Err(Error::Unsupported(format!(
            "{}: a mixture of experts; this version runs dense llama models",
            gguf.path().display()
        )));
    }
    let n_heads = gguf.usize("llama.attention.head_count")?;
    let d_model = gguf.usize("llama.embedding_length")?;
    let d_head = gguf.maybe("llama.attention.key_length", Gguf::usize)?.unwrap_or(d_model / n_heads.max(1));
    let rotated = gguf.maybe("llama.rope.dimension_count", Gguf::usize)?.unwrap_or(d_head);
    if rotated != d_head {
        return Err(Error::Unsupported(format!(
            "{}: rotary positions over {rotated} of {d_head} features; this version rotates whole heads",
            gguf.path().display()
        )));
    }
    let has = |name: &str| gguf.tensor(name).is_ok();
    let embedding = gguf.tensor("token_embd.weight")?;
    Ok(Spec {
        name: super::gguf_name(gguf),
        family: Family::Llama,
        n_layers: gguf.usize("llama.block_count")?,
        n_heads,
        n_kv_heads: gguf.maybe("llama.attention.head_count_kv", Gguf::usize)?.unwrap_or(n_heads),
        d_model,
        d_head,
        d_mlp: gguf.usize("llama.feed_forward_length")?,
        d_vocab: embedding.shape.first().copied().unwrap_or(0),
        n_ctx: gguf.usize("llama.context_length")?,
        norm: Norm::Rms { eps: f64::from(gguf.f32("llama.attention.layer_norm_rms_epsilon")?) },
        positions: Positions::Rope(Rope {
            theta: f64::from(gguf.maybe("llama.rope.freq_base", Gguf::f32)?.unwrap_or(10_000.0)),
            scaling: rope_scaling(gguf)?,
        }),
        mlp: MlpKind::Gated(Activation::Silu),
        biases: Biases {
            qkv: has("blk.0.attn_q.bias"),
            out: has("blk.0.attn_output.bias"),
            mlp: has("blk.0.ffn_up.bias"),
        },
        tied: !has("output.weight"),
        bos: gguf.maybe("tokenizer.ggml.bos_token_id", Gguf::u32)?,
        eos: super::gguf_eos(gguf),
    })
}

/// Llama 3's stretched frequencies arrive as a tensor of divisors, linear scaling as metadata.
fn rope_scaling(gguf: &Gguf) -> Result<RopeScaling> {
    if let Ok(tensor) = gguf.tensor("rope_freqs.weight") {
        let mut divisors = vec![0.0; tensor.elements()];
        gguf.dequantise("rope_freqs.weight", &mut divisors)?;
        return Ok(RopeScaling::PerFrequency(divisors));
    }
    match gguf.maybe("llama.rope.scaling.type", Gguf::str)?.unwrap_or("none") {
        "none" => Ok(RopeScaling::Default),
        "linear" => Ok(RopeScaling::Linear { factor: f64::from(gguf.f32("llama.rope.scaling.factor")?) }),
        other => Err(Error::Unsupported(format!(
            "{}: rope scaling '{other}' is not known; this version has none, linear and frequency tables",
            gguf.path().display()
        ))),
    }
}

/// Names in Hugging Face files.
pub fn stored(spec: &Spec, key: Key) -> Stored {
    let module = match key.slot {
        Slot::Embed => "model.embed_tokens",
        Slot::FinalNorm => "model.norm",
        Slot::LmHead => "lm_head",
        Slot::AttnNorm => "input_layernorm",
        Slot::Q => "self_attn.q_proj",
        Slot::K => "self_attn.k_proj",
        Slot::V => "self_attn.v_proj",
        Slot::Out => "self_attn.o_proj",
        Slot::MlpNorm => "post_attention_layernorm",
        Slot::Gate => "mlp.gate_proj",
        Slot::Up => "mlp.up_proj",
        Slot::Down => "mlp.down_proj",
        Slot::Positions => "model.embed_positions",
    };
    let prefix = key.block.map_or(String::new(), |block| format!("model.layers.{block}."));
    Stored::whole(format!("{prefix}{module}.{}", key.leaf()), key.shape(spec))
}

/// Names in GGUF files, whose query and key rows are interleaved for pairwise rotation.
pub fn stored_in_gguf(spec: &Spec, key: Key) -> Stored {
    let view = match key.slot {
        Slot::Q => View::Interleaved { heads: spec.n_heads },
        Slot::K => View::Interleaved { heads: spec.n_kv_heads },
        _ => View::Whole,
    };
    Stored { view, ..Stored::whole(gguf_name_of(key), key.shape(spec)) }
}
