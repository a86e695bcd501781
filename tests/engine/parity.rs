//! The engine computes what the reference implementation computes.

use crate::common::{Keep, Model, difference, golden, tensors, tiny_models};
use blockscope::arch::{self, Toggles, families};
use blockscope::engine::probe::Pass;
use blockscope::engine::source::Source;
use blockscope::engine::support;
use std::collections::HashMap;
use std::path::Path;
use tch::{Kind, Tensor};

const CLOSE: f64 = 1e-4;

fn ids_of(tensor: &Tensor) -> Vec<i64> {
    Vec::try_from(tensor.view([-1])).unwrap()
}

/// A model and what the reference implementation computes for it.
struct Case {
    what: String,
    /// What the user would name.
    model: String,
    golden: HashMap<String, Tensor>,
}

/// Every tiny model, from its folder, and from its GGUF file where it has one.
fn cases() -> Vec<Case> {
    tiny_models().iter().flat_map(|folder| [of_folder(folder), of_gguf(folder)]).flatten().collect()
}

fn of_folder(folder: &Path) -> Option<Case> {
    let what = folder.file_name()?.to_str()?.to_owned();
    Some(Case { what, model: folder.to_str()?.to_owned(), golden: tensors(&folder.join("golden.safetensors")) })
}

fn of_gguf(folder: &Path) -> Option<Case> {
    let model = folder.join("tiny.gguf");
    let own = folder.join("golden-gguf.safetensors");
    let golden = if own.is_file() { own } else { folder.join("golden.safetensors") };
    let what = format!("{} in GGUF", folder.file_name()?.to_str()?);
    model.is_file().then(|| Case { what, model: model.to_str().unwrap().to_owned(), golden: tensors(&golden) })
}

impl Case {
    fn open(&self, toggles: &str) -> Model {
        Model::open(&self.model, &format!("threads=1,{toggles}"))
    }

    fn close(&self, found: &Tensor, expected: &Tensor, where_: &str) {
        let apart = difference(found, expected);
        assert!(apart < CLOSE, "{}, {where_}: differs by {apart}", self.what);
    }
}

/// Whether a family is one of those that the engine refuses by name, and says why.
fn is_only_described(family: &str) -> bool {
    let config = format!("tests/fixtures/described/{family}/config.json");
    let Ok(source) = Source::open(&format!("random:{config}")) else { return false };
    let refusal = support::check(&source.model).unwrap_err().to_string();
    assert!(refusal.contains("does not compute") && refusal.contains("it has"), "{refusal}");
    true
}

#[test]
fn every_family_has_reference_results_and_those_of_llama_cpp_a_gguf_file() {
    let described: Vec<arch::Model> = cases().iter().map(|case| case.open("").decoder.model().clone()).collect();
    let without_gguf = ["mistral", "opt"];
    for family in families::ALL.iter().filter(|family| !is_only_described(family.name())) {
        assert!(described.iter().any(|model| model.family == family.name()), "{} has no golden", family.name());
        let has_gguf = tiny_models().iter().any(|folder| {
            let described = of_gguf(folder).map(|case| case.open("").decoder.model().family);
            described == Some(family.name())
        });
        assert_eq!(has_gguf, !without_gguf.contains(&family.name()), "{}", family.name());
    }
}

#[test]
fn every_family_agrees_in_logits_hidden_states_attention_and_greedy_text() {
    for case in cases() {
        let golden = &case.golden;
        let model = case.open("attention=eager");
        let mut seen = Keep::default();
        let logits = model.watched(&golden["input_ids"], &mut seen);
        case.close(&logits, &golden["logits"], "logits");
        let layers = model.described.n_layers();
        for layer in 0..layers {
            let hidden = &seen.0[&format!("blocks.{layer}.hook_resid_pre")];
            case.close(hidden, &golden[&format!("hidden_states.{layer}")], &format!("what enters block {layer}"));
            let pattern = &seen.0[&format!("blocks.{layer}.attn.hook_pattern")];
            case.close(pattern, &golden[&format!("attentions.{layer}")], &format!("the patterns of block {layer}"));
        }
        let last = &seen.0["ln_final.hook_normalized"];
        case.close(last, &golden[&format!("hidden_states.{layers}")], "what leaves the final norm");
        if let Some(short) = golden.get("short.input_ids") {
            case.close(&model.logits(short), &golden["short.logits"], "logits of a short prompt");
        }
        let prompt = ids_of(&golden["input_ids"]);
        if let Some(greedy) = golden.get("greedy_ids") {
            assert_eq!(model.greedy(&prompt, 16, true), ids_of(greedy), "{}", case.what);
        }
        let uncached = golden.get("greedy_ids_uncached").or(golden.get("greedy_ids")).unwrap();
        assert_eq!(model.greedy(&prompt, 16, false), ids_of(uncached), "{} without a cache", case.what);
    }
}

