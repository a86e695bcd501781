//! The heads of a block, from their queries, keys and log-sum-exp.

use super::tensors::numbers;
use crate::arch::mask::Mask;
use crate::engine::Decoder;
use crate::engine::parts::positions::slopes;
use crate::record::explored::Area;
use std::ops::Range;
use tch::{Kind, Tensor};

/// Rows of a pattern that are made at a time where all of it is gone through: what stays in the processor's caches.
const STRIPE: usize = 64;

/// How the scores of a block's heads come from queries and keys, and which keys a query attends to.
#[derive(Debug, Clone, PartialEq)]
pub struct Scoring {
    pub mask: Mask,
    /// What q·k is multiplied by.
    pub scale: f64,
    /// c, where scores become c·tanh(score / c).
    pub softcap: Option<f64>,
    /// What each position further away takes from a score of each head; empty where nothing does. [n_heads]
    pub slopes: Vec<f32>,
    /// A logit of each head that takes part in its softmax; empty where there is none. [n_heads]
    pub sinks: Vec<f32>,
}

/// The heads of a block. What a head looks at is A[q, k] = exp(score(q, k) − LSE[q]), k = 0 … q, where a score is q·k,
/// scaled, and whatever else the model makes of it. Rows sum to 1, or to less where a logit of the head's own takes part.
pub struct Heads {
    /// As they enter the scores: after the rotation. [n_heads, T, d_head]
    pub(super) q: Tensor,
    /// After the rotation. [n_kv_heads, T, d_head]
    pub(super) k: Tensor,
    /// ln Σ exp(score) over the keys that a query attends to. [n_heads, T]
    pub(super) lse: Tensor,
    /// −Σ A ln A of every query, in nats. [n_heads, T]
    entropy: Tensor,
    pub(super) scoring: Scoring,
}

impl Scoring {
    /// Of a block of a model.
    pub fn of_block(decoder: &Decoder, block: usize) -> Self {
        let attn = &decoder.model().stack.blocks[block].attn;
        Self {
            mask: decoder.mask(block),
            scale: attn.scale,
            softcap: attn.softcap,
            slopes: slopes(attn),
            sinks: decoder.blocks()[block].attn.heads.sinks.as_ref().map(numbers).unwrap_or_default(),
        }
    }

    /// Causal, by products alone: what captures of the first version have.
    pub fn plain(mask: Mask, d_head: i64) -> Self {
        Self { mask, scale: 1.0 / (d_head as f64).sqrt(), softcap: None, slopes: Vec::new(), sinks: Vec::new() }
    }

    /// Whether scores are products and nothing else.
    fn is_plain(&self) -> bool {
        self.softcap.is_none() && self.slopes.is_empty() && self.sinks.is_empty()
    }

    /// What products become: scaled, capped, less what the distance takes. Of `heads`, [heads, queries, keys]
    fn scores(&self, products: Tensor, heads: Range<usize>, queries: &Range<usize>, keys: &Range<usize>) -> Tensor {
        let scores = products * self.scale;
        let scores = match self.softcap {
            Some(cap) => (scores / cap).tanh() * cap,
            None => scores,
        };
        if self.slopes.is_empty() {
            return scores;
        }
        let distance = positions(keys).unsqueeze(0) - positions(queries).unsqueeze(1); // at most 0 where it is seen
        let slopes = Tensor::from_slice(&self.slopes[heads]).view([-1, 1, 1]);
        scores + slopes * distance.to_kind(Kind::Float)
    }
}

impl Heads {
    /// Q [n_heads, T, d_head] and K [n_kv_heads, T, d_head] as they enter the scores.
    pub fn new(q: Tensor, k: Tensor, scoring: Scoring) -> Self {
        let [q, k] = [q, k].map(|x| x.to_device(tch::Device::Cpu).contiguous());
        let unknown = Tensor::zeros([q.size()[0], 0], (Kind::Float, tch::Device::Cpu));
        let mut heads = Self { q, k, lse: unknown.shallow_clone(), entropy: unknown, scoring };
        let (lse, entropy) = if heads.scoring.is_plain() { heads.summed_by_kernel() } else { heads.summed_by_rows() };
        (heads.lse, heads.entropy) = (lse, entropy);
        heads
    }

