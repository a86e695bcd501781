//! The bootstrap: how much a median would have differed in another sample of the same size.
//!
//! Samples are drawn again from what was measured, with replacement, and the middle share of what comes out is the
//! interval: the percentile interval of Efron (1979). BCa, which corrects it for bias and skew, does not serve here:
//! its acceleration comes from the jackknife, which fails for medians (Efron and Tibshirani, An Introduction to the
//! Bootstrap, 1993, §11.6). The draws are seeded: the same samples always give the same interval.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Resamples of one interval at most, up to a level of 99%; and beyond, where a correction over 30 rows asks for
/// 99.8% and the ends would rest on too few.
const RESAMPLES: usize = 2000;
const RESAMPLES_BEYOND: usize = 4000;
/// Values drawn for one interval at most, so that a file with a million samples does not hold up a screen.
const DRAWS: usize = 1 << 21;
const FEWEST_RESAMPLES: usize = 100;

/// A stream of random numbers for resampling, the same on every machine.
pub fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(0x005e_ed0f)
}

/// How often a sample of `n` values is drawn again for an interval at `level`.
pub fn resamples(n: usize, level: f64) -> usize {
    let most = if level <= 0.99 { RESAMPLES } else { RESAMPLES_BEYOND };
    (DRAWS / n.max(1)).clamp(FEWEST_RESAMPLES, most)
}

/// The middle `level` of `values`, which are sorted here; infinite ones may be among them.
pub fn middle(values: &mut [f64], level: f64) -> Option<(f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let outside = (1.0 - level.clamp(0.0, 1.0)) / 2.0;
    Some((quantile(values, outside)?, quantile(values, 1.0 - outside)?))
}

/// Quantile `share` of sorted values: type 7 of Hyndman and Fan (1996), as in R and NumPy.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let position = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    let between = position.fract();
    // Between infinities there is nothing to interpolate.
    Some(if low == high || between == 0.0 { low } else { low + between * (high - low) })
}

/// The median; of an even number, the mean of the middle two.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

/// A sample sorted once, of which medians of resamples are read off without sorting again.
pub struct Sorted {
    values: Vec<f64>,
    /// For each value, which one of the sample it was.
    index: Vec<u32>,
}

impl Sorted {
    pub fn of(sample: &[f64]) -> Self {
        let mut index: Vec<u32> = (0..sample.len() as u32).collect();
        index.sort_unstable_by(|&a, &b| sample[a as usize].total_cmp(&sample[b as usize]));
        Self { values: index.iter().map(|&at| sample[at as usize]).collect(), index }
    }

    /// The median of a resample that holds each value of the sample as often as `counts` says. Zero for none.
    pub fn median(&self, counts: &[u32]) -> f64 {
        let n = self.values.len() as u32;
        let (below, above) = (n.saturating_sub(1) / 2, n / 2);
        let (mut seen, mut lower) = (0, None);
        for (value, &at) in self.values.iter().zip(&self.index) {
            seen += counts[at as usize];
            if lower.is_none() && seen > below {
                lower = Some(*value);
            }
            if seen > above {
                return lower.map_or(*value, |lower| lower + (value - lower) / 2.0);
            }
        }
        lower.unwrap_or(0.0)
    }
}

/// Draws as many of a sample as it has, with replacement: how often each was drawn.
pub fn draw(random: &mut impl Rng, counts: &mut [u32]) {
    counts.fill(0);
    let n = counts.len();
    for _ in 0..n {
        counts[random.random_range(0..n as u32) as usize] += 1;
    }
}

/// The interval of the median of one sample; `None` where one value alone says nothing of the spread.
pub fn of_median(sample: &[f64], level: f64) -> Option<(f64, f64)> {
    if sample.len() < 2 {
        return None;
    }
    let (sorted, mut random, mut counts) = (Sorted::of(sample), random(), vec![0; sample.len()]);
    let mut medians: Vec<f64> = (0..resamples(sample.len(), level))
        .map(|_| {
            draw(&mut random, &mut counts);
            sorted.median(&counts)
        })
        .collect();
    middle(&mut medians, level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_a_resample_is_that_of_its_values() {
        let sample = [5.0, 1.0, 4.0, 2.0, 3.0, 9.0];
        let (sorted, mut random, mut counts) = (Sorted::of(&sample), random(), [0; 6]);
        for _ in 0..200 {
            draw(&mut random, &mut counts);
            let drawn: Vec<f64> =
                sample.iter().zip(counts).flat_map(|(value, n)| std::iter::repeat_n(*value, n as usize)).collect();
            assert_eq!(drawn.len(), 6);
            assert_eq!(Some(sorted.median(&counts)), median(&drawn), "{drawn:?}");
        }
        assert_eq!(Sorted::of(&[]).median(&[]), 0.0);
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn an_interval_holds_its_median_and_is_always_the_same() {
        let sample: Vec<f64> = (1..=25).map(f64::from).collect();
        let (low, high) = of_median(&sample, 0.95).unwrap();
        // By order statistics, 8 and 18 (95.7%).
        assert!((7.0..=9.0).contains(&low) && (17.0..=19.0).contains(&high), "{low} {high}");
        assert_eq!(of_median(&sample, 0.95), Some((low, high)));
        let wider = of_median(&sample, 0.999).unwrap();
        assert!(wider.0 < low && wider.1 > high);
        assert_eq!(of_median(&[7.0], 0.95), None);
        assert_eq!(of_median(&[7.0, 7.0], 0.95), Some((7.0, 7.0)));
    }

    #[test]
    fn infinities_do_no_harm() {
        let mut values = [f64::INFINITY, 1.0, f64::INFINITY, 2.0];
        assert_eq!(middle(&mut values, 1.0), Some((1.0, f64::INFINITY)));
        assert_eq!(middle(&mut [], 0.95), None);
        assert_eq!(resamples(0, 0.95), RESAMPLES);
        assert_eq!(resamples(usize::MAX, 0.999), FEWEST_RESAMPLES);
    }
}
