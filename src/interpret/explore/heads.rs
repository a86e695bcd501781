//! The heads of a block, from their queries, keys and log-sum-exp.

use super::tensors::numbers;
use crate::model::toggles::Reach;
use crate::record::explored::Area;
use std::ops::Range;
use tch::{Kind, Tensor};

/// Rows of a pattern that are made at a time where all of it is gone through: what stays in the processor's caches.
const STRIPE: usize = 64;

/// The heads of a block. What a head looks at is A[q, k] = exp(q·k/√d − LSE[q]), k = 0 … q, and rows sum to 1.
pub struct Heads {
    /// After the rotation. [n_heads, T, d_head]
    pub(super) q: Tensor,
    /// After the rotation. [n_kv_heads, T, d_head]
    pub(super) k: Tensor,
    /// ln Σ exp(q·k/√d) over the keys that a query sees. [n_heads, T]
    pub(super) lse: Tensor,
    /// −Σ A ln A of every query, in nats. [n_heads, T]
    entropy: Tensor,
    reach: Reach,
}

impl Heads {
    /// Q [n_heads, T, d_head] and K [n_kv_heads, T, d_head] after the rotation.
    ///
    /// One run of the fused kernel with the keys in place of the values gives both the log-sum-exp and the entropy:
    /// o = Σ A·k, so Σ A·(q·k)/√d = q·o/√d, and H = LSE − q·o/√d.
    pub fn new(q: Tensor, k: Tensor, reach: Reach) -> Self {
        let [q, k] = [q, k].map(|x| x.to_device(tch::Device::Cpu).contiguous());
        let (n_heads, t, d) = (q.size()[0], q.size()[1], q.size()[2]);
        let queries = q.to_kind(Kind::Float).unsqueeze(0);
        let keys = k.to_kind(Kind::Float).repeat_interleave_self_int(n_heads / k.size()[0], 0, None).unsqueeze(0);
        let hidden = match reach {
            Reach::All => None,
            Reach::Near { .. } => {
                let hidden = hidden(reach, &(0..t as usize), &(0..t as usize));
                Some(Tensor::zeros([t, t], (Kind::Float, tch::Device::Cpu)).masked_fill(&hidden, f64::NEG_INFINITY))
            }
        };
        let is_causal = hidden.is_none();
        let (o, lse) = Tensor::internal_scaled_dot_product_flash_attention_for_cpu(
            &queries,
            &keys,
            &keys,
            0.0,
            is_causal,
            hidden.as_ref(),
            None,
        );
        let mean = (&queries * o).sum_dim_intlist([-1].as_slice(), false, Kind::Float) / (d as f64).sqrt();
        let lse = lse.view([n_heads, t]);
        let entropy = (&lse - mean.squeeze_dim(0)).clamp_min(0.0);
        Self { q, k, lse, entropy, reach }
    }

    /// With one more position. q [n_heads, 1, d_head], k [n_kv_heads, 1, d_head], after the rotation
    pub fn grown(&self, q: &Tensor, k: &Tensor) -> Self {
        let and = |have: &Tensor, more: &Tensor| {
            let more = more.to_device(tch::Device::Cpu).to_kind(have.kind());
            Tensor::cat(&[have, &more], 1)
        };
        let (q, k) = (and(&self.q, q), and(&self.k, k));
        let (n_heads, n_kv_heads, t, d) = (q.size()[0], k.size()[0], q.size()[1], q.size()[2]);
        let row = q.narrow(1, t - 1, 1).to_kind(Kind::Float).reshape([n_kv_heads, -1, d]) / (d as f64).sqrt();
        let scores = row.matmul(&k.to_kind(Kind::Float).transpose(1, 2)).view([n_heads, t]);
        let query = t as usize - 1;
        let scores = scores.masked_fill(&hidden(self.reach, &(query..query + 1), &(0..t as usize)), f64::NEG_INFINITY);
        let log_a = scores.log_softmax(-1, Kind::Float);
        let entropy =
            -(log_a.exp() * log_a.clamp_min(f64::from(f32::MIN))).sum_dim_intlist([-1].as_slice(), true, Kind::Float);
        let lse = Tensor::cat(&[&self.lse, &scores.logsumexp([-1].as_slice(), true)], 1);
        Self { q, k, lse, entropy: Tensor::cat(&[&self.entropy, &entropy], 1), reach: self.reach }
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

    pub fn reach(&self) -> Reach {
        self.reach
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
        let scores = q.to_kind(Kind::Float).matmul(&k.to_kind(Kind::Float).tr()) / self.root();
        (scores - lse.unsqueeze(1)).exp().masked_fill(&hidden(self.reach, queries, keys), f64::NAN)
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
            cells.extend(numbers(&largest(&pattern.unsqueeze(0), (bin, bin), -1.0)));
        }
        cells.iter_mut().filter(|cell| **cell < 0.0).for_each(|cell| *cell = f32::NAN);
        cells
    }

