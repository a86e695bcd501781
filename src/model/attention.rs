//! The first stage of a block: every position gathers from the ones before it (Vaswani et al.,
//! arXiv:1706.03762), with as many key/value heads as the model has (Ainslie et al., arXiv:2305.13245).

use super::cache::LayerCache;
use super::linear::Linear;
use super::norm::Norm;
use super::probe::{Hook, Op, Pass};
use super::reach::Stretch;
use super::rope::Rotation;
use super::toggles::{self, Kernel, Kernels, Reach};
use super::{Result, native};
use tch::{Device, Kind, Tensor};

/// Multi-head self-attention.
pub struct Attention {
    pub norm: Norm,
    pub qkv: Qkv,
    pub out: Linear,
    pub kernel: Kernel,
    pub kernels: Kernels,
    pub n_heads: i64,
    pub n_kv_heads: i64,
    pub d_head: i64,
}

/// The projections to queries, keys and values.
pub enum Qkv {
    Separate { q: Linear, k: Linear, v: Linear },
    Joined(Linear),
}

/// What every block of a pass shares: where the new positions stand and what they may see.
pub struct Positions {
    /// Absent where positions were added to the embedding.
    pub rotation: Option<Rotation>,
    /// The new positions, cut as they are computed; one of all of them, unless a window is narrow.
    pub views: Vec<View>,
}

/// Queries that are computed together, the keys that they look at, and what of these is hidden from them.
pub struct View {
    stretch: Stretch,
    /// What is added to the scores. [queries, keys]; absent where nothing is hidden, or the kernel hides it.
    mask: Option<Tensor>,
    /// Whether the kernel itself is to hide what comes later.
    causal: bool,
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
        // [batch, n_heads, T, d_head], and twice [batch, n_kv_heads, T, d_head]
        let (q, k, v) = pass.op(Op::Qkv, |_| Ok(self.qkv.forward(&x, self)))?;
        let (q, k) = match &positions.rotation {
            Some(rotation) => pass.op(Op::Rope, |_| Ok((rotation.apply(q), rotation.apply(k))))?,
            None => (q, k),
        };
        let (k, v) = match cache {
            Some(cache) => pass.op(Op::Cache, |_| Ok(cache.append(&k, &v)))?, // [batch, n_kv_heads, keys, d_head]
            None => (k, v),
        };
        let q = pass.hook(Hook::Q, q);
        let k = pass.hook(Hook::K, k);
        let v = pass.hook(Hook::V, v);

        let z = self.attend(&q, &k, &v, &positions.views, pass)?; // [batch, n_heads, T, d_head]
        let z = pass.hook(Hook::Z, z);
        pass.op(Op::Out, |_| Ok(self.out.forward(&z.transpose(1, 2).flatten(2, 3))))
    }

    /// softmax(Q·Kᵀ/√d + mask)·V, of each head.
    fn attend(&self, q: &Tensor, k: &Tensor, v: &Tensor, views: &[View], pass: &mut Pass) -> Result<Tensor> {
        match (self.kernel, views) {
            (Kernel::Fused, [one]) => pass.op(Op::Fused, |_| Ok(fused(self.kernels, q, k, v, one))),
            (Kernel::Fused, several) => pass.op(Op::Fused, |_| {
                let part = |view: &View| fused(self.kernels, &view.queries(q), &view.keys(k), &view.keys(v), view);
                Ok(Tensor::cat(&several.iter().map(part).collect::<Vec<_>>(), 2))
            }),
            (Kernel::Eager, views) => eager(q, k, v, views.first().and_then(|view| view.mask.as_ref()), pass),
        }
    }

    /// [batch, T, heads · d_head] → [batch, heads, T, d_head]
    fn heads(&self, x: &Tensor) -> Tensor {
        x.unflatten(2, [-1, self.d_head]).transpose(1, 2)
    }
}

impl Qkv {
    /// [batch, T, d_model] → the heads of `attention`: queries, keys and values
    fn forward(&self, x: &Tensor, attention: &Attention) -> (Tensor, Tensor, Tensor) {
        match self {
            Qkv::Separate { q, k, v } => {
                let heads = |linear: &Linear| attention.heads(&linear.forward(x));
                (heads(q), heads(k), heads(v))
            }
            Qkv::Joined(qkv) => {
                let all = attention.heads(&qkv.forward(x)); // [batch, n_heads + 2 · n_kv_heads, T, d_head]
                let (q, kv) = (attention.n_heads, attention.n_kv_heads);
                (all.narrow(1, 0, q), all.narrow(1, q, kv), all.narrow(1, q + kv, kv))
            }
        }
    }
}

