//! How the forward pass can be watched, without knowing who watches.
//!
//! The model names what it does in two ways: [`Pass::op`] puts a name around a piece of work,
//! [`Pass::hook`] lends an activation. A [`Probe`] sees both; by default it does nothing, and hands back what it
//! was lent, so that with one that only looks the output is the same to the last bit. One that hands back
//! something else intervenes: what comes after is computed from that.

use super::Result;
use crate::arch::hook::Hook;
use crate::arch::path::Place;
use crate::arch::role::Role;
use tch::Tensor;

/// Someone who watches a pass.
pub trait Probe {
    /// A piece of work begins.
    ///
    /// # Errors
    /// [`super::Error::Cancelled`] ends the pass here.
    fn enter(&mut self, _op: Place<Role>) -> Result<()> {
        Ok(())
    }

    /// It has ended, and this is what it made (several tensors for queries, keys and values).
    ///
    /// # Errors
    /// [`super::Error::Cancelled`] ends the pass here.
    fn leave(&mut self, _op: Place<Role>, _made: &[&Tensor]) -> Result<()> {
        Ok(())
    }

    /// Whether it wants to be lent activations at all. Bringing some into the shape in which they are lent takes time.
    fn watches_activations(&self) -> bool {
        true
    }

    /// An activation came by; what is handed back takes its place. It is lent for the moment: what comes after may be
    /// computed in its memory, so whoever keeps it copies it.
    fn hook(&mut self, _hook: Place<Hook>, activation: Tensor) -> Tensor {
        activation
    }
}

/// Nobody watches.
pub struct Unwatched;

impl Probe for Unwatched {
    fn watches_activations(&self) -> bool {
        false
    }
}

/// One forward pass: who watches it, and which block it is in.
pub struct Pass<'p> {
    probe: &'p mut dyn Probe,
    block: Option<usize>,
}

impl<'p> Pass<'p> {
    pub fn new(probe: &'p mut dyn Probe) -> Self {
        Self { probe, block: None }
    }

    /// Does `work` under a name.
    ///
    /// # Errors
    /// Those of the work, and [`super::Error::Cancelled`] when the probe ends the pass.
    pub fn op<T: Made>(&mut self, name: Role, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let place = Place::new(self.block, name);
        self.probe.enter(place)?;
        let made = work(self)?;
        self.probe.leave(place, &made.tensors())?;
        Ok(made)
    }

    /// Does `work` inside block number `block`, under the name [`Role::Block`].
    ///
    /// # Errors
    /// As [`Pass::op`].
    pub fn block<T: Made>(&mut self, block: usize, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.block = Some(block);
        let made = self.op(Role::Block, work);
        self.block = None;
        made
    }

    /// Lends an activation to whoever watches, and hands on what comes back.
    #[must_use = "an intervention takes the place of the activation"]
    pub fn hook(&mut self, hook: Hook, activation: Tensor) -> Tensor {
        self.probe.hook(Place::new(self.block, hook), activation)
    }

    /// Lends an activation of heads, computed as [batch, heads, T, d_head], in the shape in which hooks show it:
    /// [batch, T, heads, d_head].
    #[must_use = "an intervention takes the place of the activation"]
    pub fn hook_heads(&mut self, hook: Hook, activation: Tensor) -> Tensor {
        if !self.probe.watches_activations() {
            return activation;
        }
        self.hook(hook, activation.transpose(1, 2)).transpose(1, 2)
    }
}

/// What a piece of work can make.
pub trait Made {
    fn tensors(&self) -> Vec<&Tensor>;
}

impl Made for Tensor {
    fn tensors(&self) -> Vec<&Tensor> {
        vec![self]
    }
}

impl Made for (Tensor, Tensor) {
    fn tensors(&self) -> Vec<&Tensor> {
        vec![&self.0, &self.1]
    }
}

impl Made for (Tensor, Tensor, Tensor) {
    fn tensors(&self) -> Vec<&Tensor> {
        vec![&self.0, &self.1, &self.2]
    }
}
