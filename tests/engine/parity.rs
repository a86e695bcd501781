//! The engine computes what the reference implementation computes.

use crate::common::{Keep, Model, difference, golden, tensors};
use blockscope::engine::probe::Pass;
use tch::{Kind, Tensor};

const FAMILIES: [&str; 3] = ["llama", "llama3-rope", "gpt2"];
const CLOSE: f64 = 1e-4;

fn ids_of(tensor: &Tensor) -> Vec<i64> {
    Vec::try_from(tensor.view([-1])).unwrap()
}

#[test]
fn tiny_models_agree_in_logits_hidden_states_attention_and_greedy_text() {
    for family in FAMILIES {
        let reference = tensors(&golden(family).join("golden.safetensors"));
        let model = Model::open(golden(family).to_str().unwrap(), "attention=eager");
        let mut seen = Keep::default();
        let logits = model.watched(&reference["input_ids"], &mut seen);
        assert!(difference(&logits, &reference["logits"]) < CLOSE, "{family}");

        let layers = model.model.n_layers();
        for layer in 0..layers {
            let hidden = &seen.0[&format!("blocks.{layer}.hook_resid_pre")];
            assert!(difference(hidden, &reference[&format!("hidden_states.{layer}")]) < CLOSE, "{family} {layer}");
            let pattern = &seen.0[&format!("blocks.{layer}.attn.hook_pattern")];
            assert!(difference(pattern, &reference[&format!("attentions.{layer}")]) < CLOSE, "{family} {layer}");
        }
        let last = &seen.0["ln_final.hook_normalized"];
        assert!(difference(last, &reference[&format!("hidden_states.{layers}")]) < CLOSE, "{family}");

        let prompt = ids_of(&reference["input_ids"]);
        let greedy = model.greedy(&prompt, 16, true);
        assert_eq!(greedy, ids_of(&reference["greedy_ids"]), "{family}");
    }
}

#[test]
fn eager_equals_fused_and_cached_equals_uncached() {
    for family in FAMILIES {
        let ids = tensors(&golden(family).join("golden.safetensors")).remove("input_ids").unwrap();
        let eager = Model::open(golden(family).to_str().unwrap(), "attention=eager");
        let expected = eager.logits(&ids);
        for attention in ["eager", "fused"] {
            let model = Model::open(golden(family).to_str().unwrap(), &format!("attention={attention}"));
            assert!(difference(&model.logits(&ids), &expected) < CLOSE, "{family} {attention}");
            // In pieces of several, one and several: every way in which a mask can stand to a cache.
            let mut cache = model.decoder.new_cache(1, 1);
            let mut pieces = Vec::new();
            for (start, len) in [(0, 5), (5, 1), (6, 6)] {
                let piece = ids.narrow(1, start, len);
                let mut unwatched = blockscope::engine::probe::Unwatched;
                let wanted = blockscope::engine::decoder::Wanted::All;
                pieces.push(
                    model.decoder.forward(&piece, Some(&mut cache), wanted, &mut Pass::new(&mut unwatched)).unwrap(),
                );
            }
            assert!(difference(&Tensor::cat(&pieces, 1), &expected) < CLOSE, "{family} {attention} cached");
        }
    }
}

#[test]
fn a_probe_changes_no_bit_of_the_output() {
    for attention in ["eager", "fused"] {
        let model = Model::open(golden("llama").to_str().unwrap(), &format!("attention={attention}"));
        let ids = tensors(&golden("llama").join("golden.safetensors")).remove("input_ids").unwrap();
        let watched = model.watched(&ids, &mut Keep::default());
        assert!(watched.equal(&model.logits(&ids)));
    }
}

#[test]
fn smollm2_agrees_on_both_prompts() {
    let model = Model::open("smollm2", "attention=fused");
    let bf16 = Model::open("smollm2", "weights=bf16,compute=bf16");
    let (mut agree, mut positions) = (0, 0);
    for prompt in ["fox", "chat"] {
        let reference = tensors(&golden("smollm2-135m").join(format!("{prompt}.safetensors")));
        let ids = &reference["input_ids"];
        let logits = model.logits(ids).squeeze_dim(0); // [T, d_vocab]
        let (top_ids, top_values) = (&reference["top_ids"], &reference["top_values"]);
        let best = top_ids.select(1, 0);
        assert_eq!(ids_of(&logits.argmax(-1, false)), ids_of(&best), "{prompt}: top-1 at every position");
        let found = logits.gather(1, top_ids, false);
        assert!(difference(&found, top_values) < 1e-3, "{prompt}: top-50 logits");

        let next = ids.select(0, 0).slice(0, 1, None, 1).unsqueeze(1);
        let scored = logits.slice(0, 0, -1, 1).log_softmax(-1, Kind::Double);
        let nll = -scored.gather(1, &next, false).squeeze_dim(1);
        let worst = (nll - &reference["nll"]).abs().max().double_value(&[]);
        assert!(worst < 1e-3, "{prompt}: nll differs by {worst}");

        let greedy = ids_of(&reference["greedy_ids"]);
        let start = ids_of(ids);
        assert_eq!(model.greedy(&start, greedy.len() - start.len(), true), greedy, "{prompt}: greedy text");

        let rounded = bf16.logits(ids).squeeze_dim(0).argmax(-1, false);
        agree += rounded.eq_tensor(&best).sum(Kind::Int64).int64_value(&[]);
        positions += best.size()[0];
    }
    let share = agree as f64 / positions as f64;
    assert!(share >= 0.9, "bf16 agrees at {share} of the positions");
}

#[test]
fn smollm2_shows_the_reference_residual_stream_and_attention() {
    let model = Model::open("smollm2", "attention=eager");
    for prompt in ["fox", "chat"] {
        let reference = tensors(&golden("smollm2-135m").join(format!("{prompt}.safetensors")));
        let mut seen = Keep::default();
        let _logits = model.watched(&reference["input_ids"], &mut seen);
        for layer in 0..model.model.n_layers() {
            let hidden = seen.0[&format!("blocks.{layer}.hook_resid_pre")].select(0, 0).select(0, -1);
            assert!(difference(&hidden, &reference[&format!("hidden_last.{layer}")]) < 1e-3, "{prompt} {layer}");
            if let Some(expected) = reference.get(&format!("attentions.{layer}")) {
                let pattern = seen.0[&format!("blocks.{layer}.attn.hook_pattern")].squeeze_dim(0);
                assert!(difference(&pattern, expected) < 1e-3, "{prompt} {layer}");
            }
        }
    }
}
