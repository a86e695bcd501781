//! Rotary positions: each pair of features of a query or key is turned by an angle that grows with
//! its position, so that a score depends only on the distance (Su et al., arXiv:2104.09864).

use crate::arch::rotation::{self, Pairing};
use crate::engine::native::{self, Angles};
use tch::{Device, Kind, Tensor};

/// The frequencies of some layers, ready to make rotations.
pub struct Rotary {
    described: rotation::Rotation,
    /// Radians per position, of a text of any length; `None` where they depend on it. [dims / 2]
    frequencies: Option<Tensor>,
    device: Device,
    is_native: bool,
}

/// The rotation of each position of one pass.
pub struct Rotation {
    /// [T, dims / 2]
    cos: Tensor,
    sin: Tensor,
    pairing: Pairing,
    is_native: bool,
}

impl Rotary {
    pub fn new(described: &rotation::Rotation, device: Device, is_native: bool) -> Self {
        let frequencies = (!described.depends_on_length()).then(|| on(&described.frequencies(0), device));
        Self { described: described.clone(), frequencies, device, is_native }
    }

    /// The rotations of positions `past .. past + new`, once for all blocks, for activations of this format.
    pub fn rotation(&self, past: usize, new: usize, kind: Kind) -> Rotation {
        let made = self.frequencies.is_none().then(|| on(&self.described.frequencies(past + new), self.device));
        let frequencies = self.frequencies.as_ref().or(made.as_ref()).expect("one of the two is there");
        let positions = Tensor::arange_start(past as i64, (past + new) as i64, (Kind::Float, self.device));
        let angles = positions.outer(frequencies);
        let factor = self.described.attention_factor();
        let sharpened = |x: Tensor| if factor == 1.0 { x } else { x * factor };
        // LibTorch multiplies numbers of one format; ours takes the angles as they are.
        let kind = if self.is_native { Kind::Float } else { kind };
        Rotation {
            cos: sharpened(angles.cos()).to_kind(kind),
            sin: sharpened(angles.sin()).to_kind(kind),
            pairing: self.described.pairing,
            is_native: self.is_native,
        }
    }
}

fn on(frequencies: &[f32], device: Device) -> Tensor {
    Tensor::from_slice(frequencies).to_device(device)
}

impl Rotation {
    /// [batch, heads, T, d_head] → the same shape; the first `dims` features of each head turn. It may be done in place.
    pub fn apply(&self, x: Tensor) -> Tensor {
        if self.is_native && native::takes(&[&x]) {
            return native::rotated(&x, Angles { cos: &self.cos, sin: &self.sin }, self.pairing);
        }
        let (dims, all) = (2 * self.cos.size()[1], x.size()[3]);
        let turned = self.turned(&x.narrow(-1, 0, dims));
        if dims == all { turned } else { Tensor::cat(&[turned, x.narrow(-1, dims, all - dims)], -1) }
    }

    /// The same of features that all turn.
    fn turned(&self, x: &Tensor) -> Tensor {
        let cos = self.cos.to_kind(x.kind());
        let sin = self.sin.to_kind(x.kind());
        let turn = |a: &Tensor, b: &Tensor| (a * &cos - b * &sin, b * &cos + a * &sin);
        match self.pairing {
            Pairing::Halves => {
                let halves = x.chunk(2, -1);
                let (a, b) = turn(&halves[0], &halves[1]);
                Tensor::cat(&[a, b], -1)
            }
            Pairing::Interleaved => {
                let pairs = x.unflatten(-1, [-1, 2]);
                let (a, b) = turn(&pairs.select(-1, 0), &pairs.select(-1, 1));
                Tensor::stack(&[a, b], -1).flatten(-2, -1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_depends_only_on_the_distance() {
        for pairing in [Pairing::Halves, Pairing::Interleaved] {
            for dims in [16, 8] {
                let described = rotation::Rotation { dims, pairing, ..rotation::Rotation::plain(16, 10_000.0) };
                let rotary = Rotary::new(&described, Device::Cpu, false);
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
        }
    }
}
