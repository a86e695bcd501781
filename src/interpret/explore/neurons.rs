//! The neurons of an MLP that write most at a position, and the tokens that each promotes.

use super::exploration::Exploration;
use super::tensors::numbers;
use crate::arch::hook::Hook;
use crate::arch::path::Place as At;
use crate::engine::block::Order;
use crate::engine::probe::{Pass, Probe};
use crate::engine::{Decoder, Result};
use crate::record::explored::{Neuron, Place};
use tch::{Kind, Tensor};

impl Exploration {
    /// The `most` strongest neurons of a block's MLP at a position, each with `promoted` tokens.
    ///
    /// # Errors
    /// None but those of the pass.
    pub fn neurons(
        &self,
        decoder: &Decoder,
        block: usize,
        position: usize,
        most: usize,
        promoted: usize,
    ) -> Result<Vec<Neuron>> {
        let _no_grad = tch::no_grad_guard();
        let at = &decoder.blocks()[block];
        let mlp = &at.mlp;
        // What it reads: what attention has added to, or beside it what entered the block.
        let x = match &at.order {
            Order::Sequential => self.residual(Place::Mid(block)).shallow_clone(),
            Order::Parallel { norm: None } => self.before(block).shallow_clone(),
            Order::Parallel { norm: Some(norm) } => norm.forward(self.before(block)),
        };
        let x = x.narrow(0, position as i64, 1).unsqueeze(0); // [1, 1, d_model]
        let mut hidden = Hidden(None);
        let _ = mlp.forward(&x, &mut Pass::new(&mut hidden))?;
        let Some(hidden) = hidden.0 else { return Ok(Vec::new()) };
        let hidden = hidden.to_kind(Kind::Float).view(-1); // [d_mlp]

        // What each neuron writes when it is 1: the columns of the down-projection.
        let columns = mlp.down.unbiased(&Tensor::eye(hidden.size()[0], (Kind::Float, hidden.device())));
        let wrote = columns * hidden.unsqueeze(1); // [d_mlp, d_model]
        let sizes = wrote.square().sum_dim_intlist([-1].as_slice(), false, Kind::Float).sqrt();
        let (writes, index) = sizes.topk((most as i64).min(hidden.size()[0]), -1, true, true);
        let whole = self.last().get(position as i64);
        let strongest = wrote.index_select(0, &index);
        let strongest = decoder.final_norm().map_or(strongest.shallow_clone(), |norm| norm.frozen(&strongest, &whole));
        let (raised, tokens) = decoder.head().linear.unbiased(&strongest).topk(promoted as i64, -1, true, true);

        let activations = numbers(&hidden.index_select(0, &index));
        let (writes, index) = (numbers(&writes), numbers(&index));
        let (raised, tokens) = (numbers(&raised), numbers(&tokens));
        let neuron = |i: usize| Neuron {
            index: index[i] as u32,
            activation: activations[i],
            writes: writes[i],
            promotes: (i * promoted..(i + 1) * promoted).map(|at| (tokens[at] as u32, raised[at])).collect(),
        };
        Ok((0..index.len()).map(neuron).collect())
    }
}

/// Keeps what enters the down-projection.
struct Hidden(Option<Tensor>);

impl Probe for Hidden {
    fn hook(&mut self, hook: At<Hook>, activation: Tensor) -> Tensor {
        if hook.name == Hook::MlpPost {
            self.0 = Some(activation.shallow_clone());
        }
        activation
    }
}
