//! The probe that keeps what there is to look at.

use super::tensors::trim_if_long;
use crate::arch::hook::Hook;
use crate::arch::path::Place;
use crate::arch::role::Role;
use crate::engine::probe::Probe;
use crate::engine::{Error, Result};
use crate::measure::Control;
use tch::Tensor;

/// What a pass left of a block, of its new positions.
pub struct BlockActivations {
    /// As they enter the scores. [n_heads, T, d_head]
    pub q: Tensor,
    /// [n_kv_heads, T, d_head]
    pub k: Tensor,
    pub v: Tensor,
    /// What entered the block and what attention adds to it: where the MLP follows, what it reads. [T, d_model]
    pub mid: Tensor,
    pub post: Tensor,
}

/// Keeps queries, keys, values and the residual stream as they come by.
pub struct Keeper<'a> {
    control: &'a Control,
    progress: &'a mut dyn FnMut(usize),
    embed: Option<Tensor>,
    blocks: Vec<BlockActivations>,
    /// Of the block that goes on.
    q: Option<Tensor>,
    k: Option<Tensor>,
    v: Option<Tensor>,
    mid: Option<Tensor>,
    before: Option<Tensor>,
}

impl<'a> Keeper<'a> {
    /// `progress` is told how many blocks are done.
    pub fn new(control: &'a Control, progress: &'a mut dyn FnMut(usize)) -> Self {
        Self { control, progress, embed: None, blocks: Vec::new(), q: None, k: None, v: None, mid: None, before: None }
    }

    /// What enters the first block [T, d_model], and what every block left.
    ///
    /// # Errors
    /// The model did not show all of it.
    pub fn kept(self, n_layers: usize) -> Result<(Tensor, Vec<BlockActivations>)> {
        match self.embed {
            Some(embed) if self.blocks.len() == n_layers => Ok((embed, self.blocks)),
            _ => Err(Error::unsupported("this model does not show the activations that are to be looked at")),
        }
    }
}

impl Probe for Keeper<'_> {
    fn enter(&mut self, _op: Place<Role>) -> Result<()> {
        if self.control.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn hook(&mut self, hook: Place<Hook>, activation: Tensor) -> Tensor {
        match hook.name {
            Hook::Embed => self.embed = Some(kept(&activation)),
            Hook::ResidPre => self.before = Some(activation.squeeze_dim(0)),
            Hook::RotQ => self.q = Some(by_head(&activation)),
            Hook::RotK => self.k = Some(by_head(&activation)),
            Hook::V => self.v = Some(by_head(&activation)),
            Hook::AttnOut => self.mid = self.before.take().map(|before| before + activation.squeeze_dim(0)),
            Hook::ResidPost => {
                let taken = (self.q.take(), self.k.take(), self.v.take(), self.mid.take());
                if let (Some(q), Some(k), Some(v), Some(mid)) = taken {
                    self.blocks.push(BlockActivations { q, k, v, mid, post: activation.squeeze_dim(0) });
                    trim_if_long(activation.size()[1]);
                    (self.progress)(self.blocks.len());
                }
            }
            _ => {}
        }
        activation
    }
}

/// Of one sequence. Exactly the size of what is kept: a view would hold on to all that it is a part of.
fn kept(activation: &Tensor) -> Tensor {
    activation.squeeze_dim(0).contiguous()
}

/// [1, T, heads, d_head] → [heads, T, d_head], in memory of its own
fn by_head(activation: &Tensor) -> Tensor {
    let by_head = activation.squeeze_dim(0).transpose(0, 1);
    if by_head.is_contiguous() { by_head.copy() } else { by_head.contiguous() }
}
