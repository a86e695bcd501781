//! The first branch of a block: every position gathers from those that it attends to (Vaswani et al.,
//! arXiv:1706.03762), with as many key/value heads as the model has (Ainslie et al., arXiv:2305.13245).

use super::norm::Norm;
use super::positions::{LayerLayout, Positions, View};
use crate::arch::hook::Hook;
use crate::arch::parts::attention::QkNormOver;
use crate::arch::role::Role;
use crate::engine::Result;
use crate::engine::cache::LayerCache;
use crate::engine::linear::Linear;
use crate::engine::native::{self, AttentionOptions};
use crate::engine::probe::Pass;
use tch::{Kind, Tensor};

/// Multi-head self-attention.
pub struct Attention {
    pub norm: Option<Norm>,
    pub qkv: Qkv,
    pub qk_norm: Option<QkNorm>,
    pub out: Linear,
    pub post_norm: Option<Norm>,
    pub heads: Heads,
    pub kernel: Kernel,
    pub layout: LayerLayout,
}

/// The projections to queries, keys and values.
pub enum Qkv {
    Separate { q: Linear, k: Linear, v: Linear },
    Joined(Linear),
}

/// Norms of queries and of keys.
pub struct QkNorm {
    pub q: Norm,
    pub k: Norm,
    pub over: QkNormOver,
}

/// How many heads there are, and what happens to their scores.
pub struct Heads {
    pub n_heads: i64,
    pub n_kv_heads: i64,
    pub d_head: i64,
    pub scale: f64,
    /// c, where scores become c·tanh(score / c).
    pub softcap: Option<f64>,
    /// What a position further away takes from a score, where the kernel does it. [n_heads]
    pub slopes: Option<Tensor>,
    /// A logit for each head that takes part in its softmax. [n_heads]
    pub sinks: Option<Tensor>,
}

/// How the heads are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// The textbook's way, with every matrix in memory.
    Eager,
    /// LibTorch's kernel.
    Fused,
    /// This program's.
    Native,
}

impl Attention {
    /// [batch, T, d_model] → what the branch adds to it, of the same shape.
    pub fn forward(
        &self,
        x: &Tensor,
        positions: &Positions,
        cache: Option<&mut LayerCache>,
        pass: &mut Pass,
    ) -> Result<Tensor> {
        let normed = match &self.norm {
            Some(norm) => Some(pass.op(Role::AttnNorm, |_| Ok(norm.forward(x)))?),
            None => None,
        };
        let x = normed.as_ref().unwrap_or(x);
        // [batch, n_heads, T, d_head], and twice [batch, n_kv_heads, T, d_head]
        let (q, k, v) = pass.op(Role::Qkv, |_| Ok(self.qkv.forward(x, &self.heads)))?;
        let q = pass.hook_heads(Hook::Q, q);
        let k = pass.hook_heads(Hook::K, k);
        let v = pass.hook_heads(Hook::V, v);
        let (q, k) = match &self.qk_norm {
            Some(norm) => pass.op(Role::QkNorm, |_| Ok((norm.of(&norm.q, &q), norm.of(&norm.k, &k))))?,
            None => (q, k),
        };
        let (q, k) = match positions.rotation(self.layout) {
            Some(rotation) => pass.op(Role::Rope, |_| Ok((rotation.apply(q), rotation.apply(k))))?,
            None => (q, k),
        };
        let q = pass.hook_heads(Hook::RotQ, q);
        let k = pass.hook_heads(Hook::RotK, k);
        let (k, v) = match cache {
            Some(cache) => pass.op(Role::Cache, |_| Ok(cache.append(&k, &v)))?, // [batch, n_kv_heads, keys, d_head]
            None => (k, v),
        };
        let z = self.attend(&q, &k, &v, positions.views(self.layout), pass)?; // [batch, n_heads, T, d_head]
        let z = pass.hook_heads(Hook::Z, z);
        let found = pass.op(Role::Out, |_| Ok(self.out.forward(&z.transpose(1, 2).flatten(2, 3))))?;
        match &self.post_norm {
            Some(norm) => pass.op(Role::AttnPostNorm, |_| Ok(norm.forward(&found))),
            None => Ok(found),
        }
    }

