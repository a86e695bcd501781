//! The second stage of a block: every position by itself, across its features.

use super::Result;
use super::linear::Linear;
use super::norm::Norm;
use super::probe::{Hook, Op, Pass};
use super::spec::Activation;
use tch::Tensor;

/// A two-layer perceptron, gated or plain.
pub struct Mlp {
    pub norm: Norm,
    /// Where there is one, its activation decides how much of `up` passes.
    pub gate: Option<Linear>,
    pub up: Linear,
    pub down: Linear,
    pub activation: Activation,
}

impl Mlp {
    /// [batch, T, d_model] → what the stage adds to it, of the same shape.
    pub fn forward(&self, x: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let x = pass.op(Op::MlpNorm, |_| Ok(self.norm.forward(x)))?;
        let hidden = match &self.gate {
            Some(gate) => {
                let gate = pass.op(Op::Gate, |_| Ok(gate.forward(&x)))?; // [batch, T, d_mlp]
                pass.hook(Hook::MlpPre, &gate);
                let up = pass.op(Op::Up, |_| Ok(self.up.forward(&x)))?;
                pass.op(Op::Act, |_| Ok(self.activation.of(&gate) * up))?
            }
            None => {
                let up = pass.op(Op::Up, |_| Ok(self.up.forward(&x)))?;
                pass.hook(Hook::MlpPre, &up);
                pass.op(Op::Act, |_| Ok(self.activation.of(&up)))?
            }
        };
        pass.hook(Hook::MlpPost, &hidden);
        pass.op(Op::Down, |_| Ok(self.down.forward(&hidden)))
    }
}

impl Activation {
    fn of(self, x: &Tensor) -> Tensor {
        match self {
            Activation::Silu => x.silu(),
            Activation::Gelu => x.gelu("none"),
            Activation::GeluTanh => x.gelu("tanh"),
        }
    }
}
