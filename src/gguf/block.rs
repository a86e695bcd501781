//! The number formats that can be read: how many values share a block, how many bytes it takes, and what the
//! values are. The arithmetic is candle's.

use super::TensorType;
use candle_core::quantized::GgmlType;
use candle_core::quantized::k_quants::*;
use half::{bf16, f16};
use rayon::prelude::*;
use std::borrow::Cow;
use std::fmt;

/// How the values of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(non_camel_case_types)] // the field's own spelling
pub enum BlockType {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
}

/// Evaluates `$body` with `$block` naming the Rust type of a block of `$kind`.
macro_rules! with_block {
    ($kind:expr, $block:ident => $body:expr) => {
        match $kind {
            BlockType::F32 => {
                type $block = f32;
                $body
            }
            BlockType::F16 => {
                type $block = f16;
                $body
            }
            BlockType::BF16 => {
                type $block = bf16;
                $body
            }
            BlockType::Q4_0 => {
                type $block = BlockQ4_0;
                $body
            }
            BlockType::Q4_1 => {
                type $block = BlockQ4_1;
                $body
            }
            BlockType::Q5_0 => {
                type $block = BlockQ5_0;
                $body
            }
            BlockType::Q5_1 => {
                type $block = BlockQ5_1;
                $body
            }
            BlockType::Q8_0 => {
                type $block = BlockQ8_0;
                $body
            }
            BlockType::Q2_K => {
                type $block = BlockQ2K;
                $body
            }
            BlockType::Q3_K => {
                type $block = BlockQ3K;
                $body
            }
            BlockType::Q4_K => {
                type $block = BlockQ4K;
                $body
            }
            BlockType::Q5_K => {
                type $block = BlockQ5K;
                $body
            }
            BlockType::Q6_K => {
                type $block = BlockQ6K;
                $body
            }
        }
    };
}

impl TensorType {
    /// The same as something that can be read, if it can be.
    pub fn readable(self) -> Option<BlockType> {
        BlockType::ALL.into_iter().find(|kind| kind.number() == self.number())
    }
}

impl From<BlockType> for TensorType {
    fn from(kind: BlockType) -> Self {
        Self::of(kind.number())
    }
}

impl BlockType {
    /// Every type that can be read, from the widest to the narrowest.
    pub const ALL: [BlockType; 13] = [
        BlockType::F32,
        BlockType::F16,
        BlockType::BF16,
        BlockType::Q8_0,
        BlockType::Q6_K,
        BlockType::Q5_0,
        BlockType::Q5_1,
        BlockType::Q5_K,
        BlockType::Q4_0,
        BlockType::Q4_1,
        BlockType::Q4_K,
        BlockType::Q3_K,
        BlockType::Q2_K,
    ];

    /// As GGUF files and their names spell it: `Q4_1`.
    pub fn name(self) -> Cow<'static, str> {
        TensorType::from(self).name()
    }

    /// Values in a block.
    pub fn values_per_block(self) -> usize {
        with_block!(self, Block => Block::BLCK_SIZE)
    }

    /// Bytes that a block takes.
    pub fn bytes_per_block(self) -> usize {
        with_block!(self, Block => size_of::<Block>())
    }

    /// ggml's number of the type.
    pub(super) fn number(self) -> u32 {
        match self {
            BlockType::F32 => 0,
            BlockType::F16 => 1,
            BlockType::Q4_0 => 2,
            BlockType::Q4_1 => 3,
            BlockType::Q5_0 => 6,
            BlockType::Q5_1 => 7,
            BlockType::Q8_0 => 8,
            BlockType::Q2_K => 10,
            BlockType::Q3_K => 11,
            BlockType::Q4_K => 12,
            BlockType::Q5_K => 13,
            BlockType::Q6_K => 14,
            BlockType::BF16 => 30,
        }
    }

    /// Writes the values of whole blocks into `out`, on all cores. `bytes` need not be aligned.
    ///
    /// # Panics
    /// When `bytes` is not exactly the blocks of `out`.
    pub(super) fn dequantise(self, bytes: &[u8], out: &mut [f32]) {
        assert_eq!(out.len() % self.values_per_block(), 0, "whole blocks of {self}");
        assert_eq!(out.len() / self.values_per_block() * self.bytes_per_block(), bytes.len(), "bytes of {self}");
        // 256 blocks of the smallest kind are enough work for a thread to be worth it.
        let blocks = 256 * 256 / self.values_per_block();
        out.par_chunks_mut(blocks * self.values_per_block())
            .zip(bytes.par_chunks(blocks * self.bytes_per_block()))
            .for_each(|(out, bytes)| with_block!(self, Block => decode::<Block>(bytes, out)));
    }
}

impl fmt::Display for BlockType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

/// Decodes blocks where they lie, or through a small aligned buffer where they lie badly.
///
/// Only for the `Block` types of `with_block!`: numbers and arrays of numbers without padding, for
/// which every pattern of bytes is a value.
fn decode<Block: GgmlType>(bytes: &[u8], out: &mut [f32]) {
    // SAFETY: see above; `align_to` takes care of alignment and length.
    let (before, blocks, after) = unsafe { bytes.align_to::<Block>() };
    if before.is_empty() && after.is_empty() {
        return Block::to_float(blocks, out);
    }
    let mut aligned = vec![Block::zeros(); 64];
    let size = size_of::<Block>();
    for (bytes, out) in bytes.chunks(64 * size).zip(out.chunks_mut(64 * Block::BLCK_SIZE)) {
        let blocks = &mut aligned[..bytes.len() / size];
        // SAFETY: `blocks` was made to be exactly as long as `bytes`, and any bytes make a block.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), blocks.as_mut_ptr().cast(), bytes.len()) };
        Block::to_float(blocks, out);
    }
}