    /// softmax(Q·Kᵀ · scale + mask)·V, of each head.
    fn attend(&self, q: &Tensor, k: &Tensor, v: &Tensor, views: &[View], pass: &mut Pass) -> Result<Tensor> {
        if self.kernel == Kernel::Eager {
            return self.heads.eager(q, k, v, views.first().and_then(|view| view.bias.as_ref()), pass);
        }
        let is_native = self.kernel == Kernel::Native;
        let part = |view: &View, q: &Tensor, k: &Tensor, v: &Tensor| {
            if is_native && self.heads.is_for_native(q, k, v, view) {
                self.heads.native(q, k, v, view)
            } else {
                self.heads.fused(q, k, v, view)
            }
        };
        pass.op(Role::Fused, |_| {
            Ok(match views {
                [one] => part(one, q, k, v),
                several => {
                    let part = |view: &View| part(view, &view.queries(q), &view.keys(k), &view.keys(v));
                    Tensor::cat(&several.iter().map(part).collect::<Vec<_>>(), 2)
                }
            })
        })
    }

    /// What summands of what the heads read become in what the branch adds, with the statistics of a norm after it held
    /// fixed; and the rest, which no head made: a bias, a shift. `summands` [n, n_heads · d_head] that add up to `z`
    /// [1, n_heads · d_head] → [n, d_model], and [d_model] where there is a rest.
    pub fn contributions(&self, summands: &Tensor, z: &Tensor) -> (Tensor, Option<Tensor>) {
        let (found, bias) = (self.out.unbiased(summands), self.out.bias());
        let Some(norm) = &self.post_norm else { return (found, bias) };
        let whole = self.out.unbiased(z);
        let whole = match &bias {
            Some(bias) => whole + bias,
            None => whole,
        };
        let shift = norm.shift().map(|shift| shift.to_kind(Kind::Float));
        let bias = bias.map(|bias| norm.frozen(&bias, &whole).squeeze_dim(0));
        let rest = match (bias, shift) {
            (Some(bias), Some(shift)) => Some(bias + shift),
            (bias, shift) => bias.or(shift),
        };
        (norm.frozen(&found, &whole), rest)
    }
}

impl Qkv {
    /// [batch, T, d_model] → queries, keys and values, by head
    fn forward(&self, x: &Tensor, heads: &Heads) -> (Tensor, Tensor, Tensor) {
        match self {
            Qkv::Separate { q, k, v } => {
                let of = |linear: &Linear| heads.split(&linear.forward(x));
                (of(q), of(k), of(v))
            }
            Qkv::Joined(qkv) => {
                let all = heads.split(&qkv.forward(x)); // [batch, n_heads + 2 · n_kv_heads, T, d_head]
                let (q, kv) = (heads.n_heads, heads.n_kv_heads);
                (all.narrow(1, 0, q), all.narrow(1, q, kv), all.narrow(1, q + kv, kv))
            }
        }
    }
}

impl QkNorm {
    /// [batch, heads, T, d_head] → the same shape
    fn of(&self, norm: &Norm, x: &Tensor) -> Tensor {
        match self.over {
            QkNormOver::Head | QkNormOver::OwnHead => norm.forward(x),
            QkNormOver::AllHeads => {
                let d = x.size()[3];
                norm.forward(&x.transpose(1, 2).flatten(2, 3)).unflatten(2, [-1, d]).transpose(1, 2)
            }
        }
    }
}

impl Heads {
    /// [batch, T, heads · d_head] → [batch, heads, T, d_head]
    fn split(&self, x: &Tensor) -> Tensor {
        x.unflatten(2, [-1, self.d_head]).transpose(1, 2)
    }

    /// Whether our kernel is the one to compute this. It multiplies in f32: of many queries in bf16, from the start on,
    /// LibTorch's is faster where the processor has tiles for it.
    fn is_for_native(&self, q: &Tensor, k: &Tensor, v: &Tensor, view: &View) -> bool {
        let is_plain = self.softcap.is_none() && self.sinks.is_none() && self.slopes.is_none() && view.window.is_none();
        let is_for_tiles = || is_plain && view.is_causal && q.kind() == Kind::BFloat16 && q.size()[2] == k.size()[2];
        view.bias.is_none() && native::takes(&[q, k, v]) && !(is_for_tiles() && native::has_bf16_tiles())
    }

    fn native(&self, q: &Tensor, k: &Tensor, v: &Tensor, view: &View) -> Tensor {
        let options = AttentionOptions {
            scale: self.scale,
            softcap: self.softcap,
            window: view.window,
            causal: true,
            slopes: self.slopes.as_ref(),
            sinks: self.sinks.as_ref(),
        };
        native::attention(q, k, v, &options)
    }

