//! The probe that keeps what there is to look at.

use super::tensors::trim_if_long;
use crate::measure::Control;
use crate::model::probe::{Hook, Op, Place, Probe};
use crate::model::{Error, Result};
use tch::Tensor;

/// What a pass left of a block. With a cache, queries are those of the new positions, keys and values all that the
/// cache holds.
pub struct BlockActivations {
    /// [n_heads, T, d_head]
    pub q: Tensor,
    /// [n_kv_heads, keys, d_head]
    pub k: Tensor,
    pub v: Tensor,
    /// [T, d_model]
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
}

impl<'a> Keeper<'a> {
    /// `progress` is told how many blocks are done.
    pub fn new(control: &'a Control, progress: &'a mut dyn FnMut(usize)) -> Self {
        Self { control, progress, embed: None, blocks: Vec::new(), q: None, k: None, v: None, mid: None }
    }

    /// What enters the first block [T, d_model], and what every block left.
    ///
    /// # Errors
    /// The model did not show all of it.
    pub fn kept(self, n_layers: usize) -> Result<(Tensor, Vec<BlockActivations>)> {
        match self.embed {
            Some(embed) if self.blocks.len() == n_layers => Ok((embed, self.blocks)),
            _ => Err(Error::Unsupported("this model does not show the activations that are to be looked at".into())),
        }
    }
}

impl Probe for Keeper<'_> {
    fn enter(&mut self, _op: Place<Op>) -> Result<()> {
        if self.control.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn hook(&mut self, hook: Place<Hook>, activation: Tensor) -> Tensor {
        let place = match hook.name {
            Hook::Embed => &mut self.embed,
            Hook::Q => &mut self.q,
            Hook::K => &mut self.k,
            Hook::V => &mut self.v,
            Hook::ResidMid => &mut self.mid,
            Hook::ResidPost => {
                let taken = (self.q.take(), self.k.take(), self.v.take(), self.mid.take());
                if let (Some(q), Some(k), Some(v), Some(mid)) = taken {
                    self.blocks.push(BlockActivations { q, k, v, mid, post: activation.squeeze_dim(0) });
                    trim_if_long(activation.size()[1]);
                    (self.progress)(self.blocks.len());
                }
                return activation;
            }
            _ => return activation,
        };
        // Exactly the size of what is kept: a view would hold on to all that it is a part of.
        *place = Some(activation.squeeze_dim(0).contiguous());
        activation
    }
}
