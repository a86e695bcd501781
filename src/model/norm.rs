//! Normalisation of the residual stream, position by position.

use super::spec::Norm as Kind;
use tch::{Device, Tensor};

/// RMSNorm or LayerNorm with its learned scale (and shift).
pub struct Norm {
    kind: Kind,
    /// γ [d_model]
    scale: Tensor,
    /// β [d_model]
    shift: Option<Tensor>,
}

impl Norm {
    pub fn new(kind: Kind, scale: Tensor, shift: Option<Tensor>) -> Self {
        Self { kind, scale, shift }
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.scale.device()
    }

    /// [batch, T, d_model] → the same shape.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match self.kind {
            Kind::Rms { eps } => x.rms_norm(self.scale.size(), Some(&self.scale), eps),
            Kind::Layer { eps } => x.layer_norm(self.scale.size(), Some(&self.scale), self.shift.as_ref(), eps, false),
        }
    }
}
