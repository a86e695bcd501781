//! The first stage of a block: every position gathers from the ones before it (Vaswani et al.,
//! arXiv:1706.03762), with as many key/value heads as the model has (Ainslie et al., arXiv:2305.13245).

use super::Result;
use super::cache::LayerCache;
use super::linear::Linear;
use super::norm::Norm;
use super::probe::{Hook, Op, Pass};
use super::rope::Rotation;
use super::toggles::AttentionKind;
use tch::{Device, Kind, Tensor};

/// Multi-head self-attention.
pub struct Attention {
    pub norm: Norm,
    pub q: Linear,
    pub k: Linear,
    pub v: Linear,
    pub out: Linear,
    pub kernel: Kernel,
    pub n_heads: i64,
    pub n_kv_heads: i64,
    pub d_head: i64,
}

/// How the heads are computed.
pub struct Kernel(pub AttentionKind);

/// What every block of a pass shares: where the new positions stand and what they may see.
pub struct Positions {
    /// Absent where positions were added to the embedding.
    pub rotation: Option<Rotation>,
    /// What is added to the scores. [T, past + T]; absent where nothing is hidden, or the kernel hides it.
    pub mask: Option<Tensor>,
    /// Whether the kernel itself is to hide what comes later.
    pub causal: bool,
}

impl Attention {
    /// [batch, T, d_model] → what the stage adds to it, of the same shape.
    pub fn forward(
        &self,
        x: &Tensor,
        positions: &Positions,
        cache: Option<&mut LayerCache>,
        pass: &mut Pass,
    ) -> Result<Tensor> {
        let x = pass.op(Op::AttnNorm, |_| Ok(self.norm.forward(x)))?;
        let (q, k, v) = pass.op(Op::Qkv, |_| {
            let q = self.heads(&self.q.forward(&x), self.n_heads); //    [batch, n_heads, T, d_head]
            let k = self.heads(&self.k.forward(&x), self.n_kv_heads); // [batch, n_kv_heads, T, d_head]
            let v = self.heads(&self.v.forward(&x), self.n_kv_heads);
            Ok((q, k, v))
        })?;
        let (q, k) = match &positions.rotation {
            Some(rotation) => pass.op(Op::Rope, |_| Ok((rotation.apply(&q), rotation.apply(&k))))?,
            None => (q, k),
        };
        let (k, v) = match cache {
            Some(cache) => pass.op(Op::Cache, |_| Ok(cache.append(&k, &v)))?, // [batch, n_kv_heads, past + T, d_head]
            None => (k, v),
        };
        pass.hook(Hook::Q, &q);
        pass.hook(Hook::K, &k);
        pass.hook(Hook::V, &v);

        let z = self.kernel.forward(&q, &k, &v, positions, pass)?; // [batch, n_heads, T, d_head]
        pass.hook(Hook::Z, &z);
        pass.op(Op::Out, |_| Ok(self.out.forward(&z.transpose(1, 2).flatten(2, 3))))
    }

    /// [batch, T, heads · d_head] → [batch, heads, T, d_head]
    fn heads(&self, x: &Tensor, heads: i64) -> Tensor {
        x.unflatten(2, [heads, self.d_head]).transpose(1, 2)
    }
}

impl Kernel {
    /// softmax(Q·Kᵀ/√d + mask)·V, of each head.
    fn forward(&self, q: &Tensor, k: &Tensor, v: &Tensor, positions: &Positions, pass: &mut Pass) -> Result<Tensor> {
        match self.0 {
            AttentionKind::Eager => eager(q, k, v, positions, pass),
            AttentionKind::Fused => pass.op(Op::Fused, |_| {
                let shared = q.size()[1] != k.size()[1];
                let (mask, causal) = (positions.mask.as_ref(), positions.causal);
                Ok(Tensor::scaled_dot_product_attention(q, k, v, mask, 0.0, causal, None, shared))
            }),
        }
    }

    /// What positions `past .. past + new` may see, in the activations' format and where they are.
    pub fn visible(&self, rotation: Option<Rotation>, past: usize, new: usize, options: (Kind, Device)) -> Positions {
        // One new position may see everything; from the start, the fused kernel knows the triangle itself.
        let causal = self.0 == AttentionKind::Fused && past == 0 && new > 1;
        let mask = (new > 1 && !causal).then(|| {
            let all = [new as i64, (past + new) as i64];
            Tensor::full(all, f64::NEG_INFINITY, options).triu(past as i64 + 1)
        });
        Positions { rotation, mask, causal }
    }
}

/// The textbook's way, with every intermediate matrix in memory.
fn eager(q: &Tensor, k: &Tensor, v: &Tensor, positions: &Positions, pass: &mut Pass) -> Result<Tensor> {
    let shape = q.size();
    let (n_heads, n_kv_heads, t) = (shape[1], k.size()[1], shape[2]);
    // The query heads that share a key head are stacked above each other: nothing is copied for them.
    let stacked = |x: &Tensor| x.reshape([shape[0], n_kv_heads, n_heads / n_kv_heads * t, -1]);
    let unstacked = |x: &Tensor| x.reshape([shape[0], n_heads, t, -1]);

    let scores = pass.op(Op::Scores, |_| {
        let scores = unstacked(&stacked(q).matmul(&k.transpose(2, 3))) / (shape[3] as f64).sqrt();
        Ok(match &positions.mask {
            Some(mask) => scores + mask,
            None => scores,
        })
    })?; // [batch, n_heads, query, key]
    pass.hook(Hook::Scores, &scores);
    // The sum over many keys wants more digits than bf16 has.
    let pattern = pass.op(Op::Softmax, |_| Ok(scores.softmax(-1, Kind::Float).to_kind(q.kind())))?;
    pass.hook(Hook::Pattern, &pattern);
    pass.op(Op::Values, |_| Ok(unstacked(&stacked(&pattern).matmul(v))))
}
