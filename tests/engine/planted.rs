//! Heads that were planted by hand are found, and no others: a model of two layers of attention, one-hot tokens and
//! positions, in which head 0.0 looks at the token before and hands its name on, and head 1.1 looks for the token after
//! an earlier one that is the same (Elhage et al. 2021, "A mathematical framework for transformer circuits").

use crate::common::open;
use blockscope::measure::Control;
use blockscope::record::explored::{Head, Role};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashMap;
use std::path::Path;

const VOCABULARY: usize = 20;
const POSITIONS: usize = 40;
const D_HEAD: usize = 40;
const D: usize = 2 * D_HEAD;
/// Where in the stream the name of the token before is written: behind the tokens and the positions.
const BEFORE: usize = VOCABULARY + POSITIONS;
/// Makes a softmax choose one.
const SHARP: f32 = 10.0;

/// Tensors by name: shape and numbers.
#[derive(Default)]
struct Weights(HashMap<String, (Vec<usize>, Vec<f32>)>);

impl Weights {
    fn filled(&mut self, name: String, shape: &[usize], value: f32) -> &mut Vec<f32> {
        let numbers = vec![value; shape.iter().product()];
        &mut self.0.entry(name).or_insert((shape.to_vec(), numbers)).1
    }

    fn zeros(&mut self, name: String, shape: &[usize]) -> &mut Vec<f32> {
        self.filled(name, shape, 0.0)
    }

    /// A norm that takes `ones` ones among zeros to themselves.
    fn norm(&mut self, name: &str, ones: usize) {
        let mean = ones as f32 / D as f32;
        let deviation = (mean - mean * mean).sqrt();
        self.filled(format!("{name}.weight"), &[D], deviation);
        self.filled(format!("{name}.bias"), &[D], mean);
    }

    fn write(&self, folder: &Path) {
        let bytes: HashMap<&String, Vec<u8>> = self
            .0
            .iter()
            .map(|(name, (_, numbers))| (name, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()))
            .collect();
        let view = |(name, (shape, _)): (&String, &(Vec<usize>, Vec<f32>))| {
            (name.clone(), TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).unwrap())
        };
        let views: Vec<(String, TensorView)> = self.0.iter().map(view).collect();
        safetensors::serialize_to_file(views, None, &folder.join("model.safetensors")).unwrap();
        let config = serde_json::json!({
            "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "activation_function": "gelu_new",
            "n_embd": D, "n_head": 2, "n_layer": 2, "n_positions": POSITIONS, "vocab_size": VOCABULARY,
            "layer_norm_epsilon": 1e-9, "tie_word_embeddings": true,
        });
        std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    }
}

/// What stands in a matrix of the third of `c_attn` that makes queries (0), keys (1) or values (2) of a head.
fn set(c_attn: &mut [f32], third: usize, head: usize, from: usize, to: usize, value: f32) {
    c_attn[from * 3 * D + third * D + head * D_HEAD + to] = value;
}

/// Writes the model with its two heads.
pub fn planted(folder: &Path) {
    let mut weights = Weights::default();
    let wte = weights.zeros("transformer.wte.weight".into(), &[VOCABULARY, D]);
    (0..VOCABULARY).for_each(|token| wte[token * D + token] = 1.0);
    let wpe = weights.zeros("transformer.wpe.weight".into(), &[POSITIONS, D]);
    (0..POSITIONS).for_each(|position| wpe[position * D + VOCABULARY + position] = 1.0);
    for block in 0..2 {
        let name = |rest: &str| format!("transformer.h.{block}.{rest}");
        weights.norm(&name("ln_1"), 2 + block);
        weights.norm(&name("ln_2"), 3);
        weights.zeros(name("attn.c_attn.bias"), &[3 * D]);
        weights.zeros(name("attn.c_proj.bias"), &[D]);
        weights.zeros(name("mlp.c_fc.weight"), &[D, 4 * D]);
        weights.zeros(name("mlp.c_fc.bias"), &[4 * D]);
        weights.zeros(name("mlp.c_proj.weight"), &[4 * D, D]);
        weights.zeros(name("mlp.c_proj.bias"), &[D]);
        let c_attn = weights.zeros(name("attn.c_attn.weight"), &[D, 3 * D]);
        if block == 0 {
            // A query asks for its own position, a key offers itself to the next one, a value is the token's name.
            (0..POSITIONS).for_each(|at| set(c_attn, 0, 0, VOCABULARY + at, at, SHARP));
            (0..POSITIONS - 1).for_each(|at| set(c_attn, 1, 0, VOCABULARY + at, at + 1, SHARP));
            (0..VOCABULARY).for_each(|token| set(c_attn, 2, 0, token, token, 1.0));
        } else {
            // A query asks for its token, a key offers the token before it.
            (0..VOCABULARY).for_each(|token| set(c_attn, 0, 1, token, token, SHARP));
            (0..VOCABULARY).for_each(|token| set(c_attn, 1, 1, BEFORE + token, token, SHARP));
        }
        let c_proj = weights.zeros(name("attn.c_proj.weight"), &[D, D]);
        if block == 0 {
            (0..VOCABULARY).for_each(|token| c_proj[token * D + BEFORE + token] = 1.0);
        }
    }
    weights.norm("transformer.ln_f", 3);
    weights.write(folder);
}

#[test]
fn the_scores_find_exactly_the_heads_that_were_planted() {
    let folder = tempfile::tempdir().unwrap();
    planted(folder.path());
    let session = open(folder.path().to_str().unwrap(), "");
    // Token 0 stands before a sequence that is repeated once.
    let sequence = [7, 3, 15, 9, 1, 18, 12, 4, 10, 2, 17, 6, 13, 5, 19, 8, 14, 11];
    let ids: Vec<u32> = [0].into_iter().chain(sequence).chain(sequence).collect();
    let exploration = session.explore(&ids, &Control::default(), &mut |_| {}).unwrap();
    let mut found = Vec::new();
    let survey = exploration.survey(37, None, &Control::default(), &mut |_, ran| {
        for scores in ran.scores {
            found.extend(scores.roles().into_iter().map(|role| (scores.at, role)));
            if scores.at == (Head { block: 1, head: 1 }) {
                // Of the second half every token finds the one after its first occurrence.
                assert!(scores.induction.value > 0.9, "{scores:?}");
            }
        }
    });
    survey.unwrap();
    let expected = [(Head { block: 0, head: 0 }, Role::Previous), (Head { block: 1, head: 1 }, Role::Induction)];
    assert_eq!(found, expected);
}
