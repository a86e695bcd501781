//! The two formats of four bits whose numbers are steps of one scale: they can be taken as they are.
//!
//! | type | a block of 32 | a number is |
//! |---|---|---|
//! | Q4_0 | scale f16, 16 bytes | (q − 8)·scale |
//! | Q4_1 | scale f16, least f16, 16 bytes | q·scale + least |
//!
//! Byte j holds number j in its low half and number j + 16 in its high half (ggml, `block_q4_0`, `block_q4_1`).

use super::{BlockType, Gguf, Result};
use half::f16;

/// Numbers in a block.
const BLOCK: usize = 32;

impl Gguf {
    /// Takes a tensor apart: `q` from 0 to 15 for each number, and for each block of 32 its scale and what q = 0 is
    /// worth. False, and nothing is written, where it is of another type.
    ///
    /// # Errors
    /// There is no such tensor.
    ///
    /// # Panics
    /// The slices do not hold exactly its numbers and blocks.
    pub fn four_bits(&self, name: &str, q: &mut [u8], scale: &mut [f32], least: &mut [f32]) -> Result<bool> {
        let Some(kind @ (BlockType::Q4_0 | BlockType::Q4_1)) = self.tensor(name)?.kind.readable() else {
            return Ok(false);
        };
        let size = kind.bytes_per_block();
        let blocks = self.raw(name)?.chunks_exact(size);
        assert!(q.len() == blocks.len() * BLOCK && scale.len() == blocks.len() && least.len() == blocks.len());
        let number = |bytes: &[u8]| f16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
        for ((block, q), (scale, least)) in blocks.zip(q.chunks_exact_mut(BLOCK)).zip(scale.iter_mut().zip(least)) {
            let (head, bytes) = block.split_at(size - BLOCK / 2);
            *scale = number(head);
            *least = if kind == BlockType::Q4_1 { number(&head[2..]) } else { -8.0 * *scale };
            for (j, byte) in bytes.iter().enumerate() {
                (q[j], q[j + BLOCK / 2]) = (byte & 15, byte >> 4);
            }
        }
        self.whole().map(|()| true)
    }
}