    /// In one kernel of LibTorch's, which holds no more of the scores than a tile.
    fn fused(&self, q: &Tensor, k: &Tensor, v: &Tensor, view: &View) -> Tensor {
        let bias = view.bias.as_ref();
        assert!(
            self.slopes.is_none() || bias.is_some(),
            "a penalty by distance, in numbers that our kernel does not take"
        );
        // It has neither a soft cap nor logits of its own; nor a window without a mask.
        if self.softcap.is_some() || self.sinks.is_some() {
            return self.composed(q, k, v, view);
        }
        let made;
        let bias = match (view.window, bias) {
            (Some(_), None) => {
                made = view.hidden(q, k);
                Some(&made)
            }
            _ => bias,
        };
        let (causal, shared) = (view.is_causal && view.window.is_none(), q.size()[1] != k.size()[1]);
        // LibTorch's triangle begins at the first key: behind a cache it wants a mask, which `View` makes where it is used.
        assert!(!causal || q.size()[2] == k.size()[2], "queries, keys and values of one format");
        if shared && q.size()[2] == 1 && bias.is_none_or(|bias| bias.dim() == 2) {
            // As rows of one matrix, the query heads that share a key head are several times as fast as one by one.
            let (heads, stacked) = (q.size(), stacked(q, k.size()[1]));
            let z = Tensor::scaled_dot_product_attention(&stacked, k, v, bias, 0.0, causal, self.scale, false);
            return z.view(&heads[..]);
        }
        Tensor::scaled_dot_product_attention(q, k, v, bias, 0.0, causal, self.scale, shared)
    }

    /// What the kernels cannot, as products of LibTorch's.
    fn composed(&self, q: &Tensor, k: &Tensor, v: &Tensor, view: &View) -> Tensor {
        let scores = self.scores(q, k);
        let scores = match &view.bias {
            Some(bias) => scores + bias,
            None if view.is_causal => scores + view.hidden(q, k),
            None => scores,
        };
        self.values(&self.pattern(&scores, q.kind()), v)
    }

    /// The textbook's way, with every intermediate matrix in memory.
    fn eager(&self, q: &Tensor, k: &Tensor, v: &Tensor, bias: Option<&Tensor>, pass: &mut Pass) -> Result<Tensor> {
        let scores = pass.op(Role::Scores, |_| {
            let scores = self.scores(q, k);
            Ok(match bias {
                Some(bias) => scores + bias,
                None => scores,
            })
        })?; // [batch, n_heads, query, key]
        let scores = pass.hook(Hook::Scores, scores);
        let pattern = pass.op(Role::Softmax, |_| Ok(self.pattern(&scores, q.kind())))?;
        let pattern = pass.hook(Hook::Pattern, pattern);
        pass.op(Role::Values, |_| Ok(self.values(&pattern, v)))
    }

    /// q·k, scaled and capped. [batch, n_heads, query, key]
    fn scores(&self, q: &Tensor, k: &Tensor) -> Tensor {
        let scores = unstacked(&stacked(q, k.size()[1]).matmul(&k.transpose(2, 3)), q) * self.scale;
        match self.softcap {
            Some(cap) => (scores / cap).tanh() * cap,
            None => scores,
        }
    }

    /// softmax of scores, in which a head's own logit takes part. [batch, n_heads, query, key], both
    fn pattern(&self, scores: &Tensor, kind: Kind) -> Tensor {
        // The sum over many keys wants more digits than bf16 has.
        let softmax = |scores: &Tensor| scores.softmax(-1, Kind::Float).to_kind(kind);
        match &self.sinks {
            None => softmax(scores),
            Some(sinks) => {
                let shape = scores.size();
                let column = sinks.to_kind(scores.kind()).view([1, -1, 1, 1]);
                let column = column.expand([shape[0], shape[1], shape[2], 1], false);
                softmax(&Tensor::cat(&[scores, &column], -1)).narrow(-1, 0, shape[3])
            }
        }
    }

    /// What each query reads. [batch, n_heads, query, key] and [batch, n_kv_heads, key, d_head] → [batch, n_heads,
    /// query, d_head]
    fn values(&self, pattern: &Tensor, v: &Tensor) -> Tensor {
        unstacked(&stacked(pattern, v.size()[1]).matmul(v), pattern)
    }
}

/// The query heads that share a key head, above each other: nothing is copied for them.
/// [batch, n_heads, T, n] → [batch, n_kv_heads, n_heads / n_kv_heads · T, n]
fn stacked(x: &Tensor, n_kv_heads: i64) -> Tensor {
    let shape = x.size();
    x.reshape([shape[0], n_kv_heads, shape[1] / n_kv_heads * shape[2], -1])
}

/// As [`stacked`] took them from `like`. [batch, n_kv_heads, .., n] → [batch, n_heads, T, n]
fn unstacked(x: &Tensor, like: &Tensor) -> Tensor {
    let shape = like.size();
    x.reshape([shape[0], shape[1], shape[2], -1])
}
