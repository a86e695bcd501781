//! The second stage of a block: every position by itself, across its features.

use super::linear::Linear;
use super::norm::Norm;
use super::probe::{Hook, Op, Pass};
use super::spec::Activation;
use super::toggles::Kernels;
use super::{Result, native};
use tch::Tensor;

/// A two-layer perceptron, gated or plain.
pub struct Mlp {
    pub norm: Norm,
    pub up: Up,
    pub down: Linear,
    pub activation: Activation,
    pub kernels: Kernels,
}

/// From d_model to d_mlp. The activation of a gate decides how much of `up` passes.
pub enum Up {
    Plain(Linear),
    Gated {
        gate: Linear,
        up: Linear,
    },
    /// Gate and up as one product, the gate first.
    Joined(Linear),
}

impl Mlp {
    /// [batch, T, d_model] → what the stage adds to it, of the same shape.
    pub fn forward(&self, x: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let x = pass.op(Op::MlpNorm, |_| Ok(self.norm.forward(x)))?;
        let (pre, up) = match &self.up {
            Up::Plain(up) => (pass.op(Op::Up, |_| Ok(up.forward(&x)))?, None),
            Up::Gated { gate, up } => {
                let gate = pass.op(Op::Gate, |_| Ok(gate.forward(&x)))?; // [batch, T, d_mlp]
                (gate, Some(pass.op(Op::Up, |_| Ok(up.forward(&x)))?))
            }
            Up::Joined(both) => {
                let both = pass.op(Op::GateUp, |_| Ok(both.forward(&x)))?; // [batch, T, 2 · d_mlp]
                let [gate, up] = [0, 1].map(|half| both.narrow(-1, half * both.size()[2] / 2, both.size()[2] / 2));
                (gate, Some(up))
            }
        };
        let pre = pass.hook(Hook::MlpPre, pre);
        let hidden = pass.op(Op::Act, |_| {
            Ok(match up {
                Some(up) => self.gated(&pre, &up),
                None => self.activation.of(&pre),
            })
        })?;
        let hidden = pass.hook(Hook::MlpPost, hidden);
        pass.op(Op::Down, |_| Ok(self.down.forward(&hidden)))
    }

    /// What the gate lets through. [batch, T, d_mlp], all three
    fn gated(&self, gate: &Tensor, up: &Tensor) -> Tensor {
        match (self.activation, self.kernels) {
            (Activation::Silu, Kernels::Native) if native::takes(&[gate, up]) => native::silu_mul(gate, up),
            _ => self.activation.of(gate) * up,
        }
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
