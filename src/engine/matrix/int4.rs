//! Weights of four bits: groups of neighbours in a row share a scale and a zero.

use crate::arch::formats::GROUP;
use crate::engine::{Result, native};
use tch::{Device, Kind, Tensor};

const GROUP_SIZE: i64 = GROUP as i64;
/// Bytes behind the last row: a step of the product reads so many at once (`native/int4.h`).
const BEYOND: i64 = 64;

/// Four-bit numbers as they are read or made: w = q·scale + least.
pub struct Groups {
    /// From 0 to 15, one a byte. [out, in]
    pub q: Tensor,
    /// f32. [out, in / 32]
    pub scale: Tensor,
    /// What q = 0 is worth, f32. [out, in / 32]
    pub least: Tensor,
}

/// Four-bit numbers as the product wants them, row by row.
pub struct Int4 {
    /// Two numbers a byte, the first in its lower half. [out · in / 2 + 64]
    packed: Tensor,
    /// f16: scale and least number of each group. [out · in / 16 + 32]
    groups: Tensor,
    shape: [i64; 2],
}

impl Groups {
    /// The nearest of 16 steps between the least and the greatest of each group. [out, in], f32
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn of(numbers: &Tensor) -> Result<Self> {
        let out = numbers.size()[0];
        let groups = numbers.f_reshape([out, -1, GROUP_SIZE])?;
        let least = groups.f_amin([2].as_slice(), true)?;
        let scale = (groups.f_amax([2].as_slice(), true)? - &least) / 15.0;
        // A group of equal numbers has no steps; any divisor leaves it at 0.
        let q = ((groups - &least) / scale.clamp_min(f64::from(f32::MIN_POSITIVE))).f_round()?.f_clamp(0.0, 15.0)?;
        Ok(Self {
            q: q.f_to_kind(Kind::Uint8)?.f_reshape([out, -1])?,
            scale: scale.f_squeeze_dim(2)?,
            least: least.f_squeeze_dim(2)?,
        })
    }

    /// The rows of several matrices, one below the other.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn stacked(parts: &[Self]) -> Result<Self> {
        let stack = |of: fn(&Self) -> &Tensor| -> Result<Tensor> {
            Ok(Tensor::f_cat(&parts.iter().map(of).collect::<Vec<_>>(), 0)?)
        };
        Ok(Self { q: stack(|part| &part.q)?, scale: stack(|part| &part.scale)?, least: stack(|part| &part.least)? })
    }
}

impl Int4 {
    /// Puts the numbers into the product's order. They stay exactly what they are; scales and least numbers are rounded
    /// to f16, in which files have them.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn pack(groups: &Groups) -> Result<Self> {
        let shape = <[i64; 2]>::try_from(groups.q.size().as_slice()).expect("a matrix");
        let pairs = groups.q.f_reshape([-1, 2])?;
        let packed = pairs.f_select(1, 0)? + pairs.f_select(1, 1)? * 16;
        let beyond = |length, kind| Tensor::f_zeros([length], (kind, Device::Cpu));
        let packed = Tensor::f_cat(&[packed, beyond(BEYOND, Kind::Uint8)?], 0)?;
        let groups = Tensor::f_stack(&[&groups.scale, &groups.least], 2)?.f_reshape([-1])?;
        // Of what no f16 can say, the nearest: a file's numbers stay finite.
        let groups = groups.f_clamp(-65504.0, 65504.0)?.f_to_kind(Kind::Half)?;
        let groups = Tensor::f_cat(&[groups, beyond(BEYOND / 2, Kind::Half)?], 0)?;
        Ok(Self { packed, groups, shape })
    }

    /// x·Wᵀ + b by this program's product for few rows, [.., in] → [.., out].
    pub(super) fn directly(&self, x: &Tensor, bias: Option<&Tensor>, kind: Kind) -> Tensor {
        native::linear_int4(x, self.packed(), bias, kind)
    }

    fn packed(&self) -> native::Packed<'_> {
        native::Packed { packed: &self.packed, groups: &self.groups, shape: self.shape }
    }

    /// In bf16, for one product. [out, in]
    pub(super) fn widened(&self) -> Tensor {
        native::int4_dequantised(self.packed())
    }

    /// Rows by number: [..] → f32 [.., in].
    pub(super) fn rows(&self, ids: &Tensor) -> Tensor {
        let [out, inner] = self.shape;
        let taken = |table: &Tensor, each: i64| {
            let table = table.narrow(0, 0, out * each).view([out, each]);
            Tensor::embedding(&table, ids, -1, false, false)
        };
        let bytes = taken(&self.packed, inner / 2);
        let q = Tensor::stack(&[bytes.bitwise_and(15), bytes.bitwise_right_shift_tensor_scalar(4)], -1);
        let groups = taken(&self.groups, inner / GROUP_SIZE * 2).to_kind(Kind::Float).unflatten(-1, [-1, 2]);
        let of_groups = |which| groups.select(-1, which).unsqueeze(-1); // [.., in / 32, 1]
        let q = q.flatten(-2, -1).unflatten(-1, [-1, GROUP_SIZE]).to_kind(Kind::Float);
        (q * of_groups(0) + of_groups(1)).flatten(-2, -1)
    }

    pub(super) fn tensors(&self) -> Vec<&Tensor> {
        vec![&self.packed, &self.groups]
    }

    pub(super) fn placed(&self, place: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        Ok(Self { packed: place(&self.packed)?, groups: place(&self.groups)?, shape: self.shape })
    }

    pub(super) fn shared(&self) -> Self {
        Self { packed: self.packed.shallow_clone(), groups: self.groups.shallow_clone(), shape: self.shape }
    }
}
