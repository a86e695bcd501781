//! The probe that keeps what there is to look at.

use super::{Heads, Layer};
use crate::model::probe::{Hook, Op, Place, Probe};
use crate::model::toggles::Reach;
use crate::model::{Error, Result};
use crate::profile::Control;
use tch::Tensor;

/// Keeps queries, keys, values and the residual stream as they come by. Nothing is copied: the pass would drop them.
pub struct Keep<'a> {
    reach: Reach,
    control: &'a Control,
    progress: &'a mut dyn FnMut(usize),
    embed: Option<Tensor>,
    blocks: Vec<Layer>,
    /// Of the block that goes on.
    q: Option<Tensor>,
    k: Option<Tensor>,
    v: Option<Tensor>,
    mid: Option<Tensor>,
}

impl<'a> Keep<'a> {
    pub fn new(reach: Reach, control: &'a Control, progress: &'a mut dyn FnMut(usize)) -> Self {
        Self { reach, control, progress, embed: None, blocks: Vec::new(), q: None, k: None, v: None, mid: None }
    }

    /// What enters the first block, and what every block left.
    pub fn kept(self) -> (Option<Tensor>, Vec<Layer>) {
        (self.embed, self.blocks)
    }
}

impl Probe for Keep<'_> {
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
                    // Exactly the size of what is kept: a view would hold on to all that it is a part of.
                    let heads = Heads::new(q.contiguous(), k.contiguous(), self.reach);
                    let (v, post) = (v.contiguous(), activation.squeeze_dim(0));
                    self.blocks.push(Layer { heads, v, mid, post });
                    (self.progress)(self.blocks.len());
                }
                return activation;
            }
            _ => return activation,
        };
        *place = Some(activation.squeeze_dim(0));
        activation
    }
}
