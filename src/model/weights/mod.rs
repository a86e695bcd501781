//! From a file to tensors: which weights a model has, where a file keeps them, and how they are turned
//! into what the parts expect.
//!
//! A weight has one name inside, its [`Key`]. A [`Source`](WeightSource) finds it under the name that
//! its file uses ([`Stored`]), and [`Parameters`] holds them all, checked before any is loaded.

pub mod gguf;
pub mod inventory;
pub mod random;
pub mod safetensors;

use super::allocator::{Tag, tagged};
use super::spec::{MlpKind, Norm, Positions, Spec};
use super::toggles::Precision;
use super::{Device, Error, Result};
use std::collections::HashMap;
use std::path::Path;
use tch::{Kind, Tensor};

/// What a weight is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    Embed,
    Positions,
    AttnNorm,
    Q,
    K,
    V,
    Out,
    MlpNorm,
    Gate,
    Up,
    Down,
    FinalNorm,
    LmHead,
}

/// One weight of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub slot: Slot,
    /// The block that it belongs to, if any.
    pub block: Option<usize>,
    pub bias: bool,
}

/// Where a file keeps a weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub name: String,
    /// The shape of the tensor in the file, outermost dimension first.
    pub shape: Vec<usize>,
    pub view: View,
}

/// How the tensor in the file becomes the weight, always [out, in].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Whole,
    /// Stored [in, out].
    Transposed,
    /// Some of the output rows of a joined tensor, which may itself be stored [in, out].
    Rows {
        start: usize,
        len: usize,
        transposed: bool,
    },
    /// Each head's rows alternate between the two halves that rotate together.
    Interleaved {
        heads: usize,
    },
}

/// A file, or a generator, of weights.
pub trait WeightSource {
    /// What it is called in messages.
    fn path(&self) -> &Path;

    /// Where it keeps a weight.
    fn stored(&self, spec: &Spec, key: Key) -> Stored;

    /// The shape of the tensor called `name`; `None` if there is no such tensor.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Reads the tensor called `name`, in the format in which it rests or wider.
    ///
    /// # Errors
    /// The tensor cannot be read.
    fn tensor(&self, name: &str) -> Result<Tensor>;
}

/// All weights of a model: matrices in the precision that was asked for, vectors in that of the
/// activations.
pub struct Parameters {
    tensors: HashMap<Key, Tensor>,
}

