//! From a spectrogram to the residual stream (Radford et al., arXiv:2212.04356).

use super::{Dim, Part, Rows, Surroundings, TensorShape, Weights};
use crate::arch::hook::Hook;
use crate::arch::role::Role;
use crate::arch::weight::Slot;
use crate::arch::work::Work;
use serde::{Deserialize, Serialize};

/// Two convolutions over time, each over three neighbouring frames; the second keeps every other one, to which positions
/// are added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frames {
    /// Bands of the spectrogram.
    pub bands: usize,
    /// Positions that remain.
    pub positions: usize,
}

/// Neighbouring frames that a convolution reads.
const NEIGHBOURS: usize = 3;

impl Frames {
    pub fn describe(&self, around: &Surroundings) -> Vec<Part> {
        let d = around.d_model;
        let convolution = |name, slot, channels: usize, frames: usize| {
            let inner = channels * NEIGHBOURS;
            let work = Work::Product {
                inner,
                out: d,
                shifts: d,
                weights: around.format(slot),
                activations: around.activations(),
            };
            Part {
                weights: vec![Weights::Product { rows: vec![(slot, d)], inner, bias: true }],
                rows: Rows::Fixed(frames),
                makes: vec![TensorShape::new("", &[Dim::Size(frames), Dim::Size(d)])],
                ..around.on_stream(name, work)
            }
        };
        let frames = 2 * self.positions;
        let near = Part {
            takes: vec![TensorShape::new("spectrogram", &[Dim::Size(self.bands), Dim::Size(frames)])],
            ..convolution(Role::Frames, Slot::Frames, self.bands, frames)
        };
        let mut halved = Part {
            takes: near.makes.clone(),
            hooks: vec![Hook::Embed],
            ..convolution(Role::FramesHalved, Slot::FramesHalved, d, self.positions)
        };
        let table = Weights::Vector { slot: Slot::Positions, shape: vec![self.positions, d], bias: false };
        halved.weights.push(table);
        vec![near, halved]
    }
}
