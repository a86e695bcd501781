//! Normalisation, position by position.

use crate::arch::parts::norm::{self, NormKind};
use crate::engine::native;
use tch::{Kind, Tensor};

/// RMSNorm or LayerNorm with its learned scale (and shift).
pub struct Norm {
    kind: NormKind,
    eps: f64,
    /// γ [d_model]
    scale: Tensor,
    /// β [d_model]
    shift: Option<Tensor>,
    /// Whether an operator of this program's own computes it.
    is_native: bool,
}

impl Norm {
    pub fn new(described: norm::Norm, scale: Tensor, shift: Option<Tensor>, is_native: bool) -> Self {
        Self { kind: described.kind, eps: described.eps, scale, shift, is_native }
    }

    /// [.., d] → the same shape. Of heads [batch, heads, T, d] each may have a scale of its own, γ [heads, d].
    pub fn forward(&self, x: &Tensor) -> Tensor {
        if self.is_native && native::takes(&[x, &self.scale]) {
            return match self.kind {
                NormKind::Rms => native::rms_norm(x, &self.scale, self.eps),
                NormKind::Layer => native::layer_norm(x, &self.scale, self.shift.as_ref(), self.eps),
            };
        }
        if self.scale.dim() == 1 {
            return self.along_last(x, Some(&self.scale), self.shift.as_ref());
        }
        let by_head = |numbers: &Tensor| numbers.unsqueeze(1); // [heads, 1, d]
        let scaled = self.along_last(x, None, None) * by_head(&self.scale);
        match &self.shift {
            Some(shift) => scaled + by_head(shift),
            None => scaled,
        }
    }

    fn along_last(&self, x: &Tensor, scale: Option<&Tensor>, shift: Option<&Tensor>) -> Tensor {
        let width = [x.size()[x.dim() - 1]];
        match self.kind {
            NormKind::Rms => x.rms_norm(width, scale, self.eps),
            NormKind::Layer => x.layer_norm(width, scale, shift, self.eps, false),
        }
    }

    /// What a summand of `whole` becomes, with the statistics of `whole` held fixed: γ⊙part/rms(whole), or
    /// γ⊙(part − mean(part))/σ(whole). Over summands of `whole` these add up to its norm less β, which is
    /// what makes direct logit attribution exact. [.., d_model], both
    pub fn frozen(&self, part: &Tensor, whole: &Tensor) -> Tensor {
        let mean = |x: &Tensor| x.mean_dim([-1].as_slice(), true, Kind::Float);
        let centred = |x: &Tensor| x - mean(x);
        let (part, spread) = match self.kind {
            NormKind::Rms => (part.to_kind(Kind::Float), mean(&whole.to_kind(Kind::Float).square())),
            NormKind::Layer => {
                let whole = whole.to_kind(Kind::Float);
                (centred(&part.to_kind(Kind::Float)), mean(&centred(&whole).square()))
            }
        };
        part * &self.scale / (spread + self.eps).sqrt()
    }

    /// β, where there is one. [d_model]
    pub fn shift(&self) -> Option<&Tensor> {
        self.shift.as_ref()
    }
}
