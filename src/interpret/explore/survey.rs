//! All heads at once: what each looks at, made small, and what it does, in numbers.

use super::exploration::Exploration;
use super::heads::{Heads, largest};
use super::repeated::Repeated;
use super::tensors::{numbers, trim_if_long};
use crate::engine::{Error, Result};
use crate::measure::Control;
use crate::record::explored::{Head, HeadScores, Score, Sink, Thumbnail};
use tch::{Device, Kind, Tensor};

/// The heads of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockHeads {
    pub scores: Vec<HeadScores>,
    pub thumbnails: Vec<Thumbnail>,
}

impl Exploration {
    /// Goes through the patterns of all heads, block by block. A thumbnail has at most `side` cells on a side; where
    /// there is a `reference` over as many positions, every head is held against what it was there.
    ///
    /// # Errors
    /// It was cancelled.
    pub fn survey(
        &self,
        side: usize,
        reference: Option<&Exploration>,
        control: &Control,
        each: &mut dyn FnMut(usize, BlockHeads),
    ) -> Result<()> {
        for block in 0..self.n_layers() {
            let ran = self.heads_of(block, side, reference, &mut || !control.is_cancelled());
            each(block, ran.ok_or(Error::Cancelled)?);
        }
        Ok(())
    }

    /// The same of one block; `goes_on` is asked again and again, and where it says no there is nothing.
    pub fn heads_of(
        &self,
        block: usize,
        side: usize,
        reference: Option<&Exploration>,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Option<BlockHeads> {
        let _no_grad = tch::no_grad_guard();
        let found = self.repeated(block);
        let reference = reference.filter(|reference| self.is_comparable(reference)).map(|it| it.heads(block));
        of_block(self.heads(block), block as u32, side, reference, found, goes_on)
    }

    /// Whether heads here and there can be held against each other: as many positions, and as many heads.
    pub fn is_comparable(&self, other: &Exploration) -> bool {
        let shape = |it: &Exploration| (it.len(), it.n_layers(), it.heads(0).len());
        shape(self) == shape(other)
    }
}

fn of_block(
    heads: &Heads,
    block: u32,
    side: usize,
    reference: Option<&Heads>,
    found: &Repeated,
    goes_on: &mut dyn FnMut() -> bool,
) -> Option<BlockHeads> {
    let (n, t) = (heads.len(), heads.positions());
    let bin = t.div_ceil(side.max(1)).max(1);
    let side = t.div_ceil(bin);
    let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
    let (n_heads, n_bins) = (n as i64, side as i64);
    // Of each head: same tokens, tokens after them, positions looked at; on the token before; received by each key;
    // by how much it differs from the reference; and the largest of each cell of its picture.
    let mut sums = zeros(&[n_heads, 3]);
    let mut previous = zeros(&[n_heads]);
    let received = zeros(&[n_heads, t as i64]);
    let mut changed = zeros(&[n_heads]);
    let picture = zeros(&[n_heads, n_bins, n_bins]);
    for queries in heads.stripes() {
        if !goes_on() {
            return None;
        }
        let patterns = heads.stripe(&queries);
        let (start, end) = (queries.start as i64, queries.end as i64);
        sums += patterns.reshape([n_heads, -1]).matmul(&found.weights(&queries));
        previous += patterns.diagonal(start - 1, 1, 2).sum_dim_intlist([-1].as_slice(), false, Kind::Float);
        let mut so_far = received.narrow(1, 0, end);
        so_far += patterns.sum_dim_intlist([1].as_slice(), false, Kind::Float);
        if let Some(reference) = reference {
            let apart = (&patterns - reference.stripe(&queries)).abs_();
            changed += apart.sum_dim_intlist([1, 2].as_slice(), false, Kind::Float) / 2.0;
        }
        let across = largest(&patterns.view([n_heads * (end - start), 1, end]), 1, bin, 0.0);
        let across = across.view([n_heads, end - start, -1]); // [n_heads, queries, bins of keys so far]
        for row in queries.start / bin..queries.end.div_ceil(bin) {
            let first = (row * bin).max(queries.start) as i64 - start;
            let last = ((row + 1) * bin).min(queries.end) as i64 - start;
            let most = across.narrow(1, first, last - first).amax([1].as_slice(), false);
            let mut cells = picture.select(1, row as i64).narrow(1, 0, most.size()[1]);
            cells.copy_(&cells.maximum(&most));
        }
    }
    trim_if_long(t as i64);
    let thumbnails = numbers(&picture);
    let (sums, previous, changed) = (numbers(&sums), numbers(&previous), numbers(&changed));
    let received = numbers(&received);
    let seen: Vec<f32> = found.mask.seen_by(t).map(|queries| queries as f32).collect();
    let queries_after = (t.max(2) - 1) as f32;
    let uniform_previous = (1..t).map(|query| 1.0 / found.mask.seen_from(query, t) as f32).sum::<f32>() / queries_after;
    let all_queries = (t * (t - 1) / 2) as f32;
    let of_head = |head: usize| {
        let alpha = received[head * t..(head + 1) * t].iter().zip(&seen).map(|(mass, seen)| mass / seen);
        let sink = alpha.take(t.div_ceil(2)).enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
        HeadScores {
            at: Head { block, head: head as u32 },
            previous: Score {
                value: previous[head] / queries_after,
                uniform: uniform_previous,
                queries: t.saturating_sub(1) as u32,
            },
            duplicate: found.duplicate.score(sums[head * 3]),
            induction: found.induction.score(sums[head * 3 + 1]),
            sink: Sink { key: sink.0 as u32, mass: sink.1, uniform: found.mask.even_share(sink.0, t) },
            entropy: heads.spread(head).iter().sum::<f32>() / queries_after,
            distance: (all_queries - sums[head * 3 + 2]) / t as f32,
            change: reference.map(|_| changed[head] / t as f32),
        }
    };
    let cells = side * side;
    let absent = |cell: usize| {
        let range = |bin_at: usize| bin_at * bin..((bin_at + 1) * bin).min(t);
        !found.mask.sees_any(&range(cell / side), &range(cell % side))
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
    Some(BlockHeads { scores: (0..n).map(of_head).collect(), thumbnails: (0..n).map(thumbnail).collect() })
}
