//! The logit lens: what the residual stream would say if the model ended there.

use super::exploration::{Exploration, place_before};
use super::tensors::numbers;
use crate::engine::allocator::trim;
use crate::engine::{Decoder, Error, Result};
use crate::record::explored::{LensCell, LensTable, Likely, Place};
use std::ops::Range;
use tch::{Kind, Tensor};

/// A massive activation (Sun et al., arXiv:2402.17762): above this, and this many times the median.
const MASSIVE: f32 = 100.0;
const MASSIVE_TIMES: f32 = 1000.0;
/// Positions that are read at a time: logits of more would take much memory.
const TOGETHER: usize = 64;

impl Exploration {
    /// The lens at a place for some positions, the `top` likeliest tokens of each. The final norm's statistics are
    /// those of what is read, so that the last place says what the model says.
    ///
    /// # Panics
    /// There are no such positions.
    pub fn lens(&self, decoder: &Decoder, place: Place, positions: Range<usize>, top: usize) -> Vec<LensCell> {
        let last = self.says(decoder, self.last_place(), &positions);
        self.cells(decoder, place, positions, &last, top)
    }

    /// The same at every place. `goes_on` is told at which positions it is, again and again.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when it says no.
    pub fn lens_everywhere(
        &self,
        decoder: &Decoder,
        positions: Range<usize>,
        top: usize,
        mut goes_on: impl FnMut(usize) -> bool,
    ) -> Result<LensTable> {
        let mut places: Vec<(Place, Vec<LensCell>)> = self.places().map(|place| (place, Vec::new())).collect();
        for start in positions.clone().step_by(TOGETHER) {
            let part = start..(start + TOGETHER).min(positions.end);
            let last = self.says(decoder, self.last_place(), &part);
            for (place, cells) in &mut places {
                if !goes_on(start) {
                    return Err(Error::Cancelled);
                }
                cells.extend(self.cells(decoder, *place, part.clone(), &last, top));
            }
        }
        Ok(LensTable { first: positions.start, places })
    }

    /// The token that the model holds likeliest after a position.
    ///
    /// # Panics
    /// There is no such position.
    pub fn likeliest(&self, decoder: &Decoder, position: usize) -> u32 {
        let _no_grad = tch::no_grad_guard();
        decoder.read_out(&self.last().narrow(0, position as i64, 1)).argmax(-1, false).int64_value(&[0]) as u32
    }

    /// What the model would say there, as ln p. [positions, d_vocab]
    fn says(&self, decoder: &Decoder, place: Place, positions: &Range<usize>) -> Tensor {
        let _no_grad = tch::no_grad_guard();
        let x = self.residual(place).narrow(0, positions.start as i64, positions.len() as i64);
        decoder.read_out(&x).log_softmax(-1, Kind::Float)
    }

    /// `last`: what the last place says at these positions.
    fn cells(
        &self,
        decoder: &Decoder,
        place: Place,
        positions: Range<usize>,
        last: &Tensor,
        top: usize,
    ) -> Vec<LensCell> {
        let _no_grad = tch::no_grad_guard();
        trim();
        let log_p = self.says(decoder, place, &positions);
        let sum = |x: Tensor| numbers(&x.sum_dim_intlist([-1].as_slice(), false, Kind::Float));
        let entropy = sum(-(log_p.exp() * &log_p));
        let kl = sum(last.exp() * (last - &log_p));
        let top = top.clamp(1, log_p.size()[1] as usize);
        let (best, ids) = log_p.topk(top as i64, -1, true, true);
        let (best, ids) = (numbers(&best.exp()), numbers(&ids));

        let next = |i: usize| self.ids.get(positions.start + i + 1);
        let ranks: Vec<Option<u32>> =
            (0..positions.len()).map(|i| next(i).map(|&next| rank(&log_p.get(i as i64), next))).collect();
        // What is kept is made when the large tensors are gone: between them it would keep their memory from being
        // used again.
        drop(log_p);

        let x = self.residual(place).narrow(0, positions.start as i64, positions.len() as i64).to_kind(Kind::Float);
        let norm = numbers(&(x.square().mean_dim([-1].as_slice(), false, Kind::Float)).sqrt());
        let write = place_before(place).map(|before| {
            let before = self.residual(before).narrow(0, positions.start as i64, positions.len() as i64);
            let before = before.to_kind(Kind::Float);
            let length = |x: &Tensor| x.square().sum_dim_intlist([-1].as_slice(), false, Kind::Float).sqrt();
            numbers(&(length(&(&x - &before)) / length(&before)))
        });
        let sizes = x.abs();
        let (largest, feature) = sizes.max_dim(-1, false);
        let (largest, feature) = (numbers(&largest), numbers(&feature));
        let median = numbers(&sizes.median_dim(-1, false).0);
        let cell = |i: usize| {
            let likely = |at: usize| Likely { id: ids[at] as u32, probability: best[at] };
            LensCell {
                top: (i * top..(i + 1) * top).map(likely).collect(),
                rank: ranks[i],
                entropy: entropy[i],
                kl: kl[i].max(0.0),
                norm: norm[i],
                write: write.as_ref().map(|write| write[i]),
                largest: (feature[i] as u32, largest[i]),
                massive: largest[i] > MASSIVE && largest[i] > MASSIVE_TIMES * median[i],
            }
        };
        (0..positions.len()).map(cell).collect()
    }
}

/// How many tokens are likelier than this one. [d_vocab]
fn rank(log_p: &Tensor, token: u32) -> u32 {
    let its = log_p.get(i64::from(token));
    log_p.gt_tensor(&its).sum(Kind::Int64).int64_value(&[]) as u32
}
