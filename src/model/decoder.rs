//! The whole model: embedding, blocks, final norm, LM head.

use super::allocator::{Tag, tagged};
use super::attention::{Attention, Kernel};
use super::block::Block;
use super::cache::KvCache;
use super::linear::Linear;
use super::mlp::Mlp;
use super::norm::Norm;
use super::probe::{Hook, Op, Pass};
use super::rope::Rotary;
use super::spec::{MlpKind, Positions, Spec};
use super::toggles::Toggles;
use super::weights::{Parameters, Slot};
use super::{Error, Result};
use tch::{Device, Kind, Tensor};

/// A decoder-only transformer, built for one set of toggles.
pub struct Decoder {
    spec: Spec,
    /// [d_vocab, d_model]
    embed: Tensor,
    /// Learned positions, where the model has them. [n_ctx, d_model]
    position: Option<Tensor>,
    rotary: Option<Rotary>,
    blocks: Vec<Block>,
    final_norm: Norm,
    lm_head: Linear,
    kernel: Kernel,
    /// The format of the activations, and where they are.
    activations: (Kind, Device),
}

/// For which positions the logits are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    All,
    Last,
}

impl Decoder {
    /// Puts the parts together. The weights are shared with `parameters`, not copied: building the same
    /// model for other toggles costs next to nothing. The model computes where they lie.
    pub fn new(spec: &Spec, parameters: &Parameters, toggles: &Toggles) -> Self {
        let _tagged = tagged(Tag::Weights);
        let linear = |slot, block| Linear::new(parameters.weight(slot, block), parameters.bias(slot, block));
        let norm = |slot, block| Norm::new(spec.norm, parameters.weight(slot, block), parameters.bias(slot, block));
        let block = |block: usize| {
            let block = Some(block);
            let (gate, activation) = match spec.mlp {
                MlpKind::Gated(activation) => (Some(linear(Slot::Gate, block)), activation),
                MlpKind::Plain(activation) => (None, activation),
            };
            Block {
                attn: Attention {
                    norm: norm(Slot::AttnNorm, block),
                    q: linear(Slot::Q, block),
                    k: linear(Slot::K, block),
                    v: linear(Slot::V, block),
                    out: linear(Slot::Out, block),
                    kernel: Kernel(toggles.attention),
                    n_heads: spec.n_heads as i64,
                    n_kv_heads: spec.n_kv_heads as i64,
                    d_head: spec.d_head as i64,
                },
                mlp: Mlp {
                    norm: norm(Slot::MlpNorm, block),
                    gate,
                    up: linear(Slot::Up, block),
                    down: linear(Slot::Down, block),
                    activation,
                },
            }
        };
        let embed = parameters.weight(Slot::Embed, None);
        let device = embed.device();
        let (position, rotary) = match &spec.positions {
            Positions::Learned => (Some(parameters.weight(Slot::Positions, None)), None),
            Positions::Rope(rope) => (None, Some(Rotary::new(rope, spec.d_head, device))),
        };
        Self {
            embed,
            position,
            rotary,
            blocks: (0..spec.n_layers).map(block).collect(),
            final_norm: norm(Slot::FinalNorm, None),
            lm_head: linear(if spec.tied { Slot::Embed } else { Slot::LmHead }, None),
            kernel: Kernel(toggles.attention),
            activations: (toggles.compute.kind(), device),
            spec: spec.clone(),
        }
    }

    /// The ids of one sequence, as [`Decoder::forward`] takes them. [1, T]
    pub fn input(&self, ids: &[i64]) -> Tensor {
        let ids = Tensor::from_slice(ids).unsqueeze(0);
        // Where that is the processor there is nothing to move, and nothing is timed that does no work.
        if self.activations.1 == Device::Cpu { ids } else { ids.to_device(self.activations.1) }
    }

    /// Token ids [batch, T] → f32 logits [batch, T or 1, d_vocab]. With a cache, the ids continue what
    /// is in it and are added to it.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the probe ends the pass; [`Error::Request`] for positions past the context.
    pub fn forward(
        &self,
        ids: &Tensor,
        mut cache: Option<&mut KvCache>,
        wanted: Wanted,
        pass: &mut Pass,
    ) -> Result<Tensor> {
        let new = ids.size()[1] as usize;
        let past = cache.as_ref().map_or(0, |cache| cache.len());
        if past + new > self.spec.n_ctx {
            return Err(Error::Request(format!(
                "{} positions are more than the model's context of {}",
                past + new,
                self.spec.n_ctx
            )));
        }
        let mut x = pass.op(Op::Embed, |_| Ok(self.embed(ids, past)))?; // [batch, T, d_model]
        pass.hook(Hook::Embed, &x);
        let rotation = self.rotary.as_ref().map(|rotary| rotary.rotation(past, new, self.activations.0));
        let positions = self.kernel.visible(rotation, past, new, self.activations);
        for (number, block) in self.blocks.iter().enumerate() {
            let cache = cache.as_mut().map(|cache| cache.layer(number));
            x = pass.block(number, |pass| block.forward(&x, &positions, cache, pass))?;
        }
        let x = match wanted {
            Wanted::All => x,
            Wanted::Last => x.narrow(1, new as i64 - 1, 1),
        };
        let x = pass.op(Op::FinalNorm, |_| Ok(self.final_norm.forward(&x)))?;
        pass.hook(Hook::FinalNormalized, &x);
        let logits = pass.op(Op::LmHead, |_| Ok(self.lm_head.forward_as(&x, Kind::Float)))?;
        pass.hook(Hook::Logits, &logits);
        Ok(logits)
    }

    /// An empty cache with room for `capacity` positions of one sequence.
    pub fn new_cache(&self, capacity: usize) -> KvCache {
        KvCache::new(&self.spec, 1, capacity, self.activations)
    }

    fn embed(&self, ids: &Tensor, past: usize) -> Tensor {
        let kind = self.activations.0;
        let x = Tensor::embedding(&self.embed, ids, -1, false, false).to_kind(kind);
        match &self.position {
            Some(position) => x + position.narrow(0, past as i64, ids.size()[1]).to_kind(kind),
            None => x,
        }
    }
}