impl Parameters {
    /// Checks that `source` has every weight of `spec` in its right shape, then loads them to `device`.
    /// `progress` is told how many of them are done and how many there are, and may end it.
    ///
    /// # Errors
    /// All missing and misshapen tensors together; or the first that cannot be read;
    /// [`Error::Cancelled`] when `progress` returns false.
    pub fn load(
        source: &dyn WeightSource,
        spec: &Spec,
        (weights, compute): (Precision, Precision),
        device: Device,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Self> {
        let _tagged = tagged(Tag::Weights);
        let keys = Key::of(spec);
        check(source, spec, &keys)?;
        let mut tensors = HashMap::with_capacity(keys.len());
        for (done, &key) in keys.iter().enumerate() {
            if !progress(done, keys.len()) {
                return Err(Error::Cancelled);
            }
            let stored = source.stored(spec, key);
            let kind = if key.is_matrix() { weights.kind() } else { compute.kind() };
            let tensor = stored.view.of(&source.tensor(&stored.name)?)?;
            tensors.insert(key, device.take(tensor.f_to_kind(kind)?.f_contiguous()?)?);
        }
        progress(keys.len(), keys.len());
        Ok(Self { tensors })
    }

    /// The weight `slot` of `block`; shares its memory.
    ///
    /// # Panics
    /// The spec that these were loaded for has no such weight.
    pub fn weight(&self, slot: Slot, block: Option<usize>) -> Tensor {
        self.tensors[&Key { slot, block, bias: false }].shallow_clone()
    }

    /// Its bias, where it has one.
    pub fn bias(&self, slot: Slot, block: Option<usize>) -> Option<Tensor> {
        self.tensors.get(&Key { slot, block, bias: true }).map(Tensor::shallow_clone)
    }
}

/// All missing and misshapen tensors, in one error.
fn check(source: &dyn WeightSource, spec: &Spec, keys: &[Key]) -> Result<()> {
    let mut problems = Vec::new();
    for &key in keys {
        let stored = source.stored(spec, key);
        let problem = match source.shape(&stored.name) {
            None => format!("  {}: missing; expected shape {:?}", stored.name, stored.shape),
            Some(shape) if shape != stored.shape => {
                format!("  {}: expected shape {:?}, found {shape:?}", stored.name, stored.shape)
            }
            Some(_) => continue,
        };
        // Queries, keys and values may be parts of one tensor: one complaint is enough.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Tensors { path: source.path().to_owned(), problems }) }
}

impl Key {
    /// Every weight that a model of this shape has.
    pub fn of(spec: &Spec) -> Vec<Key> {
        let norm_bias = matches!(spec.norm, Norm::Layer { .. });
        let mut keys = Vec::new();
        let mut add = |slot, block, biased| {
            keys.push(Key { slot, block, bias: false });
            if biased {
                keys.push(Key { slot, block, bias: true });
            }
        };
        add(Slot::Embed, None, false);
        if spec.positions == Positions::Learned {
            add(Slot::Positions, None, false);
        }
        for block in (0..spec.n_layers).map(Some) {
            add(Slot::AttnNorm, block, norm_bias);
            for slot in [Slot::Q, Slot::K, Slot::V] {
                add(slot, block, spec.biases.qkv);
            }
            add(Slot::Out, block, spec.biases.out);
            add(Slot::MlpNorm, block, norm_bias);
            if matches!(spec.mlp, MlpKind::Gated(_)) {
                add(Slot::Gate, block, spec.biases.mlp);
            }
            add(Slot::Up, block, spec.biases.mlp);
            add(Slot::Down, block, spec.biases.mlp);
        }
        add(Slot::FinalNorm, None, norm_bias);
        if !spec.tied {
            add(Slot::LmHead, None, false);
        }
        keys
    }

    /// The shape of the weight: `[out, in]`, or `[out]` for a vector.
    pub fn shape(self, spec: &Spec) -> Vec<usize> {
        let (out, inner) = match self.slot {
            Slot::Embed | Slot::LmHead => (spec.d_vocab, Some(spec.d_model)),
            Slot::Positions => (spec.n_ctx, Some(spec.d_model)),
            Slot::AttnNorm | Slot::MlpNorm | Slot::FinalNorm => (spec.d_model, None),
            Slot::Q => (spec.d_attn(), Some(spec.d_model)),
            Slot::K | Slot::V => (spec.d_kv(), Some(spec.d_model)),
            Slot::Out => (spec.d_model, Some(spec.d_attn())),
            Slot::Gate | Slot::Up => (spec.d_mlp, Some(spec.d_model)),
            Slot::Down => (spec.d_model, Some(spec.d_mlp)),
        };
        match inner {
            Some(inner) if !self.bias => vec![out, inner],
            _ => vec![out],
        }
    }

    /// Whether it enters a product (and takes the precision of the weights).
    pub fn is_matrix(self) -> bool {
        !self.bias && !matches!(self.slot, Slot::AttnNorm | Slot::MlpNorm | Slot::FinalNorm)
    }

    /// `weight` or `bias`: the last piece of its name in files.
    pub fn leaf(self) -> &'static str {
        if self.bias { "bias" } else { "weight" }
    }
}

/// The name that every GGUF architecture gives to a weight.
pub fn gguf_name_of(key: Key) -> String {
    let module = match key.slot {
        Slot::Embed => "token_embd",
        Slot::Positions => "position_embd",
        Slot::FinalNorm => "output_norm",
        Slot::LmHead => "output",
        Slot::AttnNorm => "attn_norm",
        Slot::Q => "attn_q",
        Slot::K => "attn_k",
        Slot::V => "attn_v",
        Slot::Out => "attn_output",
        Slot::MlpNorm => "ffn_norm",
        Slot::Gate => "ffn_gate",
        Slot::Up => "ffn_up",
        Slot::Down => "ffn_down",
    };
    let prefix = key.block.map_or(String::new(), |block| format!("blk.{block}."));
    format!("{prefix}{module}.{}", key.leaf())
}

impl Stored {
    /// A weight that is a tensor of its own, as it should be.
    pub fn whole(name: String, shape: Vec<usize>) -> Self {
        Self { name, shape, view: View::Whole }
    }
}

impl View {
    /// The weight, given the tensor in the file.
    fn of(self, tensor: &Tensor) -> Result<Tensor> {
        Ok(match self {
            View::Whole => tensor.shallow_clone(),
            View::Transposed => tensor.f_tr()?,
            View::Rows { start, len, transposed } => {
                let whole = if transposed { tensor.f_tr()? } else { tensor.shallow_clone() };
                whole.f_narrow(0, start as i64, len as i64)?
            }
            View::Interleaved { heads } => {
                // llama.cpp pairs neighbouring features; Hugging Face pairs a feature with the one half a head on.
                let shape = tensor.size();
                let half = shape[0] / heads as i64 / 2;
                let split = [&[heads as i64, half, 2], &shape[1..]].concat();
                tensor.f_reshape(&split)?.f_transpose(1, 2)?.f_reshape(&shape)?
            }
        })
    }
}

impl Precision {
    /// The same in LibTorch's terms.
    pub fn kind(self) -> Kind {
        match self {
            Precision::F32 => Kind::Float,
            Precision::Bf16 => Kind::BFloat16,
        }
    }
}
