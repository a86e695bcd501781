//! What several quantities are made of.

use crate::engine::Result;
use tch::Tensor;

/// A share as a percentage; of nothing it is no number.
pub fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole as f64
}

/// The model's first choice after each position, of its logits. [T, d_vocab] → [T]
pub fn choices(logits: &Tensor) -> Result<Vec<i64>> {
    Ok(Vec::try_from(logits.argmax(-1, false))?)
}
