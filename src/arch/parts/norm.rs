//! Normalisation, of the residual stream or of queries and keys.

use super::{Part, Surroundings, Weights};
use crate::arch::role::Role;
use crate::arch::weight::Slot;
use crate::arch::work::Work;
use serde::{Deserialize, Serialize};

/// A norm with a learned scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Norm {
    pub kind: NormKind,
    pub eps: f64,
    /// Whether a learned shift is added.
    pub shift: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormKind {
    /// x / rms(x) · γ (Zhang & Sennrich, arXiv:1910.07467).
    Rms,
    /// (x − mean) / σ · γ (+ β) (Ba et al., arXiv:1607.06450).
    Layer,
}

impl Norm {
    pub const fn rms(eps: f64) -> Self {
        Self { kind: NormKind::Rms, eps, shift: false }
    }

    /// With a shift.
    pub const fn layer(eps: f64) -> Self {
        Self { kind: NormKind::Layer, eps, shift: true }
    }

    /// # Errors
    /// Its ε is no small number of at least 0, in words.
    pub fn validate(self) -> Result<(), String> {
        match (0.0..1.0).contains(&self.eps) {
            true => Ok(()),
            false => Err(format!("the ε of a norm is {}; expected a number from 0 to 1", self.eps)),
        }
    }

    /// What a norm of the residual stream says of itself.
    pub fn describe(self, name: Role, slot: Slot, around: &Surroundings) -> Part {
        let d = around.d_model;
        let work = Work::Elementwise {
            per_row: 2 * d,
            per_position: 0,
            once: if self.shift { 2 * d } else { d },
            of_logits: name == Role::FinalNorm,
            activations: around.activations(),
        };
        Part {
            weights: vec![Weights::Vector { slot, shape: vec![d], bias: self.shift }],
            ..around.on_stream(name, work)
        }
    }
}