impl View {
    /// What positions `past .. past + new` may see, in the activations' format and where they are.
    pub fn of_pass(
        (attention, kernels): (toggles::Attention, Kernels),
        (past, new): (usize, usize),
        options: (Kind, Device),
    ) -> Vec<Self> {
        let reach = attention.reach;
        let stretches = attention.stretches(past, new);
        if new == 1 {
            // One new position may see everything that was kept for it.
            return stretches.into_iter().map(|stretch| Self { stretch, mask: None, causal: false }).collect();
        }
        let view = |stretch: Stretch| match (attention.kernel, reach) {
            // From the start, the fused kernel knows the triangle itself; ours knows its rest, too.
            (Kernel::Fused, Reach::All) if past == 0 || kernels == Kernels::Native => {
                Self { stretch, mask: None, causal: true }
            }
            (_, Reach::All) => {
                let all = [new as i64, (past + new) as i64];
                let mask = Tensor::full(all, f64::NEG_INFINITY, options).triu(past as i64 + 1);
                Self { stretch, mask: Some(mask), causal: false }
            }
            (_, Reach::Near { .. }) => {
                let mut positions = reach.positions(past);
                positions.extend(past..past + new);
                let keys: Vec<usize> = stretch.keys.iter().flat_map(|keys| &positions[keys.clone()]).copied().collect();
                let hidden = |query: usize, key: usize| if reach.sees(query, key) { 0.0 } else { f32::NEG_INFINITY };
                let rows = stretch.queries.clone().map(|query| past + query);
                let mask: Vec<f32> = rows.flat_map(|query| keys.iter().map(move |&key| hidden(query, key))).collect();
                let shape = [stretch.queries.len() as i64, keys.len() as i64];
                let mask = Tensor::from_slice(&mask).view(shape).to_kind(options.0).to_device(options.1);
                Self { stretch, mask: Some(mask), causal: false }
            }
        };
        stretches.into_iter().map(view).collect()
    }

    /// Its queries of all. [batch, n_heads, T, d_head] → [batch, n_heads, queries, d_head]
    fn queries(&self, q: &Tensor) -> Tensor {
        let queries = &self.stretch.queries;
        q.narrow(2, queries.start as i64, queries.len() as i64)
    }

    /// Its keys, or their values, of all. [batch, n_kv_heads, all, d_head] → [batch, n_kv_heads, keys, d_head]
    fn keys(&self, all: &Tensor) -> Tensor {
        let part = |keys: &std::ops::Range<usize>| all.narrow(2, keys.start as i64, keys.len() as i64);
        match self.stretch.keys.as_slice() {
            [one] => part(one),
            several => Tensor::cat(&several.iter().map(part).collect::<Vec<_>>(), 2),
        }
    }
}

/// In one kernel, which holds no more of the scores than a tile.
fn fused(kernels: Kernels, q: &Tensor, k: &Tensor, v: &Tensor, view: &View) -> Tensor {
    // Ours multiplies in f32. Of many queries in bf16, from the start on, LibTorch's is faster where there are tiles for it.
    let is_for_tiles = || view.causal && q.kind() == Kind::BFloat16 && q.size()[2] == k.size()[2];
    let is_ours = kernels == Kernels::Native && view.mask.is_none() && native::takes(&[q, k, v]);
    if is_ours && !(is_for_tiles() && native::has_bf16_tiles()) {
        return native::attention(q, k, v);
    }
    let (mask, causal, shared) = (view.mask.as_ref(), view.causal, q.size()[1] != k.size()[1]);
    // LibTorch's triangle begins at the first key: behind a cache it wants a mask, which `View` makes where it is used.
    assert!(!causal || q.size()[2] == k.size()[2], "queries, keys and values of one format");
    if shared && q.size()[2] == 1 {
        // As rows of one matrix, the query heads that share a key head are several times as fast as one by one.
        let (heads, stacked) = (q.size(), stacked(q, k.size()[1]));
        return Tensor::scaled_dot_product_attention(&stacked, k, v, mask, 0.0, causal, None, false).view(&heads[..]);
    }
    Tensor::scaled_dot_product_attention(q, k, v, mask, 0.0, causal, None, shared)
}

/// The textbook's way, with every intermediate matrix in memory.
fn eager(q: &Tensor, k: &Tensor, v: &Tensor, mask: Option<&Tensor>, pass: &mut Pass) -> Result<Tensor> {
    let shape = q.size();
    let (n_heads, n_kv_heads, t) = (shape[1], k.size()[1], shape[2]);
    let unstacked = |x: &Tensor| x.reshape([shape[0], n_heads, t, -1]);

    let scores = pass.op(Op::Scores, |_| {
        let scores = unstacked(&stacked(q, n_kv_heads).matmul(&k.transpose(2, 3))) / (shape[3] as f64).sqrt();
        Ok(match mask {
            Some(mask) => scores + mask,
            None => scores,
        })
    })?; // [batch, n_heads, query, key]
    let scores = pass.hook(Hook::Scores, scores);
    // The sum over many keys wants more digits than bf16 has.
    let pattern = pass.op(Op::Softmax, |_| Ok(scores.softmax(-1, Kind::Float).to_kind(q.kind())))?;
    let pattern = pass.hook(Hook::Pattern, pattern);
    pass.op(Op::Values, |_| Ok(unstacked(&stacked(&pattern, n_kv_heads).matmul(v))))
}

/// The query heads that share a key head, above each other: nothing is copied for them.
/// [batch, n_heads, T, n] → [batch, n_kv_heads, n_heads / n_kv_heads · T, n]
fn stacked(x: &Tensor, n_kv_heads: i64) -> Tensor {
    let shape = x.size();
    x.reshape([shape[0], n_kv_heads, shape[1] / n_kv_heads * shape[2], -1])
}