    /// Log-sum-exp and entropy of plain scores. One run of the fused kernel with the keys in place of the values gives
    /// both: o = Σ A·k, so Σ A·score = scale · q·o, and H = LSE − scale · q·o. [n_heads, T], both
    fn summed_by_kernel(&self) -> (Tensor, Tensor) {
        let (n_heads, t) = (self.q.size()[0], self.q.size()[1]);
        let queries = self.q.to_kind(Kind::Float).unsqueeze(0);
        let shared = n_heads / self.k.size()[0];
        let keys = self.k.to_kind(Kind::Float).repeat_interleave_self_int(shared, 0, None).unsqueeze(0);
        let hidden = (self.scoring.mask != Mask::Causal).then(|| {
            let hidden = hidden(self.scoring.mask, &(0..t as usize), &(0..t as usize));
            Tensor::zeros([t, t], (Kind::Float, tch::Device::Cpu)).masked_fill(&hidden, f64::NEG_INFINITY)
        });
        let is_causal = hidden.is_none();
        let (o, lse) = Tensor::internal_scaled_dot_product_flash_attention_for_cpu(
            &queries,
            &keys,
            &keys,
            0.0,
            is_causal,
            hidden.as_ref(),
            self.scoring.scale,
        );
        let mean = (&queries * o).sum_dim_intlist([-1].as_slice(), false, Kind::Float) * self.scoring.scale;
        let lse = lse.view([n_heads, t]);
        let entropy = (&lse - mean.squeeze_dim(0)).clamp_min(0.0);
        (lse, entropy)
    }

    /// The same of any scores, some queries at a time.
    fn summed_by_rows(&self) -> (Tensor, Tensor) {
        let (lse, entropy): (Vec<Tensor>, Vec<Tensor>) = self.stripes().map(|queries| self.sums(&queries)).unzip();
        (Tensor::cat(&lse, 1), Tensor::cat(&entropy, 1))
    }

    /// Log-sum-exp and entropy of some queries. [n_heads, queries], both
    fn sums(&self, queries: &Range<usize>) -> (Tensor, Tensor) {
        let scores = self.masked_scores(queries);
        let all = match self.scoring.sinks.as_slice() {
            [] => scores.shallow_clone(),
            sinks => {
                let column = Tensor::from_slice(sinks).view([-1, 1, 1]);
                Tensor::cat(&[&scores, &column.expand([scores.size()[0], scores.size()[1], 1], false)], -1)
            }
        };
        let lse = all.logsumexp([-1].as_slice(), false);
        let log_a = scores - lse.unsqueeze(-1);
        // Where a key is hidden its share is 0, and so is what it adds.
        let terms = log_a.exp() * log_a.clamp_min(f64::from(f32::MIN));
        (lse, -terms.sum_dim_intlist([-1].as_slice(), false, Kind::Float))
    }

    /// With one more position. q [n_heads, 1, d_head], k [n_kv_heads, 1, d_head], as they enter the scores
    pub fn grown(&self, q: &Tensor, k: &Tensor) -> Self {
        let and = |have: &Tensor, more: &Tensor| {
            let more = more.to_device(tch::Device::Cpu).to_kind(have.kind());
            Tensor::cat(&[have, &more], 1)
        };
        let (lse, entropy) = (self.lse.shallow_clone(), self.entropy.shallow_clone());
        let grown = Self { q: and(&self.q, q), k: and(&self.k, k), lse, entropy, scoring: self.scoring.clone() };
        let query = self.positions();
        let (lse, entropy) = grown.sums(&(query..query + 1));
        Self { lse: and(&grown.lse, &lse), entropy: and(&grown.entropy, &entropy), ..grown }
    }

    /// How many heads there are.
    pub fn len(&self) -> usize {
        self.q.size()[0] as usize
    }