    /// How spread every query of a head is, from 0, one key, to 1, all that it sees alike: H ÷ ln(number of keys).
    pub fn spread(&self, head: usize) -> Vec<f32> {
        let normalised = |(query, entropy): (usize, f32)| match query {
            0 => 0.0,
            query => entropy / (self.reach.keys(query, 1).max(2) as f32).ln(),
        };
        self.entropy(head).into_iter().enumerate().map(normalised).collect()
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
        numbers(&sum).iter().zip(self.reach.seen_by(t)).map(|(sum, n)| sum / n as f32).collect()
    }

    /// All queries, so many at a time that a stripe of all heads' patterns takes little memory.
    pub fn stripes(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let t = self.positions();
        (0..t).step_by(STRIPE).map(move |start| start..(start + STRIPE).min(t))
    }

    /// The patterns of all heads for some queries, with all keys up to the last that any of them sees, and 0 where one
    /// is not seen. [n_heads, queries, keys]
    pub fn stripe(&self, queries: &Range<usize>) -> Tensor {
        let (n_heads, n_kv_heads, d) = (self.q.size()[0], self.k.size()[0], self.q.size()[2]);
        let (begin, n, end) = (queries.start as i64, queries.len() as i64, queries.end as i64);
        let k = self.k.narrow(1, 0, end).to_kind(Kind::Float).transpose(1, 2);
        let q = self.q.narrow(1, begin, n).to_kind(Kind::Float) / self.root();
        let mut scores = q.reshape([n_kv_heads, -1, d]).matmul(&k).view([n_heads, n, end]);
        scores -= self.lse.narrow(1, begin, n).unsqueeze(2);
        // Of the keys before these queries all are seen, unless there is a window.
        let first = if self.reach == Reach::All { queries.start } else { 0 };
        let mut masked = scores.narrow(2, first as i64, end - first as i64);
        let _ = masked.masked_fill_(&hidden(self.reach, queries, &(first..queries.end)), f64::NEG_INFINITY);
        scores.exp_()
    }

    /// The key/value head of a head.
    fn group(&self, head: usize) -> i64 {
        head as i64 / (self.q.size()[0] / self.k.size()[0])
    }

    /// √d_head
    fn root(&self) -> f64 {
        (self.q.size()[2] as f64).sqrt()
    }
}

/// Where a query does not see a key. [queries, keys], of booleans
fn hidden(reach: Reach, queries: &Range<usize>, keys: &Range<usize>) -> Tensor {
    let positions = |range: &Range<usize>| {
        Tensor::arange_start(range.start as i64, range.end as i64, (Kind::Int64, tch::Device::Cpu))
    };
    let keys = positions(keys).unsqueeze(0);
    let back = positions(queries).unsqueeze(1) - &keys;
    let later = back.lt(0);
    match reach {
        Reach::All => later,
        Reach::Near { sinks, window } => later.logical_or(&back.ge(window as i64).logical_and(&keys.ge(sinks as i64))),
    }
}

/// Of every so many rows by so many columns the largest; what is missing in the last ones counts as `least`.
/// [n, rows, columns] → [n, ⌈rows / bin⌉, ⌈columns / bin⌉]
pub fn largest(x: &Tensor, bins: (usize, usize), least: f64) -> Tensor {
    let (high, wide) = (bins.0.max(1) as i64, bins.1.max(1) as i64);
    let (n, rows, columns) = (x.size()[0], x.size()[1], x.size()[2]);
    let more = |size: i64, bin: i64| (bin - size % bin) % bin;
    let x = match (more(rows, high), more(columns, wide)) {
        (0, 0) => x.shallow_clone(),
        (below, right) => x.pad([0, right, 0, below], "constant", least),
    };
    let (rows, columns) = (x.size()[1] / high, x.size()[2] / wide);
    x.reshape([n, rows, high, columns, wide]).amax([4].as_slice(), false).amax([2].as_slice(), false)
}
