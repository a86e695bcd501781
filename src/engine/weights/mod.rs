//! From a file to tensors: what lies where a [`Stored`] says becomes the weight that a part expects.
//!
//! [`Parameters`] holds all weights of a model, checked before any is loaded.

pub mod gguf;
mod parameters;
pub mod random;
pub mod safetensors;

pub use parameters::{GATE_UP, Parameters, QKV};

use super::Result;
use super::matrix::Groups;
use crate::arch::inventory::TensorIndex;
use crate::arch::weight::{Stored, View};
use tch::Tensor;

/// A file, or a generator, of weights.
pub trait WeightSource: TensorIndex {
    /// Reads the tensor called `name`, in the format in which it rests or wider.
    ///
    /// # Errors
    /// The tensor cannot be read.
    fn tensor(&self, name: &str) -> Result<Tensor>;

    /// The tensor called `name` as four-bit groups, where it rests so: nothing is rounded a second time.
    ///
    /// # Errors
    /// The tensor cannot be read.
    fn groups(&self, _name: &str) -> Result<Option<Groups>> {
        Ok(None)
    }
}

/// The weight that is kept somewhere, in the format in which it rests or wider.
///
/// # Errors
/// It cannot be read.
pub fn read(source: &dyn WeightSource, stored: &Stored) -> Result<Tensor> {
    let tensors: Result<Vec<Tensor>> = stored.names().iter().map(|name| source.tensor(name)).collect();
    match (stored.view, tensors?.as_slice()) {
        (View::Each { .. }, rows) => Ok(Tensor::f_stack(rows, 0)?),
        (view, [one]) => viewed(view, one),
        (_, _) => unreachable!("only rows are several tensors"),
    }
}

/// The weight, given the tensor in the file. Of four-bit numbers, what is not the last dimension can be taken likewise.
///
/// # Errors
/// There is no memory for it.
pub fn viewed(view: View, tensor: &Tensor) -> Result<Tensor> {
    let shape = tensor.size();
    Ok(match view {
        // Reshaped are weights of pictures and sound: see support.
        View::Whole | View::Reshaped | View::Each { .. } => tensor.shallow_clone(),
        View::Transposed => tensor.f_tr()?,
        View::Rows { start, len, transposed } => {
            let whole = if transposed { tensor.f_tr()? } else { tensor.shallow_clone() };
            whole.f_narrow(0, start as i64, len as i64)?
        }
        View::OfGroups { of, start, len } => {
            let groups = tensor.f_unflatten(0, [-1, of as i64])?;
            groups.f_narrow(1, start as i64, len as i64)?.f_flatten(0, 1)?
        }
        View::Interleaved { heads, dims } => {
            // llama.cpp pairs neighbouring features; Hugging Face pairs a feature with the one half a rotation on.
            let (heads, dims) = (heads as i64, dims as i64);
            let by_head = tensor.f_unflatten(0, [heads, -1])?;
            let turned =
                by_head.f_narrow(1, 0, dims)?.f_unflatten(1, [dims / 2, 2])?.f_transpose(1, 2)?.f_flatten(1, 2)?;
            let rest = by_head.size()[1] - dims;
            let all = if rest == 0 { turned } else { Tensor::f_cat(&[turned, by_head.f_narrow(1, dims, rest)?], 1)? };
            all.f_reshape(&shape)?
        }
        View::LessOne => tensor.f_to_kind(tch::Kind::Float)?.f_add_scalar(1.0)?,
        View::From { start } => tensor.f_narrow(0, start as i64, shape[0] - start as i64)?,
    })
}
