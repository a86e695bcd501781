//! The matrix of a product, in the format in which it rests in memory, and its product in the way that is
//! fastest for it.
//!
//! A kernel that multiplies packed numbers directly reads few bytes, which is what one new token wants; over many
//! positions it multiplies slowly, and the matrix is better widened first, for this one product. From how many
//! rows on is measured: `cargo bench --bench formats` (`docs/optimizations.md` has the figures).

mod int4;

pub use int4::{Groups, Int4};

use super::Result;
use super::toggles::Precision;
use tch::{Kind, Tensor};

/// A matrix of `out` rows and `in` columns.
pub enum Matrix {
    /// f32 or bf16. [out, in]
    Dense(Tensor),
    /// f16. [out, in]
    Half(Tensor),
    Int8 {
        /// From −127 to 127. [out, in]
        values: Tensor,
        /// What one step of each row is, bf16. [out]
        scale: Tensor,
    },
    Int4(Int4),
}

/// Above so many rows of activations a matrix is widened first. LibTorch multiplies a vector in f16 faster than in
/// any other float format, and a matrix far slower.
const HALF_ROWS: i64 = 1;
const INT8_ROWS: i64 = 20;

impl Matrix {
    /// Numbers [out, in] of any format, in another.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn of(numbers: &Tensor, precision: Precision) -> Result<Self> {
        let dense = |kind| -> Result<Tensor> { Ok(numbers.f_to_kind(kind)?.f_contiguous()?) };
        Ok(match precision {
            Precision::F32 => Self::Dense(dense(Kind::Float)?),
            Precision::Bf16 => Self::Dense(dense(Kind::BFloat16)?),
            Precision::F16 => Self::Half(dense(Kind::Half)?),
            Precision::Int8 => {
                let (values, scale) = in_eight_bits(&dense(Kind::Float)?)?;
                Self::Int8 { values, scale: scale.f_squeeze_dim(1)? }
            }
            Precision::Int4 => Self::Int4(Int4::pack(&Groups::of(&dense(Kind::Float)?)?)?),
        })
    }

    /// x·Wᵀ + b, [.., in] → [.., out], in the format in which it was multiplied, or wider. The bias of a dense
    /// matrix is in its format.
    pub fn product(&self, x: &Tensor, bias: Option<&Tensor>) -> Tensor {
        if let Self::Dense(weight) = self {
            return x.to_kind(weight.kind()).linear(weight, bias);
        }
        let y = self.without_bias(x);
        match bias {
            Some(bias) => y + bias,
            None => y,
        }
    }

    fn without_bias(&self, x: &Tensor) -> Tensor {
        let rows = x.numel() as i64 / x.size()[x.dim() - 1].max(1);
        let most = match self {
            Self::Dense(_) => i64::MAX,
            Self::Half(_) => HALF_ROWS,
            Self::Int8 { .. } => INT8_ROWS,
            Self::Int4(weight) => weight.most_rows(),
        };
        if rows <= most { self.directly(x) } else { self.widened(x) }
    }

    /// x·Wᵀ with the numbers as they rest.
    pub fn directly(&self, x: &Tensor) -> Tensor {
        match self {
            Self::Dense(weight) => x.to_kind(weight.kind()).linear(weight, None::<&Tensor>),
            Self::Half(weight) => x.to_kind(Kind::Half).linear(weight, None::<&Tensor>),
            Self::Int8 { values, scale } => {
                by_rows(&x.to_kind(Kind::BFloat16), |x| x.internal_weight_int8pack_mm(values, scale))
            }
            Self::Int4(weight) => by_rows(&x.to_kind(Kind::BFloat16), |x| weight.directly(x)),
        }
    }

    /// x·Wᵀ with the numbers brought to a format that multiplies fast, for this one product.
    pub fn widened(&self, x: &Tensor) -> Tensor {
        match self {
            Self::Dense(_) => self.directly(x),
            // Through f32: there is a fast way there, and none straight to bf16.
            Self::Half(weight) => x.linear(&weight.to_kind(Kind::Float).to_kind(x.kind()), None::<&Tensor>),
            Self::Int8 { values, scale } => {
                x.to_kind(Kind::BFloat16).linear(&values.to_kind(Kind::BFloat16), None::<&Tensor>) * scale
            }
            Self::Int4(weight) => weight.widened(&x.to_kind(Kind::BFloat16)),
        }
    }

    /// Rows by number: [..] → [.., in], f32 or as they rest.
    ///
    /// # Panics
    /// The format does not give single rows: `Toggles::check` refuses it for an embedding.
    pub fn rows(&self, ids: &Tensor) -> Tensor {
        let taken = |table: &Tensor| Tensor::embedding(table, ids, -1, false, false);
        match self {
            Self::Dense(table) | Self::Half(table) => taken(table),
            Self::Int8 { values, scale } => {
                taken(values).to_kind(Kind::Float) * taken(&scale.unsqueeze(1)).to_kind(Kind::Float)
            }
            Self::Int4(_) => panic!("rows of packed blocks"),
        }
    }

    /// The tensors that it consists of.
    pub fn tensors(&self) -> Vec<&Tensor> {
        match self {
            Self::Dense(weight) | Self::Half(weight) => vec![weight],
            Self::Int8 { values, scale } => vec![values, scale],
            Self::Int4(weight) => weight.tensors(),
        }
    }

    /// The same matrix; its memory is shared.
    pub fn shared(&self) -> Self {
        match self {
            Self::Dense(weight) => Self::Dense(weight.shallow_clone()),
            Self::Half(weight) => Self::Half(weight.shallow_clone()),
            Self::Int8 { values, scale } => Self::Int8 { values: values.shallow_clone(), scale: scale.shallow_clone() },
            Self::Int4(weight) => Self::Int4(weight.shared()),
        }
    }

    /// The same, where `move_to` brings its tensors.
    ///
    /// # Errors
    /// Those of `move_to`.
    pub fn moved(self, move_to: impl Fn(Tensor) -> Result<Tensor>) -> Result<Self> {
        Ok(match self {
            Self::Dense(weight) => Self::Dense(move_to(weight)?),
            Self::Half(weight) => Self::Half(move_to(weight)?),
            Self::Int8 { values, scale } => Self::Int8 { values: move_to(values)?, scale: move_to(scale)? },
            // A device for which `Toggles::check` allows it is the processor.
            Self::Int4(weight) => Self::Int4(weight),
        })
    }
}

/// Steps from −127 to 127, and for each row along the last dimension what a step is, in bf16. [.., n] → [.., n] and
/// [.., 1]
///
/// # Errors
/// There is no memory for them.
pub(super) fn in_eight_bits(numbers: &Tensor) -> Result<(Tensor, Tensor)> {
    let numbers = numbers.f_to_kind(Kind::Float)?;
    let largest = numbers.f_abs()?.f_amax([-1].as_slice(), true)?;
    // The scale is rounded first: what it is worth then is what numbers are divided by.
    let scale = (largest / 127.0).clamp_min(f64::from(f32::MIN_POSITIVE)).f_to_kind(Kind::BFloat16)?;
    let steps = numbers.f_div(&scale.f_to_kind(Kind::Float)?)?.f_round()?.f_clamp(-127.0, 127.0)?;
    Ok((steps.f_to_kind(Kind::Int8)?, scale))
}

/// Does with [rows, in] what is wanted of [.., in].
fn by_rows(x: &Tensor, product: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let mut shape = x.size();
    let inner = shape.pop().unwrap_or(1);
    let made = product(&x.reshape([-1, inner]));
    shape.push(made.size()[1]);
    made.view(shape.as_slice())
}

#[cfg(test)]
mod tests;
