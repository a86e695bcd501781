//! The second branch of a block: every position by itself, across its features.

use super::norm::Norm;
use super::{Part, Surroundings};
use crate::arch::formats::Fuse;
use crate::arch::hook::Hook;
use crate::arch::role::Role;
use crate::arch::weight::Slot;
use crate::arch::work::Work;
use serde::{Deserialize, Serialize};

/// A two-layer perceptron, gated or plain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mlp {
    /// The hidden width.
    pub d_mlp: usize,
    pub kind: MlpKind,
    pub activation: Activation,
    /// Whether its products add a bias.
    pub bias: bool,
    /// Before it; `None` where the block has one for both branches, or none.
    pub norm: Option<Norm>,
    /// After it, before its result is added.
    pub post_norm: Option<Norm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MlpKind {
    /// down(act(gate(x)) ⊙ up(x)) (Shazeer, arXiv:2002.05202).
    Gated,
    /// down(act(up(x)))
    Plain,
}

/// The non-linearity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// x · σ(x)
    Silu,
    /// x · Φ(x)
    Gelu,
    /// The tanh approximation of GELU (`gelu_new`, `gelu_pytorch_tanh`).
    GeluTanh,
    /// max(x, 0)
    Relu,
}

impl Activation {
    /// By the name that `config.json` gives it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "silu" | "swish" => Some(Activation::Silu),
            "gelu" => Some(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Some(Activation::GeluTanh),
            "relu" => Some(Activation::Relu),
            _ => None,
        }
    }
}

impl Mlp {
    pub fn describe(&self, around: &Surroundings) -> Vec<Part> {
        let (d, f) = (around.d_model, self.d_mlp);
        let mut parts = vec![around.on_stream(Role::Mlp, Work::Contains)];
        if let Some(norm) = self.norm {
            parts.push(norm.describe(Role::MlpNorm, Slot::MlpNorm, around));
        }
        let up = |name, slots: &[Slot]| {
            let rows: Vec<(Slot, usize)> = slots.iter().map(|&slot| (slot, f)).collect();
            around.product(name, &rows, d, self.bias)
        };
        let first = parts.len();
        match (self.kind, around.toggles.fuse) {
            (MlpKind::Gated, Fuse::Joined) => parts.push(up(Role::GateUp, &[Slot::Gate, Slot::Up])),
            (MlpKind::Gated, Fuse::Separate) => {
                parts.extend([up(Role::Gate, &[Slot::Gate]), up(Role::Up, &[Slot::Up])]);
            }
            (MlpKind::Plain, _) => parts.push(up(Role::Up, &[Slot::Up])),
        }
        parts[first].hooks.push(Hook::MlpPre);
        let read = if self.kind == MlpKind::Gated { 2 } else { 1 };
        let activation = Work::Elementwise {
            per_row: (read + 1) * f,
            per_position: 0,
            once: 0,
            of_logits: false,
            activations: around.activations(),
        };
        let hidden = || vec![super::TensorShape::rows(f)];
        parts.push(Part {
            takes: hidden(),
            makes: hidden(),
            hooks: vec![Hook::MlpPost],
            ..around.on_stream(Role::Act, activation)
        });
        parts.push(around.product(Role::Down, &[(Slot::Down, d)], f, self.bias));
        if let Some(norm) = self.post_norm {
            parts.push(norm.describe(Role::MlpPostNorm, Slot::MlpPostNorm, around));
        }
        parts[0].hooks.push(Hook::MlpOut);
        parts
    }
}
