//! The matrix of a product, in the format in which it rests in memory, and its product in the way that is
//! fastest for it.
//!
//! A kernel that multiplies packed numbers directly reads few bytes, which is what one new token wants; over many
//! positions it multiplies slowly, and the matrix is better widened first, for this one product. From how many
//! rows on is measured: `cargo bench --bench formats` (`docs/optimizations.md` has the figures).

mod int4;

pub use int4::{Groups, Int4};

use super::{Result, native};
use crate::arch::formats::Precision;
use crate::arch::toggles::Kernels;
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

/// Up to how many rows of activations a matrix is multiplied as it rests.
mod most_rows {
    /// By this program's own products.
    pub const F32: i64 = 1;
    pub const BF16: i64 = 4;
    pub const F16: i64 = 8;
    pub const INT4: i64 = 8;
    /// Where the result is wider than the weights, which then would all be widened to f32.
    pub const TO_F32: i64 = 32;
    /// By LibTorch's. In f16 it multiplies a vector faster than in any other float format, and a matrix far slower.
    pub const LIBTORCH_F16: i64 = 1;
    pub const INT8: i64 = 20;
}

/// So many numbers are widened at a time.
const STRIPE: i64 = 1 << 24;

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
            // Of what no f16 can say, the nearest: a finite weight stays finite.
            Precision::F16 => Self::Half(numbers.f_clamp(-65504.0, 65504.0)?.f_to_kind(Kind::Half)?.f_contiguous()?),
            Precision::Int8 => {
                let (values, scale) = in_eight_bits(&dense(Kind::Float)?)?;
                Self::Int8 { values, scale: scale.f_squeeze_dim(1)? }
            }
            Precision::Int4 => Self::Int4(Int4::pack(&Groups::of(&dense(Kind::Float)?)?)?),
        })
    }

    /// x·Wᵀ + b, [.., in] → [.., out] of the format `kind`, f32 or that of the activations. The bias of a dense matrix is
    /// in its format.
    pub fn product(&self, x: &Tensor, bias: Option<&Tensor>, kernels: Kernels, kind: Kind) -> Tensor {
        let rows = x.numel() as i64 / x.size()[x.dim() - 1].max(1);
        if rows <= self.most_rows(kernels, kind) {
            self.directly(x, bias, kernels, kind)
        } else {
            self.widened(x, bias, kernels, kind)
        }
    }

    /// Above so many rows it is widened first.
    fn most_rows(&self, kernels: Kernels, kind: Kind) -> i64 {
        match (self, kernels) {
            (Self::Dense(weight), Kernels::Native) if weight.kind() == Kind::Float => most_rows::F32,
            (Self::Dense(_) | Self::Half(_), Kernels::Native) if kind == Kind::Float => most_rows::TO_F32,
            (Self::Dense(_), Kernels::Native) => most_rows::BF16,
            (Self::Dense(_), Kernels::LibTorch) => i64::MAX,
            (Self::Half(_), Kernels::Native) => most_rows::F16,
            (Self::Half(_), Kernels::LibTorch) => most_rows::LIBTORCH_F16,
            (Self::Int8 { .. }, _) => most_rows::INT8,
            (Self::Int4(_), _) => most_rows::INT4,
        }
    }

    /// The product with the numbers as they rest.
    pub fn directly(&self, x: &Tensor, bias: Option<&Tensor>, kernels: Kernels, kind: Kind) -> Tensor {
        match (self, kernels) {
            (Self::Dense(weight) | Self::Half(weight), Kernels::Native) => native::linear(x, weight, bias, kind),
            (Self::Int4(weight), _) => weight.directly(x, bias, kind), // LibTorch has none for this order
            (Self::Dense(weight), Kernels::LibTorch) => x.to_kind(weight.kind()).linear(weight, bias).to_kind(kind),
            (Self::Half(weight), Kernels::LibTorch) => {
                biased(x.to_kind(Kind::Half).linear(weight, None::<&Tensor>), bias).to_kind(kind)
            }
            // As fast as one of our own would be.
            (Self::Int8 { values, scale }, _) => {
                let product = |x: &Tensor| x.internal_weight_int8pack_mm(values, scale);
                biased(by_rows(&x.to_kind(Kind::BFloat16), product), bias).to_kind(kind)
            }
        }
    }

    /// The product with all numbers brought to the format of the result, for this one time.
    pub fn widened(&self, x: &Tensor, bias: Option<&Tensor>, kernels: Kernels, kind: Kind) -> Tensor {
        let x = x.to_kind(kind);
        let product = |weight: &Tensor| dense(&x, weight, None, kernels);
        match self {
            Self::Dense(weight) if weight.kind() == kind => dense(&x, weight, bias, kernels),
            Self::Dense(weight) => biased(by_stripes(weight, |weight| product(&weight.to_kind(kind))), bias),
            // Through f32: there is a fast way there, and none straight to bf16.
            Self::Half(weight) => {
                biased(by_stripes(weight, |weight| product(&weight.to_kind(Kind::Float).to_kind(kind))), bias)
            }
            Self::Int8 { values, scale } => {
                biased(by_stripes(values, |values| product(&values.to_kind(kind))) * scale, bias)
            }
            Self::Int4(weight) => biased(product(&weight.widened().to_kind(kind)), bias),
        }
    }

    /// Rows by number: [..] → [.., in], f32 or as they rest.
    pub fn rows(&self, ids: &Tensor) -> Tensor {
        let taken = |table: &Tensor| Tensor::embedding(table, ids, -1, false, false);
        match self {
            Self::Dense(table) | Self::Half(table) => taken(table),
            Self::Int8 { values, scale } => {
                taken(values).to_kind(Kind::Float) * taken(&scale.unsqueeze(1)).to_kind(Kind::Float)
            }
            Self::Int4(table) => table.rows(ids),
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

    /// The same of what `place` makes of its tensors: copies elsewhere.
    ///
    /// # Errors
    /// Those of `place`.
    pub fn placed(&self, place: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        Ok(match self {
            Self::Dense(weight) => Self::Dense(place(weight)?),
            Self::Half(weight) => Self::Half(place(weight)?),
            Self::Int8 { values, scale } => Self::Int8 { values: place(values)?, scale: place(scale)? },
            Self::Int4(weight) => Self::Int4(weight.placed(place)?),
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

/// x·Wᵀ + b of one format of floats, over many rows.
fn dense(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, kernels: Kernels) -> Tensor {
    let by_onednn = (kernels, x.kind()) == (Kernels::Native, Kind::Float);
    let made = if by_onednn { native::linear_onednn(x, weight, bias) } else { None };
    made.unwrap_or_else(|| x.linear(weight, bias))
}

/// A product with the rows of a matrix some at a time: no large one is held a second time as a whole.
fn by_stripes(weight: &Tensor, product: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let [out, inner] = [weight.size()[0], weight.size()[1].max(1)];
    let rows = (STRIPE / inner).max(1);
    if out <= rows {
        return product(weight);
    }
    let starts = (0..out).step_by(rows as usize);
    Tensor::cat(&starts.map(|start| product(&weight.narrow(0, start, rows.min(out - start)))).collect::<Vec<_>>(), -1)
}

fn biased(product: Tensor, bias: Option<&Tensor>) -> Tensor {
    match bias {
        Some(bias) => product + bias,
        None => product,
    }
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
