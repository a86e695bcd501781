//! Families that are described before they are computed: their weights are those of the reference's files, their sizes
//! those that were published.

use crate::arch::entries::Config;
use crate::arch::families;
use crate::arch::fixture::{described, folders};
use crate::arch::model::Model;
use crate::arch::role::Role;
use crate::arch::work::{Cost, PassShape};
use crate::arch::{Toggles, path::StackName};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn every_tensor_of_the_references_files_is_a_weight_of_the_same_shape() {
    for folder in folders("described") {
        let model = described(&folder);
        let family = families::named(model.family);
        let stored = model.parameters().iter().map(|parameter| (family.stored)(&model, parameter)).collect::<Vec<_>>();
        let named: BTreeMap<String, Vec<usize>> = stored.into_iter().map(|it| (it.name, it.shape)).collect();
        let text = std::fs::read_to_string(folder.join("tensors.json")).unwrap();
        let expected: BTreeMap<String, Vec<usize>> = serde_json::from_str(&text).unwrap();
        assert_eq!(named, expected, "{}", model.family);
    }
}

fn of(config: &Value) -> Model {
    families::of_config(&Config::parse(&config.to_string(), Path::new("config.json")).unwrap(), "").unwrap()
}

/// FLOPs of one sequence by formula.
fn flops(model: &Model, new: usize) -> u64 {
    let shape = PassShape { batch: 1, new, past: 0, logits: new };
    let parts = model.parts(&Toggles::default());
    parts.iter().map(|part| part.cost(shape)).fold(Cost::default(), |sum, cost| sum + cost).flops.0
}

/// `google-bert/bert-base-uncased`: 109,514,298 parameters with its masked-word head.
#[test]
fn bert_base_has_its_published_size() {
    let model = of(&json!({
        "model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "max_position_embeddings": 512, "vocab_size": 30522, "type_vocab_size": 2,
    }));
    assert_eq!(model.n_parameters(), 109_514_298);
    let parts = model.inside_block(&Toggles::default(), 0);
    let names: Vec<Role> = parts.iter().map(|path| path.name).collect();
    let after = |name, other| names.iter().position(|&it| it == other) > names.iter().position(|&it| it == name);
    assert!(after(Role::AttnResidual, Role::AttnSumNorm) && after(Role::AttnSumNorm, Role::Mlp), "{names:?}");
    assert!(!names.contains(&Role::Cache), "what sees the whole text keeps no past");
}

/// torchvision's `vit_b_16`: 86,567,656 parameters, and 17.56 billion multiply–adds for a picture.
#[test]
fn vit_base_has_its_published_size_and_work() {
    let labels: serde_json::Map<String, Value> = (0..1000).map(|n| (n.to_string(), json!("label"))).collect();
    let model = of(&json!({
        "model_type": "vit", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "image_size": 224, "patch_size": 16, "id2label": labels,
    }));
    assert_eq!(model.n_parameters(), 86_567_656);
    let multiply_adds = flops(&model, 1) as f64 / 2.0;
    assert!((multiply_adds / 17.56e9 - 1.0).abs() < 0.005, "{multiply_adds}");
}

/// `openai/whisper-tiny`: 37,760,640 parameters.
#[test]
fn whisper_tiny_has_its_published_size() {
    let model = of(&json!({
        "model_type": "whisper", "d_model": 384, "encoder_layers": 4, "decoder_layers": 4,
        "encoder_attention_heads": 6, "decoder_attention_heads": 6, "encoder_ffn_dim": 1536, "decoder_ffn_dim": 1536,
        "max_source_positions": 1500, "max_target_positions": 448, "num_mel_bins": 80, "vocab_size": 51865,
    }));
    assert_eq!(model.n_parameters(), 37_760_640);
    let parts = model.parts(&Toggles::default());
    let cross = parts.iter().find(|part| part.path.to_string() == "decoder.blocks.0.cross_attn.kv").unwrap();
    assert_eq!(cross.shapes(5, 0), "[1500, 384] → K V [6, 1500, 64]");
    let shape = |past| PassShape { batch: 1, new: 1, past, logits: 1 };
    assert!(cross.cost(shape(0)).flops.0 > 0 && cross.cost(shape(5)) == Cost::default(), "made once for the sound");
    assert!(parts.iter().any(|part| part.path.stack == StackName::Encoder && part.path.name == Role::FramesHalved));
}

/// Mixtral 8x7B: 46.7 billion parameters, of which 12.9 billion compute for a token.
#[test]
fn mixtral_has_its_published_size_and_computes_with_a_part_of_it() {
    let model = of(&json!({
        "model_type": "mixtral", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "num_local_experts": 8, "num_experts_per_tok": 2,
        "vocab_size": 32000, "max_position_embeddings": 32768,
    }));
    assert_eq!(model.n_parameters(), 46_702_792_704);
    // The embedding is looked up and norms count no FLOPs; a single query with a single key adds little.
    let computing = flops(&model, 1) as f64 / 2.0 + (32000 * 4096) as f64;
    assert!((computing / 12.88e9 - 1.0).abs() < 0.005, "{computing}");
    let shape = PassShape { batch: 1, new: 3, past: 0, logits: 1 };
    let parts = model.parts(&Toggles::default());
    let experts = parts.iter().filter(|part| part.path.block == Some(0) && part.path.name == Role::Down);
    let rows: Vec<u64> = experts.map(|part| part.cost(shape).flops.0 / (2 * 4096 * 14336)).collect();
    assert_eq!(rows.iter().sum::<u64>(), 6, "3 positions by 2 experts each: {rows:?}");
}
