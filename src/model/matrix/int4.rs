//! Weights of four bits: groups of neighbours in a row share a scale and a zero.

use crate::model::Result;
use crate::model::toggles::GROUP;
use tch::{Device, Kind, Tensor};
use torch_sys::C_tensor;

const GROUP_SIZE: i64 = GROUP as i64;

/// Above so many rows of activations the matrix is widened to bf16 first.
const INT4_ROWS: i64 = 24;

/// Four-bit numbers as they are read or made: w = q·scale + least.
pub struct Groups {
    /// From 0 to 15, one a byte. [out, in]
    pub q: Tensor,
    /// f32. [out, in / 32]
    pub scale: Tensor,
    /// What q = 0 is worth, f32. [out, in / 32]
    pub least: Tensor,
}

/// Four-bit numbers as LibTorch's product for the CPU wants them: w = (q − 8)·scale + zero.
pub struct Int4 {
    /// [out, in / 2], in an order of the kernel's own.
    packed: Tensor,
    /// bf16. [in / 32, out, 2]
    scale_zero: Tensor,
    /// How many rows a block of that order has, where it is the one that is known how to unpack.
    rows: Option<i64>,
    out: i64,
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
    /// Puts the numbers into the kernel's order. They stay exactly what they are; scales and zeros are rounded
    /// to bf16.
    ///
    /// # Errors
    /// The kernel does not take a matrix of this shape.
    pub fn pack(groups: &Groups) -> Result<Self> {
        let out = groups.q.size()[0];
        let packed = groups.q.f_to_kind(Kind::Int)?.f_internal_convert_weight_to_int4pack_for_cpu(1)?;
        let zero = &groups.least + &groups.scale * 8.0;
        let scale_zero = Tensor::f_stack(&[&groups.scale, &zero], 2)?; // [out, in / 32, 2]
        let scale_zero = scale_zero.f_transpose(0, 1)?.f_contiguous()?.f_to_kind(Kind::BFloat16)?;
        Ok(Self { rows: known_order(&packed, &groups.q)?, packed, scale_zero, out })
    }

    /// For how many rows of activations at most the packed numbers are multiplied as they are.
    pub(super) fn most_rows(&self) -> i64 {
        if self.rows.is_some() { INT4_ROWS } else { i64::MAX }
    }

    /// bf16 x·Wᵀ, [rows, in] → [rows, out], by LibTorch's kernel for packed numbers.
    pub(super) fn directly(&self, x: &Tensor) -> Tensor {
        x.internal_weight_int4pack_mm_for_cpu(&self.packed, GROUP_SIZE, &self.scale_zero)
    }

    /// The same of [.., in] with the numbers unpacked first, where it is known how.
    pub(super) fn widened(&self, x: &Tensor) -> Tensor {
        match self.rows {
            Some(block) => x.matmul(&self.transposed(block)),
            None => super::by_rows(x, |x| self.directly(x)),
        }
    }

    /// Wᵀ in bf16, for one product. [in, out]
    fn transposed(&self, block: i64) -> Tensor {
        let inner = self.scale_zero.size()[0] * GROUP_SIZE;
        let mut made = Tensor::empty([inner, self.out], (Kind::BFloat16, Device::Cpu));
        // SAFETY: all three are alive, contiguous and of the shapes and formats that it says (`pack`), and nobody
        // else has the one that is written to.
        unsafe {
            blockscope_int4_dequantise(self.packed.as_ptr(), self.scale_zero.as_ptr(), made.as_mut_ptr(), block);
        }
        made
    }

    pub(super) fn tensors(&self) -> Vec<&Tensor> {
        vec![&self.packed, &self.scale_zero]
    }

    pub(super) fn shared(&self) -> Self {
        let (packed, scale_zero) = (self.packed.shallow_clone(), self.scale_zero.shallow_clone());
        Self { packed, scale_zero, ..*self }
    }
}

/// The order of the kernel depends on the processor. Those that are known have blocks of 64 or 32 rows; in a
/// block, for each column, the low halves of the bytes are the first half of its rows and the high halves the
/// second. Whether it is one of them is seen by unpacking. `None`: the kernel is then used for any number of rows.
fn known_order(packed: &Tensor, q: &Tensor) -> Result<Option<i64>> {
    let (out, inner) = (q.size()[0], q.size()[1]);
    for block in [64, 32] {
        if out % block != 0 {
            continue;
        }
        let bytes = packed.f_view([out / block, inner, block / 2])?;
        let halves = [bytes.f_bitwise_and(15)?, bytes.f_bitwise_right_shift_tensor_scalar(4)?];
        let unpacked = Tensor::f_cat(&halves, 2)?.f_transpose(1, 2)?.f_reshape([out, inner])?;
        if unpacked.f_equal(q)? {
            return Ok(Some(block));
        }
    }
    Ok(None)
}

// native/int4.h
unsafe extern "C" {
    fn blockscope_int4_dequantise(
        packed: *const C_tensor,
        scale_zero: *const C_tensor,
        transposed: *mut C_tensor,
        rows: i64,
    );
}
