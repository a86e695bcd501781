//! How the forward pass can be watched, without knowing who watches.
//!
//! The model names what it does in two ways: [`Pass::op`] puts a name around a piece of work,
//! [`Pass::hook`] lends an activation. A [`Probe`] sees both; by default it does nothing, and hands back what it
//! was lent, so that with one that only looks the output is the same to the last bit. One that hands back
//! something else intervenes: what comes after is computed from that.

use super::Result;
use std::fmt;
use tch::Tensor;

/// A piece of work with a name. Those inside a block carry the block's number in their path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    Embed,
    Block,
    /// The first stage: everything up to what is added to the residual stream.
    Attn,
    AttnNorm,
    Qkv,
    Rope,
    /// Writing the new keys and values into the cache.
    Cache,
    /// Q·Kᵀ, scaled and masked.
    Scores,
    Softmax,
    /// The weighted average of the values.
    Values,
    /// Scores, softmax and values in one kernel.
    Fused,
    Out,
    AttnResidual,
    /// The second stage.
    Mlp,
    MlpNorm,
    Gate,
    Up,
    /// Gate and up in one product.
    GateUp,
    Act,
    Down,
    MlpResidual,
    FinalNorm,
    LmHead,
}

/// An activation with a name, after TransformerLens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hook {
    Embed,
    ResidPre,
    AttnOut,
    ResidMid,
    MlpOut,
    ResidPost,
    /// After the rotation, as it enters the scores. [batch, n_heads, T, d_head]
    Q,
    /// After the rotation. [batch, n_kv_heads, past + T, d_head]
    K,
    V,
    /// Before the softmax, masked. [batch, n_heads, query, key]
    Scores,
    /// After the softmax. [batch, n_heads, query, key]
    Pattern,
    /// What each head read, before the output projection. [batch, n_heads, T, d_head]
    Z,
    /// Before the activation: the gate where there is one, else the only up-projection. [batch, T, d_mlp]
    MlpPre,
    /// What enters the down-projection. [batch, T, d_mlp]
    MlpPost,
    FinalNormalized,
    Logits,
}

/// Where in the model something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place<N> {
    pub block: Option<usize>,
    pub name: N,
}

/// Someone who watches a pass.
pub trait Probe {
    /// A piece of work begins.
    ///
    /// # Errors
    /// [`super::Error::Cancelled`] ends the pass here.
    fn enter(&mut self, _op: Place<Op>) -> Result<()> {
        Ok(())
    }

    /// It has ended, and this is what it made (several tensors for queries, keys and values).
    ///
    /// # Errors
    /// [`super::Error::Cancelled`] ends the pass here.
    fn leave(&mut self, _op: Place<Op>, _made: &[&Tensor]) -> Result<()> {
        Ok(())
    }

    /// An activation came by; what is handed back takes its place.
    fn hook(&mut self, _hook: Place<Hook>, activation: Tensor) -> Tensor {
        activation
    }
}

/// Nobody watches.
pub struct Unwatched;

impl Probe for Unwatched {}

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
    pub fn op<T: Made>(&mut self, op: Op, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let place = Place { block: self.block, name: op };
        self.probe.enter(place)?;
        let made = work(self)?;
        self.probe.leave(place, &made.tensors())?;
        Ok(made)
    }

    /// Does `work` inside block number `block`, under the name [`Op::Block`].
    ///
    /// # Errors
    /// As [`Pass::op`].
    pub fn block<T: Made>(&mut self, block: usize, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.block = Some(block);
        let made = self.op(Op::Block, work);
        self.block = None;
        made
    }

    /// Lends an activation to whoever watches, and hands on what comes back.
    #[must_use = "an intervention takes the place of the activation"]
    pub fn hook(&mut self, hook: Hook, activation: Tensor) -> Tensor {
        self.probe.hook(Place { block: self.block, name: hook }, activation)
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

impl Op {
    /// The path inside the model, or inside its block: `embed`, `attn.qkv`.
    pub fn path(self) -> &'static str {
        match self {
            Op::Embed => "embed",
            Op::Block => "",
            Op::Attn => "attn",
            Op::AttnNorm => "attn.norm",
            Op::Qkv => "attn.qkv",
            Op::Rope => "attn.rope",
            Op::Cache => "attn.cache",
            Op::Scores => "attn.scores",
            Op::Softmax => "attn.softmax",
            Op::Values => "attn.values",
            Op::Fused => "attn.fused",
            Op::Out => "attn.out",
            Op::AttnResidual => "attn_residual",
            Op::Mlp => "mlp",
            Op::MlpNorm => "mlp.norm",
            Op::Gate => "mlp.gate",
            Op::Up => "mlp.up",
            Op::GateUp => "mlp.gate_up",
            Op::Act => "mlp.act",
            Op::Down => "mlp.down",
            Op::MlpResidual => "mlp_residual",
            Op::FinalNorm => "final_norm",
            Op::LmHead => "lm_head",
        }
    }
}

impl Hook {
    /// Every hook, in the order in which a pass reaches them.
    pub const ALL: [Hook; 16] = [
        Hook::Embed,
        Hook::ResidPre,
        Hook::Q,
        Hook::K,
        Hook::V,
        Hook::Scores,
        Hook::Pattern,
        Hook::Z,
        Hook::AttnOut,
        Hook::ResidMid,
        Hook::MlpPre,
        Hook::MlpPost,
        Hook::MlpOut,
        Hook::ResidPost,
        Hook::FinalNormalized,
        Hook::Logits,
    ];

    /// Whether every block has one.
    pub fn is_in_block(self) -> bool {
        !matches!(self, Hook::Embed | Hook::FinalNormalized | Hook::Logits)
    }

    /// The name inside the model, or inside its block, as TransformerLens has it.
    pub fn path(self) -> &'static str {
        match self {
            Hook::Embed => "hook_embed",
            Hook::ResidPre => "hook_resid_pre",
            Hook::AttnOut => "hook_attn_out",
            Hook::ResidMid => "hook_resid_mid",
            Hook::MlpOut => "hook_mlp_out",
            Hook::ResidPost => "hook_resid_post",
            Hook::Q => "attn.hook_q",
            Hook::K => "attn.hook_k",
            Hook::V => "attn.hook_v",
            Hook::Scores => "attn.hook_attn_scores",
            Hook::Pattern => "attn.hook_pattern",
            Hook::Z => "attn.hook_z",
            Hook::MlpPre => "mlp.hook_pre",
            Hook::MlpPost => "mlp.hook_post",
            Hook::FinalNormalized => "ln_final.hook_normalized",
            Hook::Logits => "logits",
        }
    }
}

/// The full dotted path: `blocks.3.attn.qkv`, `blocks.3.attn.hook_q`, `logits`.
fn write_path(f: &mut fmt::Formatter<'_>, block: Option<usize>, path: &str) -> fmt::Result {
    match (block, path) {
        (None, path) => f.write_str(path),
        (Some(block), "") => write!(f, "blocks.{block}"),
        (Some(block), path) => write!(f, "blocks.{block}.{path}"),
    }
}

impl fmt::Display for Place<Op> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(f, self.block, self.name.path())
    }
}

impl fmt::Display for Place<Hook> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(f, self.block, self.name.path())
    }
}
