//! Tensors to numbers and back, and memory that lies between them.

use crate::engine::allocator::trim;
use tch::{Kind, Tensor};

/// Token ids as the operators take them. [T]
pub fn whole_numbers(ids: &[u32]) -> Tensor {
    Tensor::from_slice(&ids.iter().map(|&id| i64::from(id)).collect::<Vec<_>>())
}

/// Positions from which on it pays to give memory back between blocks: what stays of each lies between large tensors
/// that go, and keeps their places from being used again.
const LONG: i64 = 1024;

/// Gives memory back that lies between what stays, of a text of so many positions if that is much.
pub fn trim_if_long(positions: i64) {
    if positions >= LONG {
        trim();
    }
}

/// The f32 numbers of a tensor, row by row.
pub fn numbers(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.to_kind(Kind::Float).contiguous().view(-1);
    let mut numbers = vec![0.0; flat.numel()];
    flat.copy_data(&mut numbers, flat.numel());
    numbers
}
