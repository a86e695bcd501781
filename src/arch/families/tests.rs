//! What a `config.json` may say, and what it may not.

mod described;

use super::*;
use crate::arch::fixture;
use crate::arch::inventory::{TensorIndex, problems};
use crate::arch::weight::{Parameter, Stored};
use serde_json::{Value, json};

/// The description of a tiny model of the fixtures, with some entries changed; null takes one out.
fn changed(folder: &str, changes: &[(&str, Value)]) -> Result<Model> {
    let folders = [fixture::folders("golden"), fixture::folders("described")].concat();
    let path = folders.iter().find(|path| path.ends_with(folder)).unwrap().join("config.json");
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (key, value) in changes {
        config[*key] = value.clone();
    }
    of_config(&Config::parse(&config.to_string(), Path::new("config.json"))?, "changed")
}

fn refusal(folder: &str, key: &str, value: Value) -> String {
    changed(folder, &[(key, value)]).expect_err(key).to_string()
}

#[test]
fn every_family_refuses_an_entry_that_it_does_not_know_by_its_name() {
    let mut refused = Vec::new();
    for folder in [fixture::folders("golden"), fixture::folders("described")].concat() {
        let folder = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let family = changed(&folder, &[]).unwrap().family;
        assert!(refusal(&folder, "attention_gizmo", json!(2)).contains("'attention_gizmo': 2 is not understood"));
        refused.push(family);
    }
    assert!(ALL.iter().all(|family| refused.contains(&family.name())));
}

#[test]
fn nonsense_is_refused_by_its_name_or_in_words() {
    for (folder, key, value, words) in [
        ("llama", "num_key_value_heads", json!(0), "'num_key_value_heads' is 0; expected a whole number of at least 1"),
        ("llama", "num_hidden_layers", json!(0), "'num_hidden_layers' is 0"),
        ("llama", "head_dim", json!(0), "'head_dim' is 0"),
        ("llama", "max_position_embeddings", json!(0), "'max_position_embeddings' is 0"),
        ("llama", "hidden_size", json!("sixty"), "'hidden_size' should be a whole number, found \"sixty\""),
        ("llama", "rms_norm_eps", json!(-1), "the ε of a norm is -1"),
        ("llama", "model_type", json!(null), "'model_type' is missing"),
        ("llama", "rope_scaling", json!({ "rope_type": "yarn", "factor": -2.0 }), "has a -2; expected numbers above 0"),
        ("gemma3", "sliding_window", json!(0), "'sliding_window' is 0"),
        ("gemma2", "query_pre_attn_scalar", json!(-1), "'query_pre_attn_scalar' is -1"),
        ("gemma2", "final_logit_softcapping", json!(0), "the cap of logits is 0"),
        ("granite", "logits_scaling", json!(0), "logits would be multiplied by inf"),
        ("mixtral", "num_experts_per_tok", json!(5), "5 of 4 experts compute for a position"),
        ("mixtral", "num_local_experts", json!(40_000), "2 of 40000 experts compute for a position"),
        ("bert", "position_embedding_type", json!("relative_key"), "positions are 'relative_key'"),
        ("vit", "image_size", json!(10_000_000_000_u64), "the size of a picture is 10000000000"),
        ("vit", "patch_size", json!(64), "the number of patches is 0"),
        ("vit", "num_channels", json!(1 << 23), "the count of numbers in a patch is"),
        ("vit", "id2label", json!({}), "'id2label' is empty"),
        ("whisper", "encoder_layers", json!(null), "'encoder_layers' is missing"),
        ("whisper", "max_source_positions", json!(1_u64 << 40), "the number of frames is 1099511627776"),
        ("whisper", "scale_embedding", json!(true), "'scale_embedding' is true"),
    ] {
        let refusal = refusal(folder, key, value);
        assert!(refusal.contains(words), "{key} of {folder}: {refusal}");
    }
}

#[test]
fn gpt2_scales_its_scores_as_it_says() {
    let scales = |changes: &[(&str, Value)]| -> Vec<f64> {
        changed("gpt2", changes).unwrap().stack.blocks.iter().map(|block| block.attn.scale).collect()
    };
    let usual = scales(&[]);
    assert_eq!(scales(&[("scale_attn_weights", json!(false))]), vec![1.0; usual.len()]);
    let by_layer = scales(&[("scale_attn_by_inverse_layer_idx", json!(true))]);
    assert_eq!(by_layer, usual.iter().zip(1..).map(|(scale, layer)| scale / f64::from(layer)).collect::<Vec<_>>());
}

#[test]
fn the_context_of_the_first_llamas_is_found_and_a_missing_one_is_the_usual_one() {
    let n_ctx = |changes: &[(&str, Value)]| changed("llama", changes).unwrap().stack.n_ctx;
    assert_eq!(n_ctx(&[("max_position_embeddings", json!(null)), ("max_sequence_length", json!(1024))]), 1024);
    assert_eq!(n_ctx(&[("max_position_embeddings", json!(null))]), 2048);
}

#[test]
fn quantised_weights_are_called_by_their_name() {
    let refusal = refusal("llama", "quantization_config", json!({ "quant_method": "gptq", "bits": 4 }));
    assert!(refusal.contains("quantised with gptq, which this version does not read"), "{refusal}");
}

/// A file that has every tensor of another model.
struct FileOf(Model);

impl TensorIndex for FileOf {
    fn path(&self) -> &Path {
        Path::new("model.safetensors")
    }

    fn stored(&self, model: &Model, parameter: &Parameter) -> Stored {
        (named(model.family).stored)(model, parameter)
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let stored = |parameter: &Parameter| self.stored(&self.0, parameter);
        let all = self.0.parameters();
        let found = all.iter().map(stored).find(|stored| stored.names().iter().any(|known| known == name));
        found.map(|stored| stored.shape)
    }
}

#[test]
fn blocks_that_a_description_leaves_out_are_a_problem_in_every_family() {
    for model in fixture::models() {
        let file = FileOf(model.clone());
        assert_eq!(problems(&model, &model.parameters(), &file), Vec::<String>::new(), "{}", model.family);
        let mut half = model.clone();
        half.stack.blocks.truncate(1);
        let found = problems(&half, &half.parameters(), &file);
        assert!(found.len() == 1 && found[0].contains("has 1 blocks only"), "{}: {found:?}", model.family);
    }
}
