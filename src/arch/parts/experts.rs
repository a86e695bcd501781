//! A mixture of experts: MLPs among which a router chooses a few for each position (Shazeer et al., arXiv:1701.06538;
//! Jiang et al., arXiv:2401.04088).

use super::{Dim, Part, Rows, Surroundings, TensorShape};
use crate::arch::path::Instance;
use crate::arch::role::Role;
use crate::arch::weight::Slot;
use serde::{Deserialize, Serialize};

/// What makes many of one MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experts {
    pub n: usize,
    /// How many compute for a position.
    pub per_token: usize,
    /// Whether the weights of those chosen are made to add up to 1.
    pub normalized: bool,
    /// Hidden width of the one beside them that every position passes, where there is one.
    pub shared: Option<usize>,
}

impl Experts {
    /// What scores them for each position. [T, d_model] → [T, n]
    pub fn router(self, around: &Surroundings) -> Part {
        around.product(Role::Router, &[(Slot::Router, self.n)], around.d_model, false)
    }

    /// Where the experts are, one by one.
    pub fn each<'a>(self, around: &'a Surroundings) -> impl Iterator<Item = Surroundings<'a>> {
        (0..self.n).map(move |number| {
            let rows = Rows::Routed { number, experts: self.n, per_token: self.per_token };
            Surroundings { rows, ..around.within(Instance::Expert(number)) }
        })
    }

    /// What adds up what the experts of a position made. [T, experts of a position, d_model] → [T, d_model]
    pub fn combine(self, around: &Surroundings) -> Part {
        let d = around.d_model;
        let read = self.per_token + usize::from(self.shared.is_some());
        let takes = vec![TensorShape::new("", &[around.positions(), Dim::Size(read), Dim::Size(d)])];
        Part { takes, ..around.on_stream(Role::Combine, around.elementwise((read + 1) * d)) }
    }
}