#[test]
fn eager_equals_fused_cached_equals_uncached_and_our_kernels_libtorchs() {
    for case in cases() {
        let ids = &case.golden["input_ids"];
        let expected = case.open("attention=eager,kernels=libtorch").logits(ids);
        for (attention, kernels) in
            [("eager", "native"), ("fused", "libtorch"), ("fused", "native"), ("fused", "native,fuse=joined")]
        {
            let what = format!("attention={attention},kernels={kernels}");
            let model = case.open(&what);
            case.close(&model.logits(ids), &expected, &what);
            // Where angles depend on how long the text is, keys that are kept were turned for a shorter one.
            if turns_by_length(&model.described) {
                continue;
            }
            // In pieces of several, one and several: every way in which a mask can stand to a cache.
            let mut cache = model.decoder.new_cache(1, 1);
            let mut pieces = Vec::new();
            let length = ids.size()[1];
            for (start, len) in [(0, 5), (5, 1), (6, 1), (7, length - 8), (length - 1, 1)] {
                let piece = ids.narrow(1, start, len);
                let mut unwatched = blockscope::engine::probe::Unwatched;
                let wanted = blockscope::engine::decoder::Wanted::All;
                pieces.push(
                    model.decoder.forward(&piece, Some(&mut cache), wanted, &mut Pass::new(&mut unwatched)).unwrap(),
                );
            }
            case.close(&Tensor::cat(&pieces, 1), &expected, &format!("{what} cached"));
        }
    }
}

fn turns_by_length(model: &arch::Model) -> bool {
    let rotations = model.stack.blocks.iter().filter_map(|block| block.attn.rotation.as_ref());
    rotations.into_iter().any(|rotation| rotation.depends_on_length())
}

#[test]
fn every_hook_that_a_model_names_is_lent_and_no_other() {
    for case in cases() {
        for attention in ["eager", "fused"] {
            let toggles = Toggles::default().with(&format!("attention={attention}")).unwrap();
            let model = case.open(&format!("attention={attention}"));
            let mut seen = Keep::default();
            let _logits = model.watched(&case.golden["input_ids"], &mut seen);
            let mut named: Vec<String> = model.described.hooks(&toggles).iter().map(|hook| hook.to_string()).collect();
            let mut lent: Vec<String> = seen.0.into_keys().collect();
            named.sort();
            lent.sort();
            assert_eq!(named, lent, "{} {attention}", case.what);
        }
    }
}

#[test]
fn hooks_of_heads_have_the_values_that_transformerlens_gives_them() {
    let model = Model::open(golden("llama").to_str().unwrap(), "attention=eager");
    let ids = tensors(&golden("llama").join("golden.safetensors")).remove("input_ids").unwrap();
    let mut seen = Keep::default();
    let _logits = model.watched(&ids, &mut seen);
    let attn = &model.described.stack.blocks[0].attn;
    let (t, h, g, d) = (ids.size()[1], attn.n_heads as i64, attn.n_kv_heads as i64, attn.d_head as i64);
    for (hook, heads) in [("q", h), ("k", g), ("v", g), ("z", h), ("rot_q", h), ("rot_k", g)] {
        let found = &seen.0[&format!("blocks.0.attn.hook_{hook}")];
        assert_eq!(found.size(), [1, t, heads, d], "[batch, position, head, d_head]: {hook}");
    }
    for (before, after) in [("q", "rot_q"), ("k", "rot_k")] {
        let [before, after] = [before, after].map(|hook| &seen.0[&format!("blocks.0.attn.hook_{hook}")]);
        let at = |x: &Tensor, position: i64| x.select(1, position);
        assert!(difference(&at(before, 0), &at(after, 0)) < 1e-6, "the first position is not turned");
        assert!(difference(&at(before, 5), &at(after, 5)) > 1e-3, "later ones are");
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
        for layer in 0..model.described.n_layers() {
            let hidden = seen.0[&format!("blocks.{layer}.hook_resid_pre")].select(0, 0).select(0, -1);
            assert!(difference(&hidden, &reference[&format!("hidden_last.{layer}")]) < 1e-3, "{prompt} {layer}");
            if let Some(expected) = reference.get(&format!("attentions.{layer}")) {
                let pattern = seen.0[&format!("blocks.{layer}.attn.hook_pattern")].squeeze_dim(0);
                assert!(difference(&pattern, expected) < 1e-3, "{prompt} {layer}");
            }
        }
    }
}
