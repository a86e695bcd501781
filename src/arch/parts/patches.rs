//! From a picture to the residual stream (Dosovitskiy et al., arXiv:2010.11929).

use super::norm::Norm;
use super::{Dim, Part, Rows, Surroundings, TensorShape, Weights};
use crate::arch::hook::Hook;
use crate::arch::role::Role;
use crate::arch::weight::Slot;
use crate::arch::work::Work;
use serde::{Deserialize, Serialize};

/// Squares of a picture, each of which one product makes a vector of; a vector of its own stands before them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Patches {
    /// Pixels of a side of the picture.
    pub image: usize,
    /// Pixels of a side of a patch.
    pub patch: usize,
    /// Numbers of a pixel.
    pub channels: usize,
    pub bias: bool,
    /// After positions were added.
    pub norm: Option<Norm>,
}

impl Patches {
    /// Patches of a picture.
    pub fn n(&self) -> usize {
        (self.image / self.patch.max(1)).saturating_pow(2)
    }

    pub fn describe(&self, around: &Surroundings) -> Vec<Part> {
        let (d, patches) = (around.d_model, self.n());
        let inner = self.channels * self.patch * self.patch;
        let mut parts = vec![Part {
            weights: vec![
                Weights::Product { rows: vec![(Slot::Patches, d)], inner, bias: self.bias },
                Weights::Vector { slot: Slot::ClassToken, shape: vec![d], bias: false },
                Weights::Vector { slot: Slot::Positions, shape: vec![patches + 1, d], bias: false },
            ],
            takes: vec![TensorShape::new(
                "picture",
                &[Dim::Size(self.channels), Dim::Size(self.image), Dim::Size(self.image)],
            )],
            hooks: if self.norm.is_none() { vec![Hook::Embed] } else { Vec::new() },
            rows: Rows::Fixed(patches),
            ..around.on_stream(
                Role::Patches,
                Work::Product {
                    inner,
                    out: d,
                    shifts: if self.bias { d } else { 0 },
                    weights: around.format(Slot::Patches),
                    activations: around.activations(),
                },
            )
        }];
        if let Some(norm) = self.norm {
            parts.push(Part { hooks: vec![Hook::Embed], ..norm.describe(Role::EmbedNorm, Slot::EmbedNorm, around) });
        }
        parts
    }
}
