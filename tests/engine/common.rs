//! What several test files need: reference results, and a model that shows its activations.

use blockscope::arch::hook::Hook;
use blockscope::arch::path::Place;
use blockscope::arch::{self, Toggles};
use blockscope::engine::decoder::Wanted;
use blockscope::engine::probe::{Pass, Probe};
use blockscope::engine::source::Source;
use blockscope::engine::{Decoder, Device};
use blockscope::measure::{Control, Prompt, Request, Session};
use blockscope::record::{self, Event, Run, Status, Watched};
use safetensors::{Dtype, SafeTensors};
use std::collections::HashMap;
use std::path::PathBuf;
use tch::{Kind, Tensor};

/// The folder of a tiny model and its reference results.
pub fn golden(family: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden").join(family)
}

/// The folders of all tiny models that have reference results, by name.
pub fn tiny_models() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(golden("")).unwrap().map(|entry| entry.unwrap().path());
    let mut tiny: Vec<_> = folders.filter(|folder| folder.join("golden.safetensors").is_file()).collect();
    tiny.retain(|folder| folder.join("model.safetensors").is_file());
    tiny.sort();
    tiny
}

/// A loaded model on one thread: other tests need the other cores, and waiting for each other takes long.
pub fn open(named: &str, toggles: &str) -> Session {
    let toggles = Toggles::default().with("threads=1").unwrap().with(toggles).unwrap();
    Session::open(named, &toggles, &mut |_, _, _| true).unwrap_or_else(|error| panic!("{error}"))
}

/// What is asked for so many tokens of the same text every time, with every operator recorded.
pub fn request(prompt: u32, new_tokens: u32) -> Request {
    Request {
        prompt: Prompt::Synthetic(prompt),
        new_tokens,
        stop: false,
        watched: Watched::Operators,
        ..Request::default()
    }
}

/// A run from beginning to end.
pub fn run(session: &Session, request: &Request) -> Run {
    let mut run = Run::default();
    let status = session.run(request, &Control::default(), &mut |event: Event| run.apply(event));
    assert_eq!(status, Status::Done);
    run
}

/// The passes that were traced; plain ones stand before them.
pub fn traced(run: &Run) -> Vec<&record::Pass> {
    run.passes.iter().filter(|pass| pass.start.watched == Watched::Operators).collect()
}

/// The tensors of a safetensors file, floats as f32 and ids as i64.
pub fn tensors(path: &std::path::Path) -> HashMap<String, Tensor> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = |view: &safetensors::tensor::TensorView| {
        let kind = match view.dtype() {
            Dtype::F32 => Kind::Float,
            Dtype::I64 => Kind::Int64,
            other => panic!("unexpected {other:?}"),
        };
        let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
        Tensor::from_data_size(view.data(), &shape, kind)
    };
    file.tensors().iter().map(|(name, view)| (name.clone(), tensor(view))).collect()
}

/// A loaded model without a tokenizer.
pub struct Model {
    /// What it is.
    pub described: arch::Model,
    pub decoder: Decoder,
}

impl Model {
    pub fn open(named: &str, toggles: &str) -> Self {
        let toggles = Toggles::default().with(toggles).unwrap();
        let source = Source::open(named).unwrap();
        let parameters = source.load(&toggles, Device::Cpu, &mut |_, _| true).unwrap();
        Self { decoder: Decoder::new(&source.model, &parameters, &toggles), described: source.model }
    }

    /// f32 logits of all positions, without a cache. [1, T] → [1, T, d_vocab]
    pub fn logits(&self, ids: &Tensor) -> Tensor {
        self.watched(ids, &mut blockscope::engine::probe::Unwatched)
    }

    /// The same, watched.
    pub fn watched(&self, ids: &Tensor, probe: &mut dyn Probe) -> Tensor {
        let _no_grad = tch::no_grad_guard();
        self.decoder.forward(ids, None, Wanted::All, &mut Pass::new(probe)).unwrap()
    }

    /// Greedy continuation by `new` tokens, with or without a cache. Returns prompt and new ids.
    pub fn greedy(&self, ids: &[i64], new: usize, cached: bool) -> Vec<i64> {
        let _no_grad = tch::no_grad_guard();
        let mut cache = cached.then(|| self.decoder.new_cache(1, ids.len()));
        let mut ids = ids.to_vec();
        for _ in 0..new {
            let past = cache.as_ref().map_or(0, |cache| cache.len());
            let input = Tensor::from_slice(&ids[past..]).unsqueeze(0);
            let mut unwatched = blockscope::engine::probe::Unwatched;
            let mut pass = Pass::new(&mut unwatched);
            let logits = self.decoder.forward(&input, cache.as_mut(), Wanted::Last, &mut pass).unwrap();
            ids.push(logits.argmax(-1, false).int64_value(&[0, -1]));
        }
        ids
    }
}

/// Keeps a copy of every activation, by its full name.
#[derive(Default)]
pub struct Keep(pub HashMap<String, Tensor>);

impl Probe for Keep {
    fn hook(&mut self, hook: Place<Hook>, activation: Tensor) -> Tensor {
        self.0.insert(hook.to_string(), activation.copy());
        activation
    }
}

/// The largest difference, as a share of the largest reference value.
pub fn difference(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    let (found, expected) = (found.to_kind(Kind::Double), expected.to_kind(Kind::Double));
    ((found - &expected).abs().max() / expected.abs().max()).double_value(&[])
}
