//! The logit lens: what the residual stream would say if the model ended there.

use super::{Exploration, Place, numbers};
use crate::model::Decoder;
use crate::trace::explored::{LensCell, Likely};
use tch::{Kind, Tensor};

/// A massive activation (Sun et al., arXiv:2402.17762): above this, and this many times the median.
const MASSIVE: f32 = 100.0;
const MASSIVE_TIMES: f32 = 1000.0;

impl Exploration {
    /// The lens at a place for some positions, the `top` likeliest tokens of each. The final norm's statistics are
    /// those of what is read, so that the last place says what the model says.
    ///
    /// # Panics
    /// There are no such positions.
    pub fn lens(
        &self,
        decoder: &Decoder,
        place: Place,
        positions: std::ops::Range<usize>,
        top: usize,
    ) -> Vec<LensCell> {
        let _no_grad = tch::no_grad_guard();
        let (start, n) = (positions.start as i64, positions.len() as i64);
        let x = self.residual(place).narrow(0, start, n); // [positions, d_model]
        let log_p = decoder.read_out(&x).log_softmax(-1, Kind::Float); // [positions, d_vocab]
        let last = self.residual(Place::Post(self.n_layers() - 1)).narrow(0, start, n);
        let last = decoder.read_out(&last).log_softmax(-1, Kind::Float);
        let sum = |x: Tensor| numbers(&x.sum_dim_intlist([-1].as_slice(), false, Kind::Float));
        let entropy = sum(-(log_p.exp() * &log_p));
        let kl = sum(last.exp() * (&last - &log_p));
        let top = top.clamp(1, log_p.size()[1] as usize);
        let (best, ids) = log_p.topk(top as i64, -1, true, true);
        let (best, ids) = (numbers(&best.exp()), numbers(&ids));

        let x = x.to_kind(Kind::Float);
        let norm = numbers(&(x.square().mean_dim([-1].as_slice(), false, Kind::Float)).sqrt());
        let sizes = x.abs();
        let (largest, feature) = sizes.max_dim(-1, false);
        let (largest, feature) = (numbers(&largest), numbers(&feature));
        let median = numbers(&sizes.median_dim(-1, false).0);
        let cell = |i: usize| {
            let likely = |at: usize| Likely { id: ids[at] as u32, probability: best[at] };
            LensCell {
                top: (i * top..(i + 1) * top).map(likely).collect(),
                rank: self.ids.get(positions.start + i + 1).map(|&next| rank(&log_p.get(i as i64), next)),
                entropy: entropy[i],
                kl: kl[i].max(0.0),
                norm: norm[i],
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
