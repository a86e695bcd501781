//! What the tensors of this process hold, by what they are for.
//!
//! LibTorch's memory on the CPU comes from `native/allocator.cpp`. A tag is given to memory when it is
//! made, so it is where weights and caches are made that it is said.

use crate::units::Bytes;
use std::marker::PhantomData;

/// What memory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Tag {
    /// Whatever a pass computes.
    Work = 0,
    /// What stays as long as a model does, and is read again and again: it lies in memory of its own, in huge pages
    /// (`native/region.h`).
    Weights = 1,
    KvCache = 2,
}

/// Bytes alive now, by tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Live {
    pub work: Bytes,
    pub weights: Bytes,
    pub kv_cache: Bytes,
}

/// As long as it lives, what this thread allocates for tensors is tagged so.
#[must_use]
pub struct Tagged {
    before: u8,
    /// The tag is the thread's.
    _stays: PhantomData<*mut ()>,
}

/// Tags what this thread allocates for tensors until the guard is dropped.
pub fn tagged(tag: Tag) -> Tagged {
    // SAFETY: it sets a number that belongs to this thread.
    Tagged { before: unsafe { blockscope_memory_tag(tag as u8) }, _stays: PhantomData }
}

/// What the tensors of this process hold, on the CPU.
pub fn live() -> Live {
    let mut live = [0; 3];
    // SAFETY: there is room for every tag.
    unsafe { blockscope_memory_live(&mut live) };
    let [work, weights, kv_cache] = live.map(Bytes);
    Live { work, weights, kv_cache }
}

/// Gives free memory between what is alive back to the system. After large tensors among which something small was made
/// that stays: what is left between the small things may be too small for the next large one, and adds up.
pub fn trim() {
    // SAFETY: it touches nothing that is alive.
    unsafe { blockscope_memory_trim() };
}

impl Drop for Tagged {
    fn drop(&mut self) {
        // SAFETY: as in `tagged`.
        unsafe { blockscope_memory_tag(self.before) };
    }
}

// native/allocator.h
unsafe extern "C" {
    fn blockscope_memory_tag(tag: u8) -> u8;
    fn blockscope_memory_live(live: &mut [u64; 3]);
    fn blockscope_memory_trim();
}
