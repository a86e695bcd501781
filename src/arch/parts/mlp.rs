//! The second branch of a block: every position by itself, across its features.

use super::experts::Experts;
use super::norm::Norm;
use super::{Part, Surroundings};
use crate::arch::formats::Fuse;
use crate::arch::hook::Hook;
use crate::arch::path::Instance;
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
    /// Of the sum, after its result was added: what the stream is from there on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum_norm: Option<Norm>,
    /// Where it is many, among which a router chooses: `d_mlp` is the width of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experts: Option<Experts>,
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
    /// x · σ(1.702 x)
    QuickGelu,
}

impl Activation {
    /// By the name that `config.json` gives it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "silu" | "swish" => Some(Activation::Silu),
            "gelu" => Some(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Some(Activation::GeluTanh),
            "relu" => Some(Activation::Relu),
            "quick_gelu" => Some(Activation::QuickGelu),
            _ => None,
        }
    }
}

impl Mlp {
    /// Of such a width, with nothing beside its products.
    pub fn plain(d_mlp: usize, kind: MlpKind, activation: Activation) -> Self {
        Self { d_mlp, kind, activation, bias: false, norm: None, post_norm: None, sum_norm: None, experts: None }
    }

    pub fn describe(&self, around: &Surroundings) -> Vec<Part> {
        let mut parts = vec![around.on_stream(Role::Mlp, Work::Contains)];
        if let Some(norm) = self.norm {
            parts.push(norm.describe(Role::MlpNorm, Slot::MlpNorm, around));
        }
        match &self.experts {
            None => parts.extend(self.products(self.d_mlp, around)),
            Some(experts) => {
                let expert = |around: &Surroundings, width| {
                    let whole = around.on_stream(Role::Mlp, Work::Contains);
                    std::iter::once(whole).chain(self.products(width, around)).collect::<Vec<_>>()
                };
                parts.extend([experts.router(around), around.on_stream(Role::Experts, Work::Contains)]);
                parts.extend(experts.each(around).flat_map(|around| expert(&around, self.d_mlp)));
                let shared = experts.shared.map(|width| expert(&around.within(Instance::Shared), width));
                parts.extend(shared.into_iter().flatten());
                parts.push(experts.combine(around));
            }
        }
        if let Some(norm) = self.post_norm {
            parts.push(norm.describe(Role::MlpPostNorm, Slot::MlpPostNorm, around));
        }
        parts[0].hooks.push(Hook::MlpOut);
        parts
    }

    /// What one MLP of hidden width `f` computes.
    fn products(&self, f: usize, around: &Surroundings) -> Vec<Part> {
        let d = around.d_model;
        let up = |name, slots: &[Slot]| {
            let rows: Vec<(Slot, usize)> = slots.iter().map(|&slot| (slot, f)).collect();
            around.product(name, &rows, d, self.bias)
        };
        let mut parts = Vec::new();
        match (self.kind, around.toggles.fuse) {
            (MlpKind::Gated, Fuse::Joined) => parts.push(up(Role::GateUp, &[Slot::Gate, Slot::Up])),
            (MlpKind::Gated, Fuse::Separate) => {
                parts.extend([up(Role::Gate, &[Slot::Gate]), up(Role::Up, &[Slot::Up])]);
            }
            (MlpKind::Plain, _) => parts.push(up(Role::Up, &[Slot::Up])),
        }
        parts[0].hooks.push(Hook::MlpPre);
        let read = if self.kind == MlpKind::Gated { 2 } else { 1 };
        let hidden = || vec![around.wide(f)];
        parts.push(Part {
            takes: hidden(),
            makes: hidden(),
            hooks: vec![Hook::MlpPost],
            ..around.on_stream(Role::Act, around.elementwise((read + 1) * f))
        });
        parts.push(around.product(Role::Down, &[(Slot::Down, d)], f, self.bias));
        parts
    }
}
