//! What one pass over a text leaves to be looked at: for every head its queries and keys, for every block the
//! residual stream. The matrices of attention are never kept, and need not be: any part of one is made when
//! somebody looks at it, as exp(q·k/√d − LSE), so that memory grows with the text and not with its square while
//! the model computes attention as fast as it likes.
//!
//! ```text
//! pass ─▶ Keep ─▶ Exploration ─▶ heads: patterns, scores   (of Q, K and log-sum-exp)
//!                             ─▶ lens, attribution, neurons (of the residual stream, with the model)
//!                             ─▶ importance                (of the residual stream, through what is left of the model)
//! ```

mod attribution;
mod file;
mod grow;
mod heads;
mod importance;
mod keep;
mod lens;
mod neurons;
mod survey;
mod worth;

pub use file::Captured;
pub use heads::Heads;
pub use survey::Ran;

use keep::Kept;

use crate::measure::control::Control;
use crate::measure::session::Session;
use crate::model::allocator::trim;
use crate::model::decoder::Wanted;
use crate::model::probe::{Hook, Pass};
use crate::model::toggles::Reach;
use crate::model::{Result, memory};
use crate::record::explored::Place;
use std::cell::OnceCell;
use tch::{Kind, Tensor};

/// What a pass left. Positions and blocks count from 0.
pub struct Exploration {
    pub ids: Vec<u32>,
    /// What enters the first block. [T, d_model]
    embed: Tensor,
    blocks: Vec<Layer>,
    /// Where there is something for heads to find.
    found: OnceCell<survey::Found>,
}

/// What it left of a block.
struct Layer {
    heads: Heads,
    /// [n_kv_heads, T, d_head]
    v: Tensor,
    /// After the first stage, and after the second. [T, d_model]
    mid: Tensor,
    post: Tensor,
}

impl Layer {
    fn of(Kept { q, k, v, mid, post }: Kept, reach: Reach) -> Self {
        Self { heads: Heads::new(q, k, reach), v, mid, post }
    }
}

impl Session {
    /// Runs `ids` once, without a cache, and keeps what there is to look at. `progress` is told how many blocks are
    /// done.
    ///
    /// # Errors
    /// There is no memory for it; the pass was cancelled.
    pub fn explore(&self, ids: &[u32], control: &Control, progress: &mut dyn FnMut(usize)) -> Result<Exploration> {
        let _no_grad = tch::no_grad_guard();
        let (spec, decoder) = (&self.card().spec, self.decoder());
        memory::check_exploration(spec, &self.card().toggles, ids.len(), self.card().device.memory())?;
        let input: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
        let mut keep = keep::Keep::new(control, progress);
        let _logits = decoder.forward(&decoder.input(&input, 1), None, Wanted::Last, &mut Pass::new(&mut keep))?;
        let (embed, kept) = keep.kept(spec.n_layers)?;
        let layer = |kept| {
            trim_if_long(ids.len() as i64);
            Layer::of(kept, decoder.reach())
        };
        Ok(Exploration {
            ids: ids.to_vec(),
            embed,
            blocks: kept.into_iter().map(layer).collect(),
            found: OnceCell::new(),
        })
    }
}

impl Exploration {
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
    fn last_place(&self) -> Place {
        Place::Post(self.n_layers() - 1)
    }

    /// What leaves the last block. [T, d_model]
    fn last(&self) -> &Tensor {
        self.residual(self.last_place())
    }

    /// What a hook showed. [T, d_model], or of a head's reading [n_heads, T, d_head]
    ///
    /// # Panics
    /// It is none of those that were kept, or can be made of them.
    pub(super) fn activation(&self, block: Option<usize>, hook: Hook) -> Tensor {
        let number = block.unwrap_or_default();
        match hook {
            Hook::Embed => self.embed.shallow_clone(),
            Hook::ResidMid => self.blocks[number].mid.shallow_clone(),
            Hook::ResidPost => self.blocks[number].post.shallow_clone(),
            Hook::AttnOut => &self.blocks[number].mid - self.before(number),
            Hook::MlpOut => &self.blocks[number].post - &self.blocks[number].mid,
            Hook::Z => self.blocks[number].heads.read_all(&self.blocks[number].v),
            hook => panic!("{hook:?} is not kept"),
        }
    }

    /// What enters a block. [T, d_model]
    fn before(&self, block: usize) -> &Tensor {
        self.residual(entry(block))
    }
}

/// The place that a block begins from.
fn entry(block: usize) -> Place {
    block.checked_sub(1).map_or(Place::Embedded, Place::Post)
}

/// The place before, in the order of the pass.
fn place_before(place: Place) -> Option<Place> {
    match place {
        Place::Embedded => None,
        Place::Mid(block) => Some(entry(block)),
        Place::Post(block) => Some(Place::Mid(block)),
    }
}

/// Token ids as the operators take them. [T]
fn whole_numbers(ids: &[u32]) -> Tensor {
    Tensor::from_slice(&ids.iter().map(|&id| i64::from(id)).collect::<Vec<_>>())
}

/// Positions from which on it pays to give memory back between blocks: what stays of each lies between large tensors
/// that go, and keeps their places from being used again.
const LONG: i64 = 1024;

/// Gives memory back that lies between what stays, of a text of so many positions if that is much.
fn trim_if_long(positions: i64) {
    if positions >= LONG {
        trim();
    }
}

/// The f32 numbers of a tensor, row by row.
pub(super) fn numbers(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.to_kind(Kind::Float).contiguous().view(-1);
    let mut numbers = vec![0.0; flat.numel()];
    flat.copy_data(&mut numbers, flat.numel());
    numbers
}
