//! How far one distribution over the vocabulary is from another, in exact formulas and in f64.
//!
//! ```text
//! log p(v)  = x(v) − ln Σ exp x          from logits x, the largest taken out of the exponent first
//! KL(r ‖ p) = Σ r(v)·(log r(v) − log p(v))
//! NLL       = −log p(next)
//! ```

use crate::record::study::Quality;
use rayon::prelude::*;

/// What was found at the positions that have been compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Divergence {
    positions: Vec<Position>,
}

/// One position: the reference's logits against another's.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Position {
    kl: f64,
    nll: f64,
    nll_reference: f64,
    agrees: bool,
    max_logit: f64,
}

impl Divergence {
    /// Compares positions: `d_vocab` logits for each, and the token that came `next`.
    ///
    /// # Errors
    /// The number of the first position, from 0 over all that were compared, at which a logit is no number.
    pub fn add(&mut self, reference: &[f32], logits: &[f32], d_vocab: usize, next: &[i64]) -> Result<(), usize> {
        let rows = reference.par_chunks(d_vocab).zip(logits.par_chunks(d_vocab)).zip(next);
        let positions: Vec<Position> = rows.map(|((r, x), &next)| Position::of(r, x, next as usize)).collect();
        if let Some(index) = positions.iter().position(|position| !position.max_logit.is_finite()) {
            return Err(self.positions.len() + index);
        }
        self.positions.extend(positions);
        Ok(())
    }

    /// All positions together; `None` where there are none.
    pub fn quality(&self) -> Option<Quality> {
        let n = self.positions.len();
        let mean = |of: fn(&Position) -> f64| self.positions.iter().map(of).sum::<f64>() / n as f64;
        let mut kl: Vec<f64> = self.positions.iter().map(|position| position.kl).collect();
        kl.sort_by(f64::total_cmp);
        (n > 0).then(|| Quality {
            positions: n as u32,
            kl_mean: mean(|position| position.kl),
            kl_p99: quantile(&kl, 0.99),
            top1: mean(|position| f64::from(u8::from(position.agrees))),
            nll: mean(|position| position.nll),
            nll_reference: mean(|position| position.nll_reference),
            max_logit: self.positions.iter().map(|position| position.max_logit).fold(0.0, f64::max),
        })
    }
}

impl Position {
    fn of(reference: &[f32], logits: &[f32], next: usize) -> Self {
        let (of_reference, of_logits) = (log_sum_exp(reference), log_sum_exp(logits));
        let mut kl = 0.0;
        let mut max_logit: f64 = 0.0;
        for (&r, &x) in reference.iter().zip(logits) {
            let (r, x) = (f64::from(r), f64::from(x));
            let log_r = r - of_reference;
            kl += log_r.exp() * (log_r - (x - of_logits));
            // A NaN must not get lost: f64::max would prefer the number.
            let difference = (r - x).abs();
            max_logit = if difference > max_logit || difference.is_nan() { difference } else { max_logit };
        }
        let nll = |logits: &[f32], sum: f64| sum - logits.get(next).map_or(f64::NAN, |&x| f64::from(x));
        Self {
            // Rounding of the sums can leave a hair less than nothing.
            kl: kl.max(0.0),
            nll: nll(logits, of_logits),
            nll_reference: nll(reference, of_reference),
            agrees: likeliest(reference) == likeliest(logits),
            max_logit,
        }
    }
}

/// ln Σ exp x
fn log_sum_exp(logits: &[f32]) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    largest + logits.iter().map(|&x| (f64::from(x) - largest).exp()).sum::<f64>().ln()
}

/// The index of the largest, the first of equals.
fn likeliest(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, index| if logits[index] > logits[best] { index } else { best })
}

/// By linear interpolation between order statistics.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn by_hand() {
        // r = (1/2, 1/4, 1/4), p = (1/4, 1/2, 1/4), whatever is added to all logits.
        let ln = |p: f64| p.ln() as f32;
        let (two, four) = (f64::from(ln(0.5)), f64::from(ln(0.25)));
        let reference = [ln(0.5), ln(0.25), ln(0.25)];
        let logits = [ln(0.25) + 3.0, ln(0.5) + 3.0, ln(0.25) + 3.0];
        let mut divergence = Divergence::default();
        divergence.add(&reference, &logits, 3, &[1]).unwrap();
        let quality = divergence.quality().unwrap();
        // KL = ½·ln 2 + ¼·(−ln 2) = ¼·ln 2; logits are f32, so to its digits.
        assert!((quality.kl_mean - 0.25 * 2f64.ln()).abs() < 1e-6);
        assert!((quality.nll - 2f64.ln()).abs() < 1e-6 && (quality.nll_reference - 4f64.ln()).abs() < 1e-6);
        assert_eq!((quality.top1, quality.positions), (0.0, 1));
        assert!((quality.max_logit - (3.0 + two - four)).abs() < 1e-6);
        assert!((quality.perplexity() - 2.0).abs() < 1e-6 && (quality.delta_nll() + 2f64.ln()).abs() < 1e-6);
    }

    #[test]
    fn what_is_the_same_differs_by_nothing() {
        let logits = [0.3, -2.0, 7.5, 7.5, 1e3, -1e3];
        let mut divergence = Divergence::default();
        divergence.add(&logits, &logits, 3, &[0, 1]).unwrap();
        let quality = divergence.quality().unwrap();
        assert_eq!((quality.kl_mean, quality.kl_p99, quality.max_logit), (0.0, 0.0, 0.0));
        assert_eq!((quality.top1, quality.delta_nll(), quality.positions), (1.0, 0.0, 2));
        assert_eq!(Divergence::default().quality(), None);
    }

    #[test]
    fn positions_are_averaged_and_the_99th_percentile_lies_between_the_last_two() {
        let mut divergence = Divergence::default();
        for position in 0..101 {
            // Between two tokens: p(1) = 1/2 under the reference; KL grows with the distance.
            let distance = if position == 100 { 4.0 } else { 0.0 };
            divergence.add(&[0.0, 0.0], &[0.0, distance], 2, &[0]).unwrap();
        }
        let quality = divergence.quality().unwrap();
        // KL((½, ½) ‖ p) = −ln 2 − ½·Σ log p, with log p = (−s, 4 − s), s = ln(1 + e⁴).
        let s = (1.0 + 4f64.exp()).ln();
        let kl = -(2f64.ln()) + s - 2.0;
        close(quality.kl_mean, kl / 101.0);
        close(quality.kl_p99, 0.0);
        close(quality.top1, 100.0 / 101.0);
        close(quality.max_logit, 4.0);
        close(quantile(&[0.0, 1.0, 2.0], 0.99), 1.98);
    }

    #[test]
    fn logits_that_are_no_numbers_are_told_with_their_position() {
        let mut divergence = Divergence::default();
        divergence.add(&[0.0, 0.0], &[0.0, 1.0], 2, &[0]).unwrap();
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let logits = [0.0, 1.0, wrong, 1.0];
            assert_eq!(divergence.add(&[0.0; 4], &logits, 2, &[0, 0]), Err(2));
        }
    }
}
