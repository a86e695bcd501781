//! From a file to tensors: which weights a model has, where a file keeps them, and how they are turned
//! into what the parts expect.
//!
//! A weight has one name inside, its [`Key`]. A [`Source`](WeightSource) finds it under the name that
//! its file uses ([`Stored`]), and [`Parameters`] holds them all, checked before any is loaded.

pub mod gguf;
pub mod inventory;
mod parameters;
pub mod random;
pub mod safetensors;

pub use parameters::{GATE_UP, Parameters, QKV};

use super::Result;
use super::matrix::Groups;
use super::spec::{MlpKind, Norm, Positions, Spec};
use super::toggles::{Formats, Precision};
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

    /// Why some of these tensors cannot be read, before any is.
    fn refusal(&self, _names: &[String]) -> Option<String> {
        None
    }

    /// The tensor called `name` as four-bit groups, where it rests so: nothing is rounded a second time.
    ///
    /// # Errors
    /// The tensor cannot be read.
    fn groups(&self, _name: &str) -> Result<Option<Groups>> {
        Ok(None)
    }
}

impl Slot {
    /// Whether the product of this slot adds a bias.
    fn is_biased(self, spec: &Spec) -> bool {
        match self {
            Slot::Q | Slot::K | Slot::V => spec.biases.qkv,
            Slot::Out => spec.biases.out,
            Slot::Gate | Slot::Up | Slot::Down => spec.biases.mlp,
            _ => false,
        }
    }
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
            for slot in [Slot::Q, Slot::K, Slot::V, Slot::Out] {
                add(slot, block, slot.is_biased(spec));
            }
            add(Slot::MlpNorm, block, norm_bias);
            if matches!(spec.mlp, MlpKind::Gated(_)) {
                add(Slot::Gate, block, Slot::Gate.is_biased(spec));
            }
            for slot in [Slot::Up, Slot::Down] {
                add(slot, block, slot.is_biased(spec));
            }
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

    /// Whether it enters a product, or is the table of the embedding: what is not, is in the format of the
    /// activations.
    pub fn is_matrix(self) -> bool {
        !self.bias && !matches!(self.slot, Slot::AttnNorm | Slot::MlpNorm | Slot::FinalNorm | Slot::Positions)
    }

    /// The format in which it rests in memory.
    pub fn format(self, spec: &Spec, formats: &Formats) -> Precision {
        match self.slot {
            _ if !self.is_matrix() => formats.compute,
            Slot::LmHead => formats.lm_head,
            Slot::Embed if spec.tied => formats.lm_head,
            // It is looked up, not multiplied: finer numbers cost no time.
            Slot::Embed if formats.weights == Precision::Int4 => Precision::Int8,
            _ => formats.weights,
        }
    }

    /// Bytes that it takes in memory, scales included.
    fn bytes(self, spec: &Spec, formats: &Formats) -> u64 {
        let numbers: Vec<u64> = self.shape(spec).into_iter().map(|size| size as u64).collect();
        let inner = numbers.last().copied().unwrap_or(1);
        self.format(spec, formats).matrix_bytes(numbers.iter().product::<u64>() / inner.max(1), inner)
    }

    /// `weight` or `bias`: the last piece of its name in files.
    pub fn leaf(self) -> &'static str {
        if self.bias { "bias" } else { "weight" }
    }
}

/// Bytes of all weights as they lie in memory, scales included.
pub fn bytes(spec: &Spec, formats: &Formats) -> u64 {
    Key::of(spec).into_iter().map(|key| key.bytes(spec, formats)).sum()
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
    /// The numbers themselves in LibTorch's terms; of four bits, two share a byte.
    pub fn kind(self) -> Kind {
        match self {
            Precision::F32 => Kind::Float,
            Precision::Bf16 => Kind::BFloat16,
            Precision::F16 => Kind::Half,
            Precision::Int8 => Kind::Int8,
            Precision::Int4 => Kind::Uint8,
        }
    }
}
