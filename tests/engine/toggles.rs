//! Every optimisation computes what its reference computes, within a tolerance that is stated here.

use crate::common::{Model, difference, golden, open, tensors, tiny_models};
use blockscope::engine::decoder::Wanted;
use blockscope::engine::probe::{Pass, Unwatched};
use blockscope::measure::Prompt;
use tch::{Kind, Tensor};

/// What another order of the same sums may differ by.
const CLOSE: f64 = 1e-4;

/// Every tiny model, by its folder's name.
fn families() -> Vec<String> {
    tiny_models().iter().map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Those in which a key is turned alike however long the text gets: only so does a cache change nothing.
fn with_lasting_keys() -> Vec<String> {
    let lasts = |family: &String| {
        let model = model(family, "");
        let mut rotations = model.described.stack.blocks.iter().filter_map(|block| block.attn.rotation.as_ref());
        !rotations.any(|rotation| rotation.depends_on_length())
    };
    families().into_iter().filter(lasts).collect()
}

fn model(family: &str, toggles: &str) -> Model {
    Model::open(golden(family).to_str().unwrap(), &format!("threads=1,{toggles}"))
}

fn ids(family: &str) -> Tensor {
    tensors(&golden(family).join("golden.safetensors")).remove("input_ids").unwrap()
}

/// The first tokens of a text, for SmolLM2. [1, T]
fn text(tokens: usize) -> Tensor {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/measure/quality/text.txt")).unwrap();
    let ids = open("smollm2", "").prompt_ids(&Prompt::Text(text)).unwrap();
    let ids: Vec<i64> = ids.into_iter().take(tokens).map(i64::from).collect();
    Tensor::from_slice(&ids).unsqueeze(0)
}

/// Logits of all positions, in pieces through a cache: several, one, several, one and one.
fn in_pieces(model: &Model, ids: &Tensor, lengths: &[i64]) -> Tensor {
    let _no_grad = tch::no_grad_guard();
    let mut cache = model.decoder.new_cache(ids.size()[0] as usize, 1);
    let (mut start, mut pieces) = (0, Vec::new());
    for &length in lengths {
        let piece = ids.narrow(1, start, length);
        let mut unwatched = Unwatched;
        let mut pass = Pass::new(&mut unwatched);
        pieces.push(model.decoder.forward(&piece, Some(&mut cache), Wanted::All, &mut pass).unwrap());
        start += length;
    }
    assert_eq!(start, ids.size()[1]);
    Tensor::cat(&pieces, 1)
}

#[test]
fn a_window_equals_masked_eager_attention_with_and_without_a_cache() {
    for family in &with_lasting_keys() {
        let ids = ids(family);
        let t = ids.size()[1];
        for reach in ["window:1", "window:4", "sinks:2+3", "sinks:4+4", "window:64"] {
            let expected = model(family, &format!("attention=eager+{reach},kv_cache=off")).logits(&ids);
            let near = model(family, &format!("attention={reach}"));
            assert!(difference(&near.logits(&ids), &expected) < CLOSE, "{family} {reach}");
            for lengths in [[5, 1, t - 8, 1, 1], [1, 1, t - 4, 1, 1], [t - 4, 1, 1, 1, 1]] {
                let pieces = in_pieces(&near, &ids, &lengths);
                assert!(difference(&pieces, &expected) < CLOSE, "{family} {reach} in pieces {lengths:?}");
            }
        }
        // One that sees everything is full attention.
        let full = model(family, "attention=eager").logits(&ids);
        assert!(difference(&model(family, "attention=window:64").logits(&ids), &full) < CLOSE, "{family}");
        assert!(difference(&model(family, "attention=window:4").logits(&ids), &full) > CLOSE, "{family}");
    }
}

#[test]
fn a_window_over_a_long_prompt_equals_masked_eager_attention() {
    let ids = text(400);
    for reach in ["window:60", "sinks:4+140"] {
        let expected = Model::open("smollm2", &format!("attention=eager+{reach},kv_cache=off")).logits(&ids);
        let found = difference(&Model::open("smollm2", &format!("attention={reach}")).logits(&ids), &expected);
        assert!(found < CLOSE, "{reach} differs by {found}");
    }
}

#[test]
fn joined_projections_equal_separate_ones() {
    for family in &families() {
        for formats in ["", "weights=bf16,compute=bf16", "weights=int8,compute=bf16", "weights=f16"] {
            let separate = model(family, formats).logits(&ids(family));
            let joined = model(family, &format!("{formats},fuse=joined")).logits(&ids(family));
            // Sums of bf16 numbers are rounded to bf16 again.
            let close = if formats.contains("bf16") { 0.02 } else { CLOSE };
            assert!(difference(&joined, &separate) < close, "{family} {formats}");
        }
    }
}

#[test]
fn the_last_position_alone_equals_the_last_of_all() {
    for family in &families() {
        let (model, ids) = (model(family, ""), ids(family));
        let all = model.logits(&ids);
        let mut unwatched = Unwatched;
        let last = model.decoder.forward(&ids, None, Wanted::Last, &mut Pass::new(&mut unwatched)).unwrap();
        assert!(difference(&last, &all.narrow(1, all.size()[1] - 1, 1)) < CLOSE, "{family}");
    }
}

#[test]
fn sequences_side_by_side_equal_each_by_itself() {
    for family in &with_lasting_keys() {
        let (model, first) = (model(family, "batch=2"), ids(family));
        let second = first.flip([1].as_slice());
        let both = Tensor::cat(&[&first, &second], 0);
        let lengths = [6, 1, 1, first.size()[1] - 9, 1];
        for logits in [model.logits(&both), in_pieces(&model, &both, &lengths)] {
            for (row, alone) in [(0, &first), (1, &second)] {
                let found = logits.narrow(0, row, 1);
                assert!(difference(&found, &model.logits(alone)) < CLOSE, "{family} {row}");
            }
        }
    }
}

#[test]
fn a_cache_in_another_format_is_near_the_exact_one() {
    // What eight bits cost depends on the numbers: the bounds are of these models.
    for family in ["llama", "llama3-rope", "gpt2"] {
        let ids = ids(family);
        let lengths = [5, 1, ids.size()[1] - 8, 1, 1];
        let exact = model(family, "").logits(&ids);
        for (toggles, close) in [
            ("kv_dtype=f32", CLOSE),
            ("kv_dtype=bf16", 0.02),
            ("kv_dtype=int8", 0.03),
            ("kv_dtype=int8,attention=sinks:4+60", 0.03),
        ] {
            let found = difference(&in_pieces(&model(family, toggles), &ids, &lengths), &exact);
            assert!(found < close, "{family} {toggles} differs by {found}");
        }
    }
}

/// The mean of KL(p ‖ q), in nats, and how often both find the same token likeliest. [1, T, d_vocab], both
fn agreement(p: &Tensor, q: &Tensor) -> (f64, f64) {
    let (n, mut kl, mut same) = (p.size()[1], 0.0, 0.0);
    for start in (0..n).step_by(256) {
        let rows = |logits: &Tensor| logits.squeeze_dim(0).narrow(0, start, (n - start).min(256));
        let [p, q] = [p, q].map(|logits| rows(logits).log_softmax(-1, Kind::Float));
        kl += (p.exp() * (&p - &q)).sum(Kind::Double).double_value(&[]);
        same += p.argmax(-1, false).eq_tensor(&q.argmax(-1, false)).sum(Kind::Double).double_value(&[]);
    }
    (kl / n as f64, same / n as f64)
}

#[test]
fn smollm2_in_fewer_bits_predicts_nearly_the_same() {
    // A part of the text that `compare` measures on, which takes minutes where bf16 is slow.
    let ids = text(640);
    let exact = Model::open("smollm2", "attention=eager").logits(&ids);
    // Long pieces and single tokens: both ways to multiply.
    let (beginning, lengths) = (ids.narrow(1, 0, 192), [96, 70, 1, 1, 1, 9, 14]);
    for (toggles, most_kl, least_top1) in [
        ("weights=bf16,compute=bf16", 3e-3, 0.96),
        ("weights=f16", 1e-4, 0.99),
        ("weights=f16,compute=bf16", 3e-3, 0.96),
        // Q4_1 is taken as it is: what is left is bf16 rounding, of activations, scales and zeros.
        ("weights=int4,lm_head=bf16,compute=bf16", 3e-3, 0.96),
        ("weights=int4,compute=bf16", 3e-3, 0.96),
        ("weights=int8,compute=bf16", 0.01, 0.96),
        // With the tied embedding in int8 too, more of the second-best words come first: why it is not by itself.
        ("weights=int8,lm_head=int8,compute=bf16", 0.01, 0.94),
        ("kv_dtype=int8", 0.01, 0.96),
        ("weights=bf16,compute=bf16,kv_dtype=int8", 0.01, 0.96),
    ] {
        let model = Model::open("smollm2", toggles);
        let (kl, top1) = agreement(&exact, &model.logits(&ids));
        let pieces = in_pieces(&model, &beginning, &lengths);
        let (kl_in_pieces, top1_in_pieces) = agreement(&exact.narrow(1, 0, 192), &pieces);
        println!("{toggles}: KL {kl:.2e}, top-1 {top1:.3}; in pieces KL {kl_in_pieces:.2e}");
        assert!(kl <= most_kl && kl_in_pieces <= most_kl, "{toggles}: KL {kl}, in pieces {kl_in_pieces}");
        // A whole text at once never reads a cache.
        let top1 = if toggles.contains("kv_dtype") { top1_in_pieces } else { top1 };
        assert!(top1 >= least_top1, "{toggles}: top-1 {top1}");
    }
}
