//! Normalisation of the residual stream, position by position.

use super::native;
use super::spec::Norm as Kind;
use super::toggles::Kernels;
use tch::{Kind as Compute, Tensor};

/// RMSNorm or LayerNorm with its learned scale (and shift).
pub struct Norm {
    kind: Kind,
    /// γ [d_model]
    scale: Tensor,
    /// β [d_model]
    shift: Option<Tensor>,
    kernels: Kernels,
}

impl Norm {
    /// What a summand of `whole` becomes, with the statistics of `whole` held fixed: γ⊙part/rms(whole), or
    /// γ⊙(part − mean(part))/σ(whole). Over summands of `whole` these add up to its norm less β, which is
    /// what makes direct logit attribution exact. [.., d_model], both
    pub fn frozen(&self, part: &Tensor, whole: &Tensor) -> Tensor {
        let mean = |x: &Tensor| x.mean_dim([-1].as_slice(), true, Compute::Float);
        let centred = |x: &Tensor| x - mean(x);
        let (part, spread, eps) = match self.kind {
            Kind::Rms { eps } => (part.to_kind(Compute::Float), mean(&whole.to_kind(Compute::Float).square()), eps),
            Kind::Layer { eps } => {
                let whole = whole.to_kind(Compute::Float);
                (centred(&part.to_kind(Compute::Float)), mean(&centred(&whole).square()), eps)
            }
        };
        part * &self.scale / (spread + eps).sqrt()
    }

    /// β, where there is one. [d_model]
    pub fn shift(&self) -> Option<&Tensor> {
        self.shift.as_ref()
    }

    pub fn new(kind: Kind, scale: Tensor, shift: Option<Tensor>, kernels: Kernels) -> Self {
        Self { kind, scale, shift, kernels }
    }

    /// [batch, T, d_model] → the same shape.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match self.kind {
            Kind::Rms { eps } if self.kernels == Kernels::Native && native::takes(&[x, &self.scale]) => {
                native::rms_norm(x, &self.scale, eps)
            }
            Kind::Rms { eps } => x.rms_norm(self.scale.size(), Some(&self.scale), eps),
            Kind::Layer { eps } => x.layer_norm(self.scale.size(), Some(&self.scale), self.shift.as_ref(), eps, false),
        }
    }
}
