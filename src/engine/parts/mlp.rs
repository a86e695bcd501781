//! The second branch of a block: every position by itself, across its features.

use super::norm::Norm;
use crate::arch::hook::Hook;
use crate::arch::parts::mlp::Activation;
use crate::arch::role::Role;
use crate::engine::Result;
use crate::engine::linear::Linear;
use crate::engine::native::{self, Gate};
use crate::engine::probe::Pass;
use tch::Tensor;

/// A two-layer perceptron, gated or plain.
pub struct Mlp {
    pub norm: Option<Norm>,
    pub up: Up,
    pub down: Linear,
    pub activation: Activation,
    pub post_norm: Option<Norm>,
    /// In which operator of this program's own gate and up meet, if in any.
    pub native_gate: Option<Gate>,
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
    /// [batch, T, d_model] → what the branch adds to it, of the same shape.
    pub fn forward(&self, x: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let normed = match &self.norm {
            Some(norm) => Some(pass.op(Role::MlpNorm, |_| Ok(norm.forward(x)))?),
            None => None,
        };
        let x = normed.as_ref().unwrap_or(x);
        let (pre, up) = match &self.up {
            Up::Plain(up) => (pass.op(Role::Up, |_| Ok(up.forward(x)))?, None),
            Up::Gated { gate, up } => {
                let gate = pass.op(Role::Gate, |_| Ok(gate.forward(x)))?; // [batch, T, d_mlp]
                (gate, Some(pass.op(Role::Up, |_| Ok(up.forward(x)))?))
            }
            Up::Joined(both) => {
                let both = pass.op(Role::GateUp, |_| Ok(both.forward(x)))?; // [batch, T, 2 · d_mlp]
                let [gate, up] = [0, 1].map(|half| both.narrow(-1, half * both.size()[2] / 2, both.size()[2] / 2));
                (gate, Some(up))
            }
        };
        let pre = pass.hook(Hook::MlpPre, pre);
        let hidden = pass.op(Role::Act, |_| {
            Ok(match up {
                Some(up) => self.gated(&pre, &up),
                None => apply(self.activation, &pre),
            })
        })?;
        let hidden = pass.hook(Hook::MlpPost, hidden);
        let found = pass.op(Role::Down, |_| Ok(self.down.forward(&hidden)))?;
        match &self.post_norm {
            Some(norm) => pass.op(Role::MlpPostNorm, |_| Ok(norm.forward(&found))),
            None => Ok(found),
        }
    }

    /// What the gate lets through. [batch, T, d_mlp], all three
    fn gated(&self, gate: &Tensor, up: &Tensor) -> Tensor {
        match self.native_gate {
            Some(native) if native::takes(&[gate, up]) => native::gated(native, gate, up),
            _ => apply(self.activation, gate) * up,
        }
    }
}

/// The operator of this program's own in which a gate and what it lets through meet, where there is one.
pub fn native_gate(activation: Activation) -> Option<Gate> {
    match activation {
        Activation::Silu => Some(Gate::Silu),
        Activation::Gelu => Some(Gate::Gelu),
        Activation::GeluTanh => Some(Gate::GeluTanh),
        Activation::Relu | Activation::QuickGelu => None,
    }
}

fn apply(activation: Activation, x: &Tensor) -> Tensor {
    match activation {
        Activation::Silu => x.silu(),
        Activation::Gelu => x.gelu("none"),
        Activation::GeluTanh => x.gelu("tanh"),
        Activation::Relu => x.relu(),
        Activation::QuickGelu => x * (x * 1.702).sigmoid(),
    }
}
