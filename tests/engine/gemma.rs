//! Gemma 3 270M, as `scripts/models.sh gemma3-270m` fetches it: what it computes from its four-bit GGUF file is what
//! transformers computes on the same weights dequantised (`tests/fixtures/golden/gemma3.py`). Where the model was not
//! fetched there is nothing to hold; that is said.

use crate::common::{Keep, Model, difference, golden, tensors};
use blockscope::engine::source::cache_folder;
use blockscope::gguf::Gguf;
use blockscope::text::{Input, Tokenizer};
use std::path::PathBuf;
use tch::{Kind, Tensor};

const CLOSE: f64 = 1e-3;

/// The file, if it was fetched.
fn file() -> Option<PathBuf> {
    let file = cache_folder().unwrap().join("models/gemma-3-270m-q4_k_m.gguf");
    if !file.is_file() {
        println!("skipped: {} is not there; `scripts/models.sh gemma3-270m` fetches it", file.display());
    }
    Some(file).filter(|file| file.is_file())
}

fn ids_of(tensor: &Tensor) -> Vec<i64> {
    Vec::try_from(tensor.view([-1])).unwrap()
}

#[test]
fn gemma_3_computes_what_transformers_does_on_its_dequantised_weights() {
    let Some(file) = file() else { return };
    let reference = tensors(&golden("gemma3-270m/golden.safetensors"));
    let ids = &reference["input_ids"];
    let model = Model::open(file.to_str().unwrap(), "attention=eager,threads=1");
    let mut seen = Keep::default();
    let logits = model.watched(ids, &mut seen).squeeze_dim(0);
    let found = logits.gather(1, &reference["top_ids"], false);
    let apart = difference(&found, &reference["top_values"]);
    assert!(apart < CLOSE, "the 50 largest logits of each position differ by {apart}");
    let layers = model.described.n_layers();
    for layer in 0..layers {
        let hidden = seen.0[&format!("blocks.{layer}.hook_resid_pre")].select(0, 0).select(0, -1);
        let apart = difference(&hidden, &reference[&format!("hidden_last.{layer}")]);
        assert!(apart < CLOSE, "what enters block {layer} differs by {apart}");
        let pattern = seen.0[&format!("blocks.{layer}.attn.hook_pattern")].squeeze_dim(0);
        let apart = difference(&pattern, &reference[&format!("attentions.{layer}")]);
        assert!(apart < CLOSE, "the patterns of block {layer} differ by {apart}");
    }

    // A prompt that is longer than the windows of most layers, through the fused kernels.
    let reference = tensors(&golden("gemma3-270m/long.safetensors"));
    drop((model, seen));
    let model = Model::open(file.to_str().unwrap(), "threads=1");
    let last = model.logits(&reference["input_ids"]).select(1, -1);
    let found = last.gather(1, &reference["top_ids"], false);
    let apart = difference(&found, &reference["top_values"]);
    assert!(apart < CLOSE, "after 602 tokens the largest logits differ by {apart}");
}

#[test]
fn gemma_3_writes_what_transformers_writes() {
    let Some(file) = file() else { return };
    let reference = tensors(&golden("gemma3-270m/golden.safetensors"));
    let tokenizer = Tokenizer::from_gguf(&Gguf::open(&file).unwrap()).unwrap();
    let prompt = "The capital of France is Paris, and the capital of Italy is";
    let ids: Vec<i64> = tokenizer.encode(prompt, Input::Prompt).unwrap().into_iter().map(i64::from).collect();
    assert_eq!(ids, ids_of(&reference["input_ids"]), "the prompt's tokens");

    let model = Model::open(file.to_str().unwrap(), "threads=1");
    let expected = ids_of(&reference["greedy_ids"]);
    let written = model.greedy(&ids, expected.len() - ids.len(), true);
    assert_eq!(written, expected);
    let text: String = written[ids.len()..].iter().map(|&id| tokenizer.token(id as u32).unwrap().text).collect();
    assert!(text.contains("Rome"), "{text:?}");

    // Of eight bits it is sure of the same; the file's own are five and six for the most part.
    let rounded = Model::open(file.to_str().unwrap(), "weights=int8,threads=1");
    let next = rounded.logits(&reference["input_ids"]).select(1, -1).to_kind(Kind::Float).argmax(-1, false);
    assert_eq!(next.int64_value(&[0]), expected[ids.len()]);
}
