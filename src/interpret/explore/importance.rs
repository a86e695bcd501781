//! What the parts of a block matter to a text: each is switched off by itself, and what the model then says is held
//! against what it says with all of them.
//!
//! ```text
//! what entered the block ─▶ attention, once ─▶ z of each head ─▶ a batch, in each element another part off ─▶ logits
//! ```
//!
//! What comes before the block is the residual stream that was kept, so all blocks take half of what a pass for each part
//! would. Memory is bounded, however long the text: so many positions pass at a time, so many logits are made at a time.

use super::exploration::Exploration;
use super::tensors::{numbers, whole_numbers};
use crate::arch::hook::Hook;
use crate::arch::path::Place as At;
use crate::arch::role::Role;
use crate::arch::{Toggles, memory};
use crate::engine::allocator::trim;
use crate::engine::probe::{Pass, Probe};
use crate::engine::{Decoder, Error, Result};
use crate::measure::{Control, Session};
use crate::record::explored::{Component, Head, Importance};
use tch::{Kind, Tensor};

/// Positions that pass through the model at a time, of all elements of a batch together; at least one text's.
const POSITIONS: usize = 4096;
/// Positions whose logits are made at a time, likewise; at least one of each element.
const LOGITS: usize = 128;

impl Session {
    /// What each head of a block matters to the text that was explored, then its whole attention, then its MLP. A head
    /// is off where what it read is zero before the output projection. Computed without a cache, whatever the toggles.
    ///
    /// # Errors
    /// There is no memory for it; it was cancelled.
    ///
    /// # Panics
    /// There is no such block.
    pub fn importance_of(&self, exploration: &Exploration, block: usize, control: &Control) -> Result<Vec<Importance>> {
        let _no_grad = tch::no_grad_guard();
        let (card, decoder) = (self.card(), self.decoder());
        let n_heads = card.model.stack.blocks[block].attn.n_heads as u32;
        let before = exploration.before(block).unsqueeze(0); // [1, T, d_model]
        let clean = exploration.last().unsqueeze(0);
        // How some formats multiply depends on how many rows there are. So the clean text goes with the others, unless
        // each goes alone: then they have as many rows as it had in the pass that was kept.
        let together = (POSITIONS / exploration.len()).max(1);
        let is_alone = together == 1;
        let components = Component::of_block(block as u32, n_heads);
        let pass = Toggles { batch: together.min(components.len() + 1), kv_cache: false, ..card.toggles.clone() };
        memory::check_run(&card.model, &pass, exploration.len(), 0, card.device.memory())?;
        let mut found = Vec::new();
        for off in components.chunks((together - 1).max(1)) {
            let elements: Vec<Option<Component>> =
                (!is_alone).then_some(None).into_iter().chain(off.iter().copied().map(Some)).collect();
            let mut probe = Off::new(block, &elements, n_heads, &before, control);
            let x = decoder.through_blocks(block, before.shallow_clone(), None, &mut Pass::new(&mut probe))?;
            let x = if is_alone { Tensor::cat(&[&clean, &x], 0) } else { x }; // [1 + off, T, d_model]
            let differences = differences(decoder, &x, &exploration.ids, control)?;
            let importance = |(&component, (kl, more_nll))| Importance { component, kl, more_nll };
            found.extend(off.iter().zip(differences).map(importance));
        }
        Ok(found)
    }
}

/// By how much the later texts of a batch differ from the first, by the residual streams that leave their last block:
/// mean KL(first ‖ later), and how much the mean −ln p of the tokens grows. [1 + n, T, d_model] → n
fn differences(decoder: &Decoder, x: &Tensor, ids: &[u32], control: &Control) -> Result<Vec<(f32, f32)>> {
    let (elements, t, d_model) = x.size3()?;
    let later = elements - 1;
    let ids = whole_numbers(ids).to_device(x.device());
    let mut sums = vec![(0.0, 0.0); later as usize];
    let step = (LOGITS as i64 / elements).max(1);
    for start in (0..t).step_by(step as usize) {
        if control.is_cancelled() {
            return Err(Error::Cancelled);
        }
        trim();
        let positions = step.min(t - start);
        let logits = decoder.read_out(&x.narrow(1, start, positions).reshape([-1, d_model]));
        let log_p = logits.log_softmax(-1, Kind::Float).view([elements, positions, -1]);
        let (first, others) = (log_p.narrow(0, 0, 1), log_p.narrow(0, 1, later));
        let kl = (first.exp() * (&first - &others)).sum_dim_intlist([-1].as_slice(), false, Kind::Float);
        let kl = kl.clamp_min(0.0).sum_dim_intlist([-1].as_slice(), false, Kind::Float); // [later]

        // The last position has no next token.
        let has_next = positions.min(t - 1 - start);
        let next = ids.narrow(0, (start + 1).min(t), has_next).view([1, -1, 1]);
        let of_text = |log_p: &Tensor| {
            let next = next.expand([log_p.size()[0], has_next, 1], false);
            log_p.narrow(1, 0, has_next).gather(-1, &next, false).squeeze_dim(-1) // [elements, positions]
        };
        let more = (of_text(&first) - of_text(&others)).sum_dim_intlist([-1].as_slice(), false, Kind::Float);
        for (sum, (kl, more)) in sums.iter_mut().zip(numbers(&kl).into_iter().zip(numbers(&more))) {
            *sum = (sum.0 + f64::from(kl), sum.1 + f64::from(more));
        }
    }
    let mean = |sum: f64, n: i64| (sum / n.max(1) as f64) as f32;
    Ok(sums.into_iter().map(|(kl, more)| (mean(kl, t), mean(more, t - 1))).collect())
}

/// The probe that makes one text a batch: in each element another part of a block is off.
struct Off<'a> {
    block: usize,
    /// What is left of each activation, 0 or 1. [batch, 1, n_heads, 1]
    z: Tensor,
    /// [batch, 1, 1]
    attn: Tensor,
    mlp: Tensor,
    control: &'a Control,
}

impl<'a> Off<'a> {
    /// `elements`: what is off in each, if anything; `x`: an activation, in the format and at the place of all of them.
    fn new(block: usize, elements: &[Option<Component>], n_heads: u32, x: &Tensor, control: &'a Control) -> Self {
        let index = block as u32;
        let left = |component: Component| {
            let left: Vec<f32> = elements.iter().map(|&off| if off == Some(component) { 0.0 } else { 1.0 }).collect();
            Tensor::from_slice(&left).to_kind(x.kind()).to_device(x.device()).view([-1, 1, 1])
        };
        let heads: Vec<Tensor> = (0..n_heads).map(|head| left(Component::Head(Head { block: index, head }))).collect();
        let z = Tensor::stack(&heads, 2);
        Self { block, z, attn: left(Component::Attn(index)), mlp: left(Component::Mlp(index)), control }
    }
}

impl Probe for Off<'_> {
    fn enter(&mut self, _op: At<Role>) -> Result<()> {
        if self.control.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn hook(&mut self, hook: At<Hook>, activation: Tensor) -> Tensor {
        match hook.name {
            _ if hook.block != Some(self.block) => activation,
            // From here on there is a batch.
            Hook::Z => activation * &self.z,
            Hook::AttnOut => activation * &self.attn,
            Hook::MlpOut => activation * &self.mlp,
            _ => activation,
        }
    }
}
