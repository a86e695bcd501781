//! What a pass left, part by part.

use super::activations::BlockActivations;
use super::heads::{Heads, Scoring};
use super::repeated::Repeated;
use crate::arch::hook::Hook;
use crate::record::explored::Place;
use std::cell::OnceCell;
use tch::Tensor;

/// What a pass left. Positions and blocks count from 0.
pub struct Exploration {
    pub ids: Vec<u32>,
    /// What enters the first block. [T, d_model]
    pub(super) embed: Tensor,
    pub(super) blocks: Vec<Layer>,
    /// Where its tokens come again, among those that each block sees.
    repeated: Vec<OnceCell<Repeated>>,
}

/// What it left of a block.
pub(super) struct Layer {
    pub(super) heads: Heads,
    /// [n_kv_heads, T, d_head]
    pub(super) v: Tensor,
    /// After the first stage, and after the second. [T, d_model]
    pub(super) mid: Tensor,
    pub(super) post: Tensor,
}

impl Layer {
    pub(super) fn of(BlockActivations { q, k, v, mid, post }: BlockActivations, scoring: Scoring) -> Self {
        Self { heads: Heads::new(q, k, scoring), v, mid, post }
    }
}

impl Exploration {
    /// Of the residual stream before the first block, and what each block left.
    pub(super) fn new(ids: Vec<u32>, embed: Tensor, blocks: Vec<Layer>) -> Self {
        let repeated = blocks.iter().map(|_| OnceCell::new()).collect();
        Self { ids, embed, blocks, repeated }
    }

    /// Where its tokens come again, among those that the heads of a block see.
    pub(super) fn repeated(&self, block: usize) -> &Repeated {
        // Blocks that attend to the same keys have the same.
        let mask = self.heads(block).mask();
        let first = (0..block).find(|&earlier| self.heads(earlier).mask() == mask).unwrap_or(block);
        self.repeated[first].get_or_init(|| Repeated::of(&self.ids, mask))
    }

    /// Positions.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub fn n_layers(&self) -> usize {
        self.blocks.len()
    }

    /// The heads of a block.
    pub fn heads(&self, block: usize) -> &Heads {
        &self.blocks[block].heads
    }

    /// Every place, in the order of the pass.
    pub fn places(&self) -> impl Iterator<Item = Place> + use<> {
        let of_block = |block| [Place::Mid(block), Place::Post(block)];
        std::iter::once(Place::Embedded).chain((0..self.n_layers()).flat_map(of_block))
    }

    /// The residual stream there. [T, d_model]
    pub fn residual(&self, place: Place) -> &Tensor {
        match place {
            Place::Embedded => &self.embed,
            Place::Mid(block) => &self.blocks[block].mid,
            Place::Post(block) => &self.blocks[block].post,
        }
    }

    /// After the last block.
    pub(super) fn last_place(&self) -> Place {
        Place::Post(self.n_layers() - 1)
    }

    /// What leaves the last block. [T, d_model]
    pub(super) fn last(&self) -> &Tensor {
        self.residual(self.last_place())
    }

    /// What a hook showed. [T, d_model], or of what heads read [T, n_heads, d_head]
    ///
    /// # Panics
    /// It is none of those that were kept, or can be made of them.
    pub(in crate::interpret) fn activation(&self, block: Option<usize>, hook: Hook) -> Tensor {
        let number = block.unwrap_or_default();
        match hook {
            Hook::Embed => self.embed.shallow_clone(),
            Hook::ResidMid => self.blocks[number].mid.shallow_clone(),
            Hook::ResidPost => self.blocks[number].post.shallow_clone(),
            Hook::AttnOut => &self.blocks[number].mid - self.before(number),
            Hook::MlpOut => &self.blocks[number].post - &self.blocks[number].mid,
            Hook::Z => self.blocks[number].heads.read_all(&self.blocks[number].v).transpose(0, 1),
            hook => panic!("{hook:?} is not kept"),
        }
    }

    /// What enters a block. [T, d_model]
    pub(super) fn before(&self, block: usize) -> &Tensor {
        self.residual(entry(block))
    }
}

/// The place that a block begins from.
fn entry(block: usize) -> Place {
    block.checked_sub(1).map_or(Place::Embedded, Place::Post)
}

/// The place before, in the order of the pass.
pub fn place_before(place: Place) -> Option<Place> {
    match place {
        Place::Embedded => None,
        Place::Mid(block) => Some(entry(block)),
        Place::Post(block) => Some(Place::Mid(block)),
    }
}
