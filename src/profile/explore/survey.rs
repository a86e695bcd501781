//! All heads at once: what each looks at, made small, and what it does, in numbers.

use super::heads::{largest, rows_of};
use super::{Exploration, Heads};
use crate::model::toggles::Reach;
use crate::model::{Error, Result};
use crate::profile::Control;
use crate::trace::explored::{Head, HeadScores, Score, Sink, Thumbnail};
use std::ops::Range;
use tch::{Device, Kind, Tensor};

/// The heads of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    pub scores: Vec<HeadScores>,
    pub thumbnails: Vec<Thumbnail>,
}

impl Exploration {
    /// Goes through the patterns of all heads, block by block. A thumbnail has at most `side` cells on a side.
    ///
    /// # Errors
    /// It was cancelled.
    pub fn survey(&self, side: usize, control: &Control, each: &mut dyn FnMut(usize, Ran)) -> Result<()> {
        for block in 0..self.n_layers() {
            if control.is_cancelled() {
                return Err(Error::Cancelled);
            }
            each(block, self.heads_of(block, side));
        }
        Ok(())
    }

    /// The same of one block.
    pub fn heads_of(&self, block: usize, side: usize) -> Ran {
        let _no_grad = tch::no_grad_guard();
        let heads = self.heads(block);
        of_block(heads, block as u32, side, self.found.get_or_init(|| Found::of(&self.ids, heads.reach())))
    }
}

/// Where on a text there is something for heads to find.
pub(super) struct Found {
    ids: Tensor,
    reach: Reach,
    /// Queries for which there is an earlier token that is the same, and one that comes after such a one.
    duplicate: Candidates,
    induction: Candidates,
}

/// The queries that have something to find, and what an even spread would put on it.
#[derive(Default)]
struct Candidates {
    queries: f32,
    uniform: f32,
}

impl Found {
    fn of(ids: &[u32], reach: Reach) -> Self {
        let (mut duplicate, mut induction) = (Candidates::default(), Candidates::default());
        for query in 0..ids.len() {
            let seen = (0..=query).filter(|&key| reach.sees(query, key)).count() as f32;
            let count = |finds: &dyn Fn(usize) -> bool| {
                (0..=query).filter(|&key| reach.sees(query, key) && finds(key)).count() as f32
            };
            duplicate.add(count(&|key| key < query && ids[key] == ids[query]), seen);
            induction.add(count(&|key| key > 0 && ids[key - 1] == ids[query]), seen);
        }
        let ids: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
        Self { ids: Tensor::from_slice(&ids), reach, duplicate, induction }
    }

    /// Which keys are what a query looks for, for each of the kinds; and the keys' positions. [queries · keys, 3], f32
    fn weights(&self, queries: &Range<usize>) -> Tensor {
        let (n, end) = (queries.len() as i64, queries.end as i64);
        let wanted = self.ids.narrow(0, queries.start as i64, n).unsqueeze(1); // [queries, 1]
        let keys = self.ids.narrow(0, 0, end);
        let same = wanted.eq_tensor(&keys.unsqueeze(0)).tril(queries.start as i64 - 1);
        // The key after it; before the first there is nothing.
        let before = Tensor::cat(&[&Tensor::full([1], -1, (Kind::Int64, Device::Cpu)), &keys.narrow(0, 0, end - 1)], 0);
        let after_same = wanted.eq_tensor(&before.unsqueeze(0));
        let places = Tensor::arange(end, (Kind::Float, Device::Cpu)).unsqueeze(0).expand([n, end], false);
        let columns = [same.to_kind(Kind::Float), after_same.to_kind(Kind::Float), places];
        Tensor::stack(&columns, -1).view([n * end, 3])
    }
}

impl Candidates {
    fn add(&mut self, found: f32, seen: f32) {
        if found > 0.0 {
            self.queries += 1.0;
            self.uniform += found / seen;
        }
    }

