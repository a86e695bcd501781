//! The whole model: embedding, blocks, final norm, LM head.

use super::allocator::{Tag, tagged};
use super::attention::{self, Attention, Qkv, View};
use super::block::Block;
use super::cache::KvCache;
use super::linear::Linear;
use super::matrix::Matrix;
use super::mlp::{Mlp, Up};
use super::norm::Norm;
use super::probe::{Hook, Op, Pass};
use super::rope::Rotary;
use super::spec::{MlpKind, Positions, Spec};
use super::toggles::{self, Fuse, Kernels, Precision, Toggles};
use super::weights::{GATE_UP, Parameters, QKV, Slot};
use super::{Error, Result};
use tch::{Device, Kind, Tensor};

/// A decoder-only transformer, built for one set of toggles.
pub struct Decoder {
    spec: Spec,
    /// [d_vocab, d_model]
    embed: Matrix,
    /// Learned positions, where the model has them. [n_ctx, d_model]
    position: Option<Tensor>,
    rotary: Option<Rotary>,
    blocks: Vec<Block>,
    final_norm: Norm,
    lm_head: Linear,
    attention: toggles::Attention,
    kv_dtype: Precision,
    kernels: Kernels,
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
        let device = parameters.norm(Slot::FinalNorm, None).0.device();
        let kernels = if device == Device::Cpu { toggles.kernels } else { Kernels::LibTorch };
        let norm = |slot, block| {
            let (scale, shift) = parameters.norm(slot, block);
            Norm::new(spec.norm, scale, shift, kernels)
        };
        let block = |block: usize| {
            let block = Some(block);
            let linear = |slots| parameters.linear(slots, block).by(kernels);
            let qkv = match toggles.fuse {
                Fuse::Separate => Qkv::Separate { q: linear(&[Slot::Q]), k: linear(&[Slot::K]), v: linear(&[Slot::V]) },
                Fuse::Joined => Qkv::Joined(linear(QKV)),
            };
            let (up, activation) = match (spec.mlp, toggles.fuse) {
                (MlpKind::Plain(activation), _) => (Up::Plain(linear(&[Slot::Up])), activation),
                (MlpKind::Gated(activation), Fuse::Separate) => {
                    (Up::Gated { gate: linear(&[Slot::Gate]), up: linear(&[Slot::Up]) }, activation)
                }
                (MlpKind::Gated(activation), Fuse::Joined) => (Up::Joined(linear(GATE_UP)), activation),
            };
            Block {
                attn: Attention {
                    norm: norm(Slot::AttnNorm, block),
                    qkv,
                    out: linear(&[Slot::Out]),
                    kernel: toggles.attention.kernel,
                    kernels,
                    n_heads: spec.n_heads as i64,
                    n_kv_heads: spec.n_kv_heads as i64,
                    d_head: spec.d_head as i64,
                },
                mlp: Mlp { norm: norm(Slot::MlpNorm, block), up, down: linear(&[Slot::Down]), activation, kernels },
            }
        };
        let rotary = match &spec.positions {
            Positions::Learned => None,
            Positions::Rope(rope) => Some(Rotary::new(rope, spec.d_head, device, kernels)),
        };
        Self {
            embed: parameters.embed(),
            position: parameters.positions(),
            rotary,
            blocks: (0..spec.n_layers).map(block).collect(),
            final_norm: norm(Slot::FinalNorm, None),
            lm_head: parameters.lm_head().by(kernels),
            attention: toggles.attention,
            kv_dtype: toggles.kv_dtype(),
            kernels,
            activations: (toggles.compute.kind(), device),
            spec: spec.clone(),
        }
    }

    /// The ids of sequences of one length, one behind the other, as [`Decoder::forward`] takes them. [batch, T]
    pub fn input(&self, ids: &[i64], batch: usize) -> Tensor {
        let ids = Tensor::from_slice(ids).view([batch as i64, -1]);
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
        cache: Option<&mut KvCache>,
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
        let x = pass.op(Op::Embed, |_| Ok(self.embed(ids, past)))?;
        let x = pass.hook(Hook::Embed, x); // [batch, T, d_model]
        let x = self.through_blocks(0, x, cache, pass)?;
        let x = match wanted {
            Wanted::All => x,
            Wanted::Last => x.narrow(1, new as i64 - 1, 1),
        };
        let x = pass.op(Op::FinalNorm, |_| Ok(self.final_norm.forward(&x)))?;
        let x = pass.hook(Hook::FinalNormalized, x);
        let logits = pass.op(Op::LmHead, |_| Ok(self.lm_head.forward_as(&x, Kind::Float)))?;
        Ok(pass.hook(Hook::Logits, logits))
    }

    /// The middle of the pass: what enters block number `first` → what leaves the last one, [batch, T, d_model] both.
    /// A pass can begin here, with a residual stream that was kept; whoever watches may hand back a larger batch than
    /// entered.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the probe ends the pass.
    pub fn through_blocks(
        &self,
        first: usize,
        mut x: Tensor,
        mut cache: Option<&mut KvCache>,
        pass: &mut Pass,
    ) -> Result<Tensor> {
        let (past, new) = (cache.as_ref().map_or(0, |cache| cache.len()), x.size()[1] as usize);
        let rotation = self.rotary.as_ref().map(|rotary| rotary.rotation(past, new, self.activations.0));
        let views = View::of_pass((self.attention, self.kernels), (past, new), self.activations);
        let positions = attention::Positions { rotation, views };
        for (number, block) in self.blocks.iter().enumerate().skip(first) {
            let cache = cache.as_mut().map(|cache| cache.layer(number));
            x = pass.block(number, |pass| block.forward(x, &positions, cache, pass))?;
        }
        Ok(x)
    }

    /// The last step of the pass: what the model says where `x` is its residual stream. [.., d_model] → f32 [.., d_vocab]
    pub fn read_out(&self, x: &Tensor) -> Tensor {
        self.lm_head.forward_as(&self.final_norm.forward(x), Kind::Float)
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub fn final_norm(&self) -> &Norm {
        &self.final_norm
    }

    pub fn lm_head(&self) -> &Linear {
        &self.lm_head
    }

    /// Which keys a query sees.
    pub fn reach(&self) -> toggles::Reach {
        self.attention.reach
    }

    /// An empty cache for so many sequences, with room for `capacity` positions of each.
    pub fn new_cache(&self, batch: usize, capacity: usize) -> KvCache {
        KvCache::new(&self.spec, (self.attention.reach, self.kv_dtype, self.kernels), batch, capacity, self.activations)
    }

    fn embed(&self, ids: &Tensor, past: usize) -> Tensor {
        let kind = self.activations.0;
        let x = self.embed.rows(ids).to_kind(kind);
        match &self.position {
            Some(position) => x + position.narrow(0, past as i64, ids.size()[1]).to_kind(kind),
            None => x,
        }
    }
}
