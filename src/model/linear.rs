//! A matrix product with an optional bias.

use tch::{Kind, Tensor};

/// y = x·Wᵀ + b, computed in the format of the weights; the activations keep theirs.
pub struct Linear {
    /// [out, in]
    weight: Tensor,
    /// [out]
    bias: Option<Tensor>,
}

impl Linear {
    pub fn new(weight: Tensor, bias: Option<Tensor>) -> Self {
        let bias = bias.map(|bias| bias.to_kind(weight.kind()));
        Self { weight, bias }
    }

    /// [.., in] → [.., out]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.forward_as(x, x.kind())
    }

    /// As [`Linear::forward`], with the result in a format of its own.
    pub fn forward_as(&self, x: &Tensor, kind: Kind) -> Tensor {
        x.to_kind(self.weight.kind()).linear(&self.weight, self.bias.as_ref()).to_kind(kind)
    }
}