    /// The mean of a sum over these queries, beside an even spread's.
    fn score(&self, sum: f32) -> Score {
        let mean = |sum: f32| if self.queries > 0.0 { sum / self.queries } else { 0.0 };
        Score { value: mean(sum), uniform: mean(self.uniform), queries: self.queries as u32 }
    }
}

fn of_block(heads: &Heads, block: u32, side: usize, found: &Found) -> Ran {
    let (n, t) = (heads.len(), heads.positions());
    let bin = t.div_ceil(side.max(1)).max(1);
    let side = t.div_ceil(bin);
    let floats = (Kind::Float, Device::Cpu);
    // Of each head: same tokens, tokens after them, positions looked at; on the token before; received by each key.
    let mut sums = Tensor::zeros([n as i64, 3], floats);
    let mut previous = Tensor::zeros([n as i64], floats);
    let received = Tensor::zeros([n as i64, t as i64], floats);
    let mut bands = Vec::new();
    heads.stripes(rows_of(bin), |queries, patterns| {
        let end = queries.end as i64;
        sums += patterns.view([n as i64, -1]).matmul(&found.weights(&queries));
        let before = patterns.diagonal(queries.start as i64 - 1, 1, 2);
        previous += before.sum_dim_intlist([-1].as_slice(), false, Kind::Float);
        let mut so_far = received.narrow(1, 0, end);
        so_far += patterns.sum_dim_intlist([1].as_slice(), false, Kind::Float);
        let band = largest(&patterns, bin, 0.0); // [n_heads, rows of bins, columns so far]
        let missing = side as i64 - band.size()[2];
        bands.push(band.pad([0, missing], "constant", 0.0));
    });
    let thumbnails = super::numbers(&Tensor::cat(&bands, 1));
    let (sums, previous) = (super::numbers(&sums), super::numbers(&previous));
    let seen: Vec<f32> =
        (0..t).map(|key| (key..t).filter(|&query| found.reach.sees(query, key)).count() as f32).collect();
    let received = super::numbers(&received);
    let queries_after = (t.max(2) - 1) as f32;
    let uniform_previous = (1..t).map(|query| 1.0 / found.reach.keys(query, 1) as f32).sum::<f32>() / queries_after;
    let all_queries = (t * (t - 1) / 2) as f32;
    let of_head = |head: usize| {
        let alpha = received[head * t..(head + 1) * t].iter().zip(&seen).map(|(mass, seen)| mass / seen);
        let sink = alpha.take(t.div_ceil(2)).enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
        let entropy = heads.entropy(head);
        let normalised = (1..t).map(|query| entropy[query] / (found.reach.keys(query, 1).max(2) as f32).ln());
        HeadScores {
            at: Head { block, head: head as u32 },
            previous: Score {
                value: previous[head] / queries_after,
                uniform: uniform_previous,
                queries: t.saturating_sub(1) as u32,
            },
            duplicate: found.duplicate.score(sums[head * 3]),
            induction: found.induction.score(sums[head * 3 + 1]),
            sink: Sink { key: sink.0 as u32, mass: sink.1 },
            entropy: normalised.sum::<f32>() / queries_after,
            distance: (all_queries - sums[head * 3 + 2]) / t as f32,
        }
    };
    let cells = side * side;
    let absent = |cell: usize| {
        let range = |bin_at: usize| bin_at * bin..((bin_at + 1) * bin).min(t);
        !found.reach.sees_any(&range(cell / side), &range(cell % side))
    };
    let thumbnail = |head: usize| Thumbnail {
        at: Head { block, head: head as u32 },
        side: side as u32,
        bin: bin as u32,
        cells: thumbnails[head * cells..(head + 1) * cells]
            .iter()
            .enumerate()
            .map(|(cell, &value)| if absent(cell) { f32::NAN } else { value })
            .collect(),
    };
    Ran { scores: (0..n).map(of_head).collect(), thumbnails: (0..n).map(thumbnail).collect() }
}
