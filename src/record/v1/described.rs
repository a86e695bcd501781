//! What version 1 does not say of a model: how it is made. It knew two families, and in both the parts follow from the
//! sizes.

use crate::arch::entries::Config;
use crate::arch::{Model, families};
use crate::record::header::ModelInfo;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

impl ModelInfo {
    /// With what its family and its sizes say of it.
    pub fn described(self) -> Self {
        Self { description: description(&self).map(Arc::new), ..self }
    }
}

/// The description of a model of these sizes; `None` if it is of neither family, or cannot be.
fn description(info: &ModelInfo) -> Option<Model> {
    let described = |tied: bool| -> Option<Model> {
        let config = match info.family.as_str() {
            "llama" => llama(info, tied),
            "gpt2" => gpt2(info, tied),
            _ => return None,
        };
        families::of_config(&Config::parse(&config.to_string(), Path::new("")).ok()?, &info.name).ok()
    };
    // Whether the LM head is the embedding was not written either: it shows in the number of weights.
    let far = |model: &Model| model.n_parameters().abs_diff(info.parameters);
    [true, false].into_iter().filter_map(described).min_by_key(far)
}

fn llama(info: &ModelInfo, tied: bool) -> Value {
    json!({
        "model_type": "llama", "hidden_size": info.d_model, "num_hidden_layers": info.n_layers,
        "num_attention_heads": info.n_heads, "num_key_value_heads": info.n_kv_heads, "head_dim": info.d_head,
        "intermediate_size": info.d_mlp, "vocab_size": info.d_vocab, "max_position_embeddings": info.n_ctx,
        "tie_word_embeddings": tied, "rms_norm_eps": 1e-5,
    })
}

fn gpt2(info: &ModelInfo, tied: bool) -> Value {
    json!({
        "model_type": "gpt2", "n_embd": info.d_model, "n_layer": info.n_layers, "n_head": info.n_heads,
        "n_inner": info.d_mlp, "vocab_size": info.d_vocab, "n_positions": info.n_ctx,
        "tie_word_embeddings": tied, "layer_norm_epsilon": 1e-5,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(family: &str, d_vocab: u32, parameters: u64) -> ModelInfo {
        ModelInfo {
            family: family.into(),
            n_layers: 12,
            n_heads: 12,
            n_kv_heads: 12,
            d_model: 768,
            d_head: 64,
            d_mlp: 3072,
            d_vocab,
            n_ctx: 1024,
            parameters,
            ..ModelInfo::default()
        }
    }

    #[test]
    fn the_two_families_of_version_1_are_known_by_their_sizes() {
        let gpt2 = description(&info("gpt2", 50_257, 124_439_808)).unwrap();
        assert_eq!((gpt2.n_parameters(), gpt2.head.tied), (124_439_808, true));
        let llama = description(&info("llama", 1000, 115_000_000)).unwrap();
        assert_eq!((llama.n_layers(), llama.d_mlp(), llama.head.tied), (12, 3072, false));
        assert_eq!(description(&info("mamba", 1000, 1)), None);
        assert_eq!(description(&ModelInfo { family: "llama".into(), ..ModelInfo::default() }), None, "no sizes");
    }
}
