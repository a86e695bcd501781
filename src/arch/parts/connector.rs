//! From the stack that reads a picture to the one that reads its result beside a text (Liu et al., arXiv:2304.08485).

use super::mlp::Activation;
use super::{Dim, Part, Surroundings, TensorShape};
use crate::arch::role::Role;
use crate::arch::weight::Slot;
use crate::arch::work::Work;
use serde::{Deserialize, Serialize};

/// Two products with a non-linearity between.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connector {
    /// Width of the stack that reads its result, and between the products.
    pub width: usize,
    pub activation: Activation,
    pub bias: bool,
}

impl Connector {
    pub fn describe(&self, around: &Surroundings) -> Vec<Part> {
        let positions = around.positions();
        let made = || vec![TensorShape::new("", &[positions, Dim::Size(self.width)])];
        let product = |name, slot, inner| around.product(name, &[(slot, self.width)], inner, self.bias);
        vec![
            Part { makes: made(), ..around.on_stream(Role::Connector, Work::Contains) },
            product(Role::ConnectorUp, Slot::ConnectorUp, around.d_model),
            Part {
                takes: made(),
                makes: made(),
                ..around.on_stream(Role::ConnectorAct, around.elementwise(2 * self.width))
            },
            product(Role::ConnectorDown, Slot::ConnectorDown, self.width),
        ]
    }
}
