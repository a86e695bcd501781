//! The heads of a block, from their queries, keys and log-sum-exp.

use crate::model::toggles::Reach;
use crate::trace::explored::Area;
use std::ops::Range;
use tch::{Kind, Tensor};

/// Rows of a pattern that are made at a time where all of it is gone through: what stays in the processor's caches.
const STRIPE: usize = 64;

/// The heads of a block. What a head looks at is A[q, k] = exp(q·k/√d − LSE[q]), k = 0 … q, and rows sum to 1.
pub struct Heads {
    /// After the rotation. [n_heads, T, d_head]
    q: Tensor,
    /// After the rotation. [n_kv_heads, T, d_head]
    k: Tensor,
    /// ln Σ exp(q·k/√d) over the keys that a query sees. [n_heads, T]
    lse: Tensor,
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

    /// How many heads there are.
    pub fn len(&self) -> usize {
        self.q.size()[0] as usize
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
        super::numbers(&self.entropy.get(head as i64))
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
            cells.extend(super::numbers(&largest(&pattern.unsqueeze(0), bin, -1.0)));
        }
        cells.iter_mut().filter(|cell| **cell < 0.0).for_each(|cell| *cell = f32::NAN);
        cells
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
        let mut read = Vec::new();
        self.stripes(STRIPE, |queries, patterns| read.push(patterns.matmul(&v.narrow(1, 0, queries.end as i64))));
        Tensor::cat(&read, 1)
    }

    /// Goes through the patterns of all heads by rows: `each` is given the queries and [n_heads, queries, keys], with
    /// all keys up to the last that any of these queries sees, and 0 where one is not seen.
    pub fn stripes(&self, rows: usize, mut each: impl FnMut(Range<usize>, Tensor)) {
        let (n_heads, n_kv_heads, d) = (self.q.size()[0], self.k.size()[0], self.q.size()[2]);
        let k = self.k.to_kind(Kind::Float).transpose(1, 2);
        for start in (0..self.positions()).step_by(rows) {
            let queries = start..(start + rows).min(self.positions());
            let (begin, n, end) = (start as i64, queries.len() as i64, queries.end as i64);
            let q = self.q.narrow(1, begin, n).to_kind(Kind::Float) / self.root();
            let scores = q.reshape([n_kv_heads, -1, d]).matmul(&k.narrow(2, 0, end)).view([n_heads, n, end]);
            let mut scores = scores - self.lse.narrow(1, begin, n).unsqueeze(2);
            // Of the keys before these queries all are seen, unless there is a window.
            let first = if self.reach == Reach::All { start } else { 0 };
            let mut masked = scores.narrow(2, first as i64, end - first as i64);
            let _ = masked.masked_fill_(&hidden(self.reach, &queries, &(first..queries.end)), f64::NEG_INFINITY);
            each(queries, scores.exp_());
        }
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

/// Rows for [`Heads::stripes`] that are whole bins.
pub fn rows_of(bin: usize) -> usize {
    STRIPE.next_multiple_of(bin.max(1))
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

/// Of every `bin` × `bin` the largest; what is missing in the last ones counts as `least`. [n, rows, columns] →
/// [n, ⌈rows / bin⌉, ⌈columns / bin⌉]
pub fn largest(x: &Tensor, bin: usize, least: f64) -> Tensor {
    let bin = bin.max(1) as i64;
    let (n, rows, columns) = (x.size()[0], x.size()[1], x.size()[2]);
    let more = |size: i64| (bin - size % bin) % bin;
    let x = match (more(rows), more(columns)) {
        (0, 0) => x.shallow_clone(),
        (below, right) => x.pad([0, right, 0, below], "constant", least),
    };
    let [rows, columns] = [rows + more(rows), columns + more(columns)].map(|size| size / bin);
    x.reshape([n, rows, bin, columns, bin]).amax([4].as_slice(), false).amax([2].as_slice(), false)
}
