//! A matrix product with an optional bias.

use super::matrix::Matrix;
use crate::arch::toggles::Kernels;
use tch::{Kind, Tensor};

/// y = m · (x·Wᵀ + b). The weights rest and are multiplied in a format of their own; the activations keep theirs.
pub struct Linear {
    matrix: Matrix,
    /// [out]
    bias: Option<Tensor>,
    /// m
    multiplier: f64,
    /// Whose operators multiply.
    kernels: Kernels,
}

impl Linear {
    pub fn new(matrix: Matrix, bias: Option<Tensor>) -> Self {
        let bias = match &matrix {
            Matrix::Dense(weight) => bias.map(|bias| bias.to_kind(weight.kind())),
            _ => bias,
        };
        Self { matrix, bias, multiplier: 1.0, kernels: Kernels::LibTorch }
    }

    /// The same, multiplied by these kernels.
    pub fn by(self, kernels: Kernels) -> Self {
        Self { kernels, ..self }
    }

    /// The same, with its result multiplied.
    pub fn times(self, multiplier: f64) -> Self {
        Self { multiplier, ..self }
    }

    /// [.., in] → [.., out]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.forward_as(x, x.kind())
    }

    /// As [`Linear::forward`], with the result in a format of its own.
    pub fn forward_as(&self, x: &Tensor, kind: Kind) -> Tensor {
        self.multiplied(self.matrix.product(x, self.bias.as_ref(), self.kernels, kind))
    }

    /// m · x·Wᵀ alone, in f32: what parts of an input make of the output, which b is no part of. [.., in] → [.., out]
    pub fn unbiased(&self, x: &Tensor) -> Tensor {
        self.multiplied(self.matrix.product(x, None, self.kernels, Kind::Float))
    }

    /// m · b, where there is one, in f32. [out]
    pub fn bias(&self) -> Option<Tensor> {
        self.bias.as_ref().map(|bias| self.multiplied(bias.to_kind(Kind::Float)))
    }

    /// The same; its memory is shared.
    pub fn shared(&self) -> Self {
        Self { matrix: self.matrix.shared(), bias: self.bias.as_ref().map(Tensor::shallow_clone), ..*self }
    }

    /// The tensors that it consists of.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.matrix.tensors().into_iter().chain(&self.bias)
    }

    fn multiplied(&self, y: Tensor) -> Tensor {
        if self.multiplier == 1.0 { y } else { y * self.multiplier }
    }
}