    /// How many key/value heads they share.
    pub fn groups(&self) -> usize {
        self.k.size()[0] as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Positions.
    pub fn positions(&self) -> usize {
        self.q.size()[1] as usize
    }

    /// Which keys a query attends to.
    pub fn mask(&self) -> Mask {
        self.scoring.mask
    }

    /// −Σ A ln A of every query of a head, in nats.
    pub fn entropy(&self, head: usize) -> Vec<f32> {
        numbers(&self.entropy.get(head as i64))
    }

    /// Part of a head's pattern; NaN where a query does not see a key. [queries, keys]
    pub fn pattern(&self, head: usize, area: &Area) -> Tensor {
        let (queries, keys) = (&area.queries, &area.keys);
        let q = self.q.get(head as i64).narrow(0, queries.start as i64, queries.len() as i64);
        let k = self.k.get(self.group(head)).narrow(0, keys.start as i64, keys.len() as i64);
        let lse = self.lse.get(head as i64).narrow(0, queries.start as i64, queries.len() as i64);
        let products = q.to_kind(Kind::Float).matmul(&k.to_kind(Kind::Float).tr()).unsqueeze(0);
        let scores = self.scoring.scores(products, head..head + 1, queries, keys).squeeze_dim(0);
        (scores - lse.unsqueeze(1)).exp().masked_fill(&hidden(self.scoring.mask, queries, keys), f64::NAN)
    }

    /// The same made smaller: of every `bin` × `bin` cells the largest, so that no stripe vanishes; NaN where no query
    /// sees a key. Row by row, [⌈queries / bin⌉, ⌈keys / bin⌉].
    pub fn shrunk(&self, head: usize, area: &Area, bin: usize) -> Vec<f32> {
        let bin = bin.max(1);
        let mut cells = Vec::new();
        // So many rows at a time, whole bins, that little memory is taken.
        let rows = (STRIPE * 8).next_multiple_of(bin);
        for start in area.queries.clone().step_by(rows) {
            let queries = start..(start + rows).min(area.queries.end);
            let part = Area { queries, keys: area.keys.clone() };
            let pattern = self.pattern(head, &part).nan_to_num(-1.0, None, None);
            cells.extend(numbers(&largest(&pattern.unsqueeze(0), bin, bin, -1.0)));
        }
        cells.iter_mut().filter(|cell| **cell < 0.0).for_each(|cell| *cell = f32::NAN);
        cells
    }

    /// How spread every query of a head is, from 0, one key, to 1, all that it sees alike: H ÷ ln(number of keys).
    pub fn spread(&self, head: usize) -> Vec<f32> {
        let entropies = self.entropy(head);
        let t = entropies.len();
        let normalised = |(query, entropy): (usize, f32)| match query {
            0 => 0.0,
            query => entropy / (self.scoring.mask.seen_from(query, t).max(2) as f32).ln(),
        };
        entropies.into_iter().enumerate().map(normalised).collect()
    }

    /// What a query of a head reads of the values: Σ A·v. v [n_kv_heads, T, d_head] → [n_heads, d_head]
    pub fn read(&self, query: usize, v: &Tensor) -> Tensor {
        let area = Area { queries: query..query + 1, keys: 0..self.positions() };
        let of_head = |head: usize| {
            let weights = self.pattern(head, &area).nan_to_num(0.0, None, None);
            weights.matmul(&v.get(self.group(head)).to_kind(Kind::Float)).squeeze_dim(0)
        };
        Tensor::stack(&(0..self.len()).map(of_head).collect::<Vec<_>>(), 0)
    }

    /// What all queries read of the values. v [n_kv_heads, T, d_head] → [n_heads, T, d_head]
    pub fn read_all(&self, v: &Tensor) -> Tensor {
        let v = v.to_kind(Kind::Float).repeat_interleave_self_int((self.len() / v.size()[0] as usize) as i64, 0, None);
        let read = |queries: Range<usize>| self.stripe(&queries).matmul(&v.narrow(1, 0, queries.end as i64));
        Tensor::cat(&self.stripes().map(read).collect::<Vec<_>>(), 1)
    }

    /// What each key of a head receives, of the queries that see it the mean.
    pub fn received(&self, head: usize) -> Vec<f32> {
        let t = self.positions();
        let sum = Tensor::zeros([t as i64], (Kind::Float, tch::Device::Cpu));
        for queries in self.stripes() {
            let area = Area { queries: queries.clone(), keys: 0..queries.end };
            let pattern = self.pattern(head, &area).nan_to_num(0.0, None, None);
            let mut so_far = sum.narrow(0, 0, queries.end as i64);
            so_far += pattern.sum_dim_intlist([0].as_slice(), false, Kind::Float);
        }
        numbers(&sum).iter().zip(self.scoring.mask.seen_by(t)).map(|(sum, n)| sum / n as f32).collect()
    }

    /// All queries, so many at a time that a stripe of all heads' patterns takes little memory.
    pub fn stripes(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let t = self.positions();
        (0..t).step_by(STRIPE).map(move |start| start..(start + STRIPE).min(t))
    }

    /// The patterns of all heads for some queries, with all keys up to the last that any of them sees, and 0 where one
    /// is not seen. [n_heads, queries, keys]
    pub fn stripe(&self, queries: &Range<usize>) -> Tensor {
        let mut scores = self.masked_scores(queries);
        scores -= self.lse.narrow(1, queries.start as i64, queries.len() as i64).unsqueeze(2);
        scores.exp_()
    }

    /// Their scores, and −∞ where a key is not seen. [n_heads, queries, keys]
    fn masked_scores(&self, queries: &Range<usize>) -> Tensor {
        let (n_heads, n_kv_heads, d) = (self.q.size()[0], self.k.size()[0], self.q.size()[2]);
        let (begin, n, end) = (queries.start as i64, queries.len() as i64, queries.end as i64);
        let k = self.k.narrow(1, 0, end).to_kind(Kind::Float).transpose(1, 2);
        let q = self.q.narrow(1, begin, n).to_kind(Kind::Float);
        let products = q.reshape([n_kv_heads, -1, d]).matmul(&k).view([n_heads, n, end]);
        let scores = self.scoring.scores(products, 0..n_heads as usize, queries, &(0..queries.end));
        // Of the keys before these queries all are seen, unless there is a window.
        let first = if self.scoring.mask == Mask::Causal { queries.start } else { 0 };
        let mut masked = scores.narrow(2, first as i64, end - first as i64);
        let _ = masked.masked_fill_(&hidden(self.scoring.mask, queries, &(first..queries.end)), f64::NEG_INFINITY);
        scores
    }

    /// The key/value head of a head.
    fn group(&self, head: usize) -> i64 {
        head as i64 / (self.q.size()[0] / self.k.size()[0])
    }
}

/// Where a query does not see a key. [queries, keys], of booleans
fn hidden(mask: Mask, queries: &Range<usize>, keys: &Range<usize>) -> Tensor {
    let (queries, keys) = (positions(queries).unsqueeze(1), positions(keys).unsqueeze(0));
    let back = &queries - &keys;
    let later = back.lt(0);
    match mask {
        Mask::Causal => later,
        Mask::Full => later.zeros_like(),
        Mask::Window { sinks, window } => later.logical_or(&back.ge(window as i64).logical_and(&keys.ge(sinks as i64))),
        Mask::Chunks { size } => {
            let chunk = |positions: &Tensor| positions.floor_divide_scalar(size as i64);
            later.logical_or(&chunk(&queries).ne_tensor(&chunk(&keys)))
        }
    }
}

/// The positions of a range, as whole numbers.
fn positions(range: &Range<usize>) -> Tensor {
    Tensor::arange_start(range.start as i64, range.end as i64, (Kind::Int64, tch::Device::Cpu))
}

/// Of every `high` rows by `wide` columns the largest; what is missing in the last ones counts as `least`.
/// [n, rows, columns] → [n, ⌈rows / high⌉, ⌈columns / wide⌉]
pub fn largest(x: &Tensor, high: usize, wide: usize, least: f64) -> Tensor {
    let (high, wide) = (high.max(1) as i64, wide.max(1) as i64);
    let (n, rows, columns) = (x.size()[0], x.size()[1], x.size()[2]);
    let more = |size: i64, bin: i64| (bin - size % bin) % bin;
    let x = match (more(rows, high), more(columns, wide)) {
        (0, 0) => x.shallow_clone(),
        (below, right) => x.pad([0, right, 0, below], "constant", least),
    };
    let (rows, columns) = (x.size()[1] / high, x.size()[2] / wide);
    x.reshape([n, rows, high, columns, wide]).amax([4].as_slice(), false).amax([2].as_slice(), false)
}
