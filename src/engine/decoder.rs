//! The whole model: embedding, blocks, final norm, LM head.

use super::allocator::{Tag, tagged};
use super::block::{Block, Order};
use super::cache::{CacheOptions, KvCache};
use super::parts::attention::{Attention, Heads, Kernel, QkNorm, Qkv};
use super::parts::embedding::Embedding;
use super::parts::head::Head;
use super::parts::mlp::{Mlp, Up, native_gate};
use super::parts::norm::Norm;
use super::parts::positions::{Layouts, slopes};
use super::probe::Pass;
use super::weights::{GATE_UP, Parameters, QKV};
use super::{Error, Result, TorchKind};
use crate::arch::block as described;
use crate::arch::formats::Fuse;
use crate::arch::hook::Hook;
use crate::arch::mask::Mask;
use crate::arch::model::Model;
use crate::arch::parts::mlp::MlpKind;
use crate::arch::parts::norm::Norm as DescribedNorm;
use crate::arch::role::Role;
use crate::arch::rotation::Scaling;
use crate::arch::toggles::{self, Kernels, Toggles};
use crate::arch::weight::Slot;
use tch::{Device, Kind, Tensor};

/// A decoder-only transformer, built for one set of toggles.
pub struct Decoder {
    model: Model,
    embedding: Embedding,
    blocks: Vec<Block>,
    layouts: Layouts,
    final_norm: Option<Norm>,
    head: Head,
    /// What was chosen beside the layers' own masks.
    mask: Mask,
    cache: CacheOptions,
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
    /// Puts the parts together: toggles are resolved here, and no forward asks for one. The weights are shared with
    /// `parameters`, not copied: building the same model for other toggles costs next to nothing. The model computes
    /// where they lie.
    ///
    /// # Panics
    /// The model is one that [`super::support::check`] refuses.
    pub fn new(model: &Model, parameters: &Parameters, toggles: &Toggles) -> Self {
        let _tagged = tagged(Tag::Weights);
        let device = parameters.device();
        let kernels = if device == Device::Cpu { toggles.kernels } else { Kernels::LibTorch };
        let is_native = kernels == Kernels::Native;
        let is_fused = toggles.attention.kernel == toggles::Kernel::Fused;
        let kind = toggles.compute.kind();
        let layouts = Layouts::new(is_fused, is_native, kind, device);
        let mut builder = Builder { parameters, toggles, kernels, layouts };
        let blocks =
            model.stack.blocks.iter().enumerate().map(|(number, block)| builder.block(number, block)).collect();
        let read = model.stack.embedding().expect("only stacks of tokens are computed: see support");
        let embedding = Embedding {
            table: parameters.embed(),
            positions: parameters.vector(Slot::Positions, None),
            multiplier: read.multiplier,
            norm: read.norm.map(|norm| builder.norm(norm, Slot::EmbedNorm, None)),
            kind,
        };
        let linear = parameters.lm_head().by(kernels).times(model.head.multiplier);
        Self {
            embedding,
            blocks,
            final_norm: model.stack.final_norm.map(|norm| builder.norm(norm, Slot::FinalNorm, None)),
            head: Head { linear, softcap: model.head.softcap },
            mask: toggles.attention.mask,
            cache: CacheOptions {
                mask: toggles.attention.mask,
                precision: toggles.kv_dtype(),
                is_native,
                activations: (kind, device),
            },
            activations: (kind, device),
            layouts: builder.layouts,
            model: model.clone(),
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
        self.check_positions(past + new)?;
        let x = self.embedding.forward(ids, past, pass)?; // [batch, T, d_model]
        let x = self.through_blocks(0, x, cache, pass)?;
        let x = match wanted {
            Wanted::All => x,
            Wanted::Last => x.narrow(1, new as i64 - 1, 1),
        };
        let x = match &self.final_norm {
            Some(norm) => pass.op(Role::FinalNorm, |_| Ok(norm.forward(&x)))?,
            None => x,
        };
        let x = pass.hook(Hook::FinalNormalized, x);
        let logits = pass.op(Role::LmHead, |_| Ok(self.head.forward(&x)))?;
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
        let positions = self.layouts.of_pass(past, new);
        for (number, block) in self.blocks.iter().enumerate().skip(first) {
            let cache = cache.as_mut().map(|cache| cache.layer(number));
            x = pass.block(number, |pass| block.forward(x, &positions, cache, pass))?;
        }
        Ok(x)
    }

    /// The last step of the pass: what the model says where `x` is its residual stream. [.., d_model] → f32 [.., d_vocab]
    pub fn read_out(&self, x: &Tensor) -> Tensor {
        self.head.capped(self.uncapped(x))
    }

    /// The same before a soft cap on logits.
    pub fn uncapped(&self, x: &Tensor) -> Tensor {
        match &self.final_norm {
            Some(norm) => self.head.uncapped(&norm.forward(x)),
            None => self.head.uncapped(x),
        }
    }

    /// What it is.
    pub fn model(&self) -> &Model {
        &self.model
    }

    pub fn embedding(&self) -> &Embedding {
        &self.embedding
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub fn final_norm(&self) -> Option<&Norm> {
        self.final_norm.as_ref()
    }

    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Which keys a query of a block attends to.
    pub fn mask(&self, block: usize) -> Mask {
        self.model.stack.blocks[block].attn.mask.narrowed(self.mask)
    }

    /// An empty cache for so many sequences, with room for `capacity` positions of each.
    pub fn new_cache(&self, batch: usize, capacity: usize) -> KvCache {
        KvCache::new(&self.model, self.cache, batch, capacity)
    }

    /// Refuses what the model has no positions for. A base that grows with the text has no end.
    fn check_positions(&self, positions: usize) -> Result<()> {
        let grows = |block: &described::Block| {
            let rotation = block.attn.rotation.as_ref();
            rotation.is_none_or(|rotation| matches!(rotation.scaling, Scaling::Dynamic { .. }))
        };
        let has_end = self.embedding.positions.is_some() || !self.model.stack.blocks.iter().all(grows);
        if has_end && positions > self.model.stack.n_ctx {
            return Err(Error::Request(format!(
                "{positions} positions are more than the model's context of {}",
                self.model.stack.n_ctx
            )));
        }
        Ok(())
    }
}

/// What putting a block together needs.
struct Builder<'a> {
    parameters: &'a Parameters,
    toggles: &'a Toggles,
    kernels: Kernels,
    layouts: Layouts,
}

impl Builder<'_> {
    fn block(&mut self, number: usize, block: &described::Block) -> Block {
        let number_of = Some(number);
        let linear = |slots| self.parameters.linear(slots, number_of).by(self.kernels);
        let (described, mlp) = (&block.attn, &block.mlp);
        let qkv = match self.toggles.fuse {
            Fuse::Separate => Qkv::Separate { q: linear(&[Slot::Q]), k: linear(&[Slot::K]), v: linear(&[Slot::V]) },
            Fuse::Joined => Qkv::Joined(linear(QKV)),
        };
        let up = match (mlp.kind, self.toggles.fuse) {
            (MlpKind::Plain, _) => Up::Plain(linear(&[Slot::Up])),
            (MlpKind::Gated, Fuse::Separate) => Up::Gated { gate: linear(&[Slot::Gate]), up: linear(&[Slot::Up]) },
            (MlpKind::Gated, Fuse::Joined) => Up::Joined(linear(GATE_UP)),
        };
        let norm = |norm: Option<DescribedNorm>, slot| norm.map(|norm| self.norm(norm, slot, number_of));
        let qk_norm = described.qk_norm.map(|qk_norm| QkNorm {
            q: self.norm(qk_norm.norm, Slot::QNorm, number_of),
            k: self.norm(qk_norm.norm, Slot::KNorm, number_of),
            over: qk_norm.over,
        });
        let order = match block.order {
            described::Order::Sequential => Order::Sequential,
            described::Order::Parallel { norm: shared } => Order::Parallel { norm: norm(shared, Slot::Norm) },
        };
        let kernel = match (self.toggles.attention.kernel, self.kernels) {
            (toggles::Kernel::Eager, _) => Kernel::Eager,
            (toggles::Kernel::Fused, Kernels::LibTorch) => Kernel::Fused,
            (toggles::Kernel::Fused, Kernels::Native) => Kernel::Native,
        };
        let slopes = Some(slopes(described)).filter(|slopes| kernel == Kernel::Native && !slopes.is_empty());
        let heads = Heads {
            n_heads: described.n_heads as i64,
            n_kv_heads: described.n_kv_heads as i64,
            d_head: described.d_head as i64,
            scale: described.scale,
            softcap: described.softcap,
            slopes: slopes.map(|slopes| Tensor::from_slice(&slopes)),
            sinks: self.parameters.vector(Slot::Sinks, number_of).map(|sinks| sinks.to_kind(Kind::Float)),
        };
        // A branch that is normed at its end is multiplied before that to no effect: no family has both.
        let multiplier = block.multiplier;
        let (attn_norm, post_norm) =
            (norm(described.norm, Slot::AttnNorm), norm(described.post_norm, Slot::AttnPostNorm));
        let out = linear(&[Slot::Out]).times(multiplier);
        let mlp = Mlp {
            norm: norm(mlp.norm, Slot::MlpNorm),
            up,
            down: linear(&[Slot::Down]).times(multiplier),
            activation: mlp.activation,
            post_norm: norm(mlp.post_norm, Slot::MlpPostNorm),
            native_gate: native_gate(mlp.activation).filter(|_| self.kernels == Kernels::Native),
        };
        let layout = self.layouts.of_layer(described, described.mask.narrowed(self.toggles.attention.mask));
        let attn = Attention { norm: attn_norm, qkv, qk_norm, out, post_norm, heads, kernel, layout };
        Block { attn, mlp, order }
    }

    fn norm(&self, described: DescribedNorm, slot: Slot, block: Option<usize>) -> Norm {
        let (scale, shift) = self.parameters.norm(slot, block);
        Norm::new(described, scale, shift, self.kernels == Kernels::Native)
    }
}
