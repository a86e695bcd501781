//! Rotary positions: each pair of features of a query or key is turned by an angle that grows with
//! its position, so that a score depends only on the distance (Su et al., arXiv:2104.09864).

use super::native;
use super::spec::{Rope, RopeScaling};
use super::toggles::Kernels;
use std::f64::consts::TAU;
use tch::{Device, Kind, Tensor};

/// The frequencies of a model, ready to make rotations.
pub struct Rotary {
    /// Radians per position. [d_head / 2]
    frequencies: Tensor,
    kernels: Kernels,
}

/// The rotation of each position of one pass.
pub struct Rotation {
    /// [T, d_head / 2]
    cos: Tensor,
    sin: Tensor,
    kernels: Kernels,
}

impl Rotary {
    pub fn new(rope: &Rope, d_head: usize, device: Device, kernels: Kernels) -> Self {
        Self { frequencies: Tensor::from_slice(&frequencies(rope, d_head)).to_device(device), kernels }
    }

    /// The rotations of positions `past .. past + new`, once for all blocks, for activations of this format.
    pub fn rotation(&self, past: usize, new: usize, kind: Kind) -> Rotation {
        let device = self.frequencies.device();
        let positions = Tensor::arange_start(past as i64, (past + new) as i64, (Kind::Float, device));
        let angles = positions.outer(&self.frequencies);
        // LibTorch multiplies numbers of one format; ours takes the angles as they are.
        let kind = if self.kernels == Kernels::Native { Kind::Float } else { kind };
        Rotation { cos: angles.cos().to_kind(kind), sin: angles.sin().to_kind(kind), kernels: self.kernels }
    }
}

impl Rotation {
    /// [batch, heads, T, d_head] → the same shape; feature i turns with feature i + d_head / 2. It may be done in place.
    pub fn apply(&self, x: Tensor) -> Tensor {
        if self.kernels == Kernels::Native && native::takes(&[&x]) {
            return native::rotated(&x, (&self.cos, &self.sin));
        }
        let halves = x.chunk(2, -1);
        let (a, b) = (&halves[0], &halves[1]);
        Tensor::cat(&[a * &self.cos - b * &self.sin, b * &self.cos + a * &self.sin], -1)
    }
}

/// θ^(−2i/d) for each pair i, stretched as the model wants.
fn frequencies(rope: &Rope, d_head: usize) -> Vec<f32> {
    let half = d_head / 2;
    let base = |pair: usize| rope.theta.powf(-(2.0 * pair as f64) / d_head as f64);
    let stretched = |pair: usize| {
        let frequency = base(pair);
        match &rope.scaling {
            RopeScaling::Default => frequency,
            RopeScaling::Linear { factor } => frequency / factor,
            RopeScaling::PerFrequency(divisors) => frequency / f64::from(divisors[pair]),
            RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_n_ctx } => {
                // Waves that fit often into the original context stay; those that barely fit are stretched.
                let turns = original_n_ctx * frequency / TAU;
                let kept = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                frequency * kept + frequency / factor * (1.0 - kept)
            }
        }
    };
    (0..half).map(|pair| stretched(pair) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rope(scaling: RopeScaling) -> Rope {
        Rope { theta: 10_000.0, scaling }
    }

    #[test]
    fn a_score_depends_only_on_the_distance() {
        let rotary = Rotary::new(&rope(RopeScaling::Default), 16, Device::Cpu, Kernels::LibTorch);
        let q = Tensor::randn([1, 1, 1, 16], (Kind::Double, Device::Cpu));
        let k = Tensor::randn([1, 1, 1, 16], (Kind::Double, Device::Cpu));
        let score = |m, n| {
            let q = rotary.rotation(m, 1, Kind::Double).apply(q.shallow_clone());
            let k = rotary.rotation(n, 1, Kind::Double).apply(k.shallow_clone());
            (q * k).sum(Kind::Double).double_value(&[])
        };
        assert!((score(7, 3) - score(107, 103)).abs() < 1e-4);
        assert!((score(7, 3) - score(7, 4)).abs() > 1e-4);
    }

    #[test]
    fn scaling_stretches_what_it_should() {
        let default = frequencies(&rope(RopeScaling::Default), 64);
        let linear = frequencies(&rope(RopeScaling::Linear { factor: 4.0 }), 64);
        assert!(default.iter().zip(&linear).all(|(a, b)| (a / b - 4.0).abs() < 1e-5));
        let llama3 =
            RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_n_ctx: 8192.0 };
        let llama3 = frequencies(&rope(llama3), 64);
        assert_eq!(llama3[0], default[0], "the fastest wave is kept");
        assert!((default[31] / llama3[31] - 8.0).abs() < 1e-4, "the slowest is stretched in full");
    }
}
