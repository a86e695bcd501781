//! What a part should cost: floating-point operations and compulsory traffic, by formula.
//!
//! One multiply–add is 2 FLOPs. Element-wise work, softmax, norms and gathers count 0 FLOPs, as in
//! `torch.utils.flop_counter`: their cost is traffic. Bytes are inputs, weights and outputs, each once,
//! in the formats of the configuration, scales included. Attention counts the full square of the queries and keys
//! that it is given, which is what the kernels compute or skip at their own discretion; the causal-exact figure is
//! smaller.

use super::formats::Precision;
use super::mask::{Mask, QueryChunk};
use crate::units::{Bytes, Flops};
use std::ops::Add;

/// Modelled work and traffic of one part in one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    pub flops: Flops,
    pub bytes: Bytes,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { flops: self.flops + other.flops, bytes: self.bytes + other.bytes }
    }
}

/// The shape of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassShape {
    pub batch: usize,
    /// Positions computed.
    pub new: usize,
    /// Positions in the cache before.
    pub past: usize,
    /// Positions whose logits are computed.
    pub logits: usize,
}

/// What a part does, as far as it costs something. Widths are numbers, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It contains others, and does nothing beside them.
    Contains,
    /// Rows of a table by number, and of a second one for the positions where they are learned.
    LookUp {
        width: usize,
        table: Precision,
        learned_positions: bool,
        /// Whether a row of a third table, by the kind of the token, is added.
        token_types: bool,
        activations: Precision,
    },
    /// A matrix product of every position.
    Product {
        inner: usize,
        out: usize,
        /// Numbers that are added to each row of the result.
        shifts: usize,
        weights: Precision,
        activations: Precision,
    },
    /// The product whose result is the logits, in f32, of the positions whose logits are wanted.
    Head {
        inner: usize,
        out: usize,
        bias: bool,
        weights: Precision,
        activations: Precision,
    },
    /// Numbers that are read and written: for each sequence and position, for each position, and once. `of_logits`:
    /// the positions whose logits are wanted.
    Elementwise {
        per_row: usize,
        per_position: usize,
        once: usize,
        of_logits: bool,
        activations: Precision,
    },
    /// Keys and values come in and are written; in another format all of them are converted to be used.
    Cache {
        heads: Heads,
        kept: Precision,
    },
    /// Q·Kᵀ
    Scores {
        heads: Heads,
    },
    Softmax {
        heads: Heads,
    },
    /// The pattern times V.
    Values {
        heads: Heads,
    },
    /// Scores, softmax and values in one.
    Fused {
        heads: Heads,
    },
}

/// The heads of an attention, for its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    pub n_heads: usize,
    pub n_kv_heads: usize,
    pub d_head: usize,
    pub mask: Mask,
    /// Positions of the stack that is read, where that is another one.
    pub source: Option<usize>,
    pub activations: Precision,
}

impl Work {
    /// In one pass.
    pub fn cost(self, shape: PassShape) -> Cost {
        let [batch, new, logits] = [shape.batch, shape.new, shape.logits].map(|n| n as u64);
        let moved = |bytes: u64| Cost { flops: Flops(0), bytes: Bytes(bytes) };
        match self {
            Work::Contains => Cost::default(),
            Work::LookUp { width, table, learned_positions, token_types, activations } => {
                let (width, number) = (width as u64, activations.row_bytes(1));
                let learned = if learned_positions { new * width * number } else { 0 };
                let by_type = if token_types { 8 + width * number } else { 0 };
                moved(batch * new * (8 + width * number + table.row_bytes(width) + by_type) + learned)
            }
            Work::Product { inner, out, shifts, weights, activations } => {
                let (rows, inner, out) = (batch * new, inner as u64, out as u64);
                let numbers = rows * inner + shifts as u64 + rows * out;
                let bytes = numbers * activations.row_bytes(1) + weights.matrix_bytes(out, inner);
                Cost { flops: Flops(2 * rows * inner * out), bytes: Bytes(bytes) }
            }
            Work::Head { inner, out, bias, weights, activations } => {
                let (rows, inner, out) = (batch * logits, inner as u64, out as u64);
                let bytes = rows * (inner * activations.row_bytes(1) + out * 4)
                    + u64::from(bias) * out * activations.row_bytes(1)
                    + weights.matrix_bytes(out, inner);
                Cost { flops: Flops(2 * rows * inner * out), bytes: Bytes(bytes) }
            }
            Work::Elementwise { per_row, per_position, once, of_logits, activations } => {
                let positions = if of_logits { logits } else { new };
                let numbers = batch * positions * per_row as u64 + positions * per_position as u64 + once as u64;
                moved(numbers * activations.row_bytes(1))
            }
            Work::Cache { heads, kept } => {
                let (d, activations) = (heads.d_head as u64, heads.activations);
                let written = heads.mask.kept(shape.new) as u64;
                let (row, kept_row) = (activations.row_bytes(1) * d, kept.row_bytes(d));
                let read = if kept == activations { 0 } else { heads.keys(shape) * (kept_row + row) };
                moved(2 * batch * heads.n_kv_heads as u64 * (written * (row + kept_row) + read))
            }
            Work::Scores { heads } | Work::Values { heads } => {
                let numbers = heads.query_numbers(shape) + heads.key_numbers(shape) + heads.pattern_numbers(shape);
                Cost {
                    flops: Flops(heads.square(shape, new, heads.keys(shape))),
                    bytes: Bytes(numbers * heads.activations.row_bytes(1)),
                }
            }
            Work::Softmax { heads } => moved(2 * heads.pattern_numbers(shape) * heads.activations.row_bytes(1)),
            Work::Fused { heads } => {
                let of =
                    |chunk: &QueryChunk| 2 * heads.square(shape, chunk.queries.len() as u64, chunk.n_keys() as u64);
                let flops = match heads.source {
                    Some(_) => 2 * heads.square(shape, new, heads.keys(shape)),
                    None => heads.mask.chunks(shape.past, shape.new).iter().map(of).sum(),
                };
                let numbers = 2 * heads.query_numbers(shape) + 2 * heads.key_numbers(shape);
                Cost { flops: Flops(flops), bytes: Bytes(numbers * heads.activations.row_bytes(1)) }
            }
        }
    }
}

impl Heads {
    fn keys(self, shape: PassShape) -> u64 {
        self.source.unwrap_or_else(|| self.mask.keys(shape.past, shape.new)) as u64
    }

    /// FLOPs of every query with every key: d_head multiply–adds each.
    fn square(self, shape: PassShape, queries: u64, keys: u64) -> u64 {
        2 * (shape.batch * self.n_heads * self.d_head) as u64 * queries * keys
    }

    fn query_numbers(self, shape: PassShape) -> u64 {
        (shape.batch * self.n_heads * shape.new * self.d_head) as u64
    }

    fn key_numbers(self, shape: PassShape) -> u64 {
        (shape.batch * self.n_kv_heads * self.d_head) as u64 * self.keys(shape)
    }

    fn pattern_numbers(self, shape: PassShape) -> u64 {
        (shape.batch * self.n_heads * shape.new) as u64 * self.keys(shape)
    }
}
