//! How large a difference is: candidate ÷ baseline, with an interval.

use super::bootstrap::{Sorted, draw, median, middle, random, resamples};
use super::ranks::{rank_sum, signed_rank};
use crate::units::Nanos;

/// The share of intervals that hold what they are about, where nothing else is said.
pub const LEVEL: f64 = 0.95;

/// What was measured of two configurations: times, or other positive quantities.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// Baseline and candidate one right after the other: what the machine did then is in both, and cancels.
    Paired(Vec<(f64, f64)>),
    /// At different times.
    Separate { baseline: Vec<f64>, candidate: Vec<f64> },
}

impl Samples {
    /// Pairs of times.
    pub fn paired(pairs: impl IntoIterator<Item = (Nanos, Nanos)>) -> Self {
        Samples::Paired(pairs.into_iter().map(|(one, other)| (one.seconds(), other.seconds())).collect())
    }

    /// Times that do not pair.
    pub fn separate(baseline: impl IntoIterator<Item = Nanos>, candidate: impl IntoIterator<Item = Nanos>) -> Self {
        let [baseline, candidate] =
            [baseline.into_iter().map(Nanos::seconds).collect(), candidate.into_iter().map(Nanos::seconds).collect()];
        Samples::Separate { baseline, candidate }
    }

    /// Pairs, or samples of the smaller side.
    pub fn n(&self) -> usize {
        match self {
            Samples::Paired(pairs) => pairs.len(),
            Samples::Separate { baseline, candidate } => baseline.len().min(candidate.len()),
        }
    }

    /// How likely a difference at least this large would be if there were none ([`super::ranks`]).
    pub fn p(&self) -> f64 {
        match self {
            Samples::Paired(pairs) => signed_rank(pairs),
            Samples::Separate { baseline, candidate } => rank_sum(baseline, candidate),
        }
    }

    fn sides(&self) -> (Vec<f64>, Vec<f64>) {
        match self {
            Samples::Paired(pairs) => pairs.iter().copied().unzip(),
            Samples::Separate { baseline, candidate } => (baseline.clone(), candidate.clone()),
        }
    }
}

/// Candidate ÷ baseline. Measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Of the medians.
    pub ratio: f64,
    /// The bootstrap interval: 0 to infinity where one pair alone says nothing of the spread.
    pub low: f64,
    pub high: f64,
    /// The share of such intervals that hold the true ratio.
    pub level: f64,
    /// Pairs, or samples of the smaller side.
    pub n: usize,
    pub paired: bool,
    /// How likely a difference at least this large would be if there were none.
    pub p: f64,
}

impl Ratio {
    /// The ratio with its interval at `level`. Pairs are drawn again as pairs, so that what the machine did to both
    /// stays in both; sides that do not pair are drawn each by itself. `None` where a side is empty, or the
    /// baseline takes no time.
    pub fn of(samples: &Samples, level: f64) -> Option<Self> {
        let (baseline, candidate) = samples.sides();
        let ratio = median(&candidate)? / median(&baseline).filter(|baseline| *baseline > 0.0)?;
        let paired = matches!(samples, Samples::Paired(_));
        let (low, high) = match samples.n() {
            0 | 1 => (0.0, f64::INFINITY),
            n => {
                let (a, b) = (Sorted::of(&baseline), Sorted::of(&candidate));
                let (mut of_a, mut of_b) = (vec![0; baseline.len()], vec![0; candidate.len()]);
                let mut random = random();
                let mut ratios: Vec<f64> = (0..resamples(n.max(baseline.len()).max(candidate.len()), level))
                    .filter_map(|_| {
                        draw(&mut random, &mut of_a);
                        if paired {
                            of_b.copy_from_slice(&of_a);
                        } else {
                            draw(&mut random, &mut of_b);
                        }
                        let ratio = b.median(&of_b) / a.median(&of_a);
                        // 0 ÷ 0, of parts too short for the clock, is no ratio.
                        (!ratio.is_nan()).then_some(ratio)
                    })
                    .collect();
                middle(&mut ratios, level)?
            }
        };
        Some(Self { ratio, low, high, level, n: samples.n(), paired, p: samples.p() })
    }

    /// Whether the interval leaves 1 out.
    pub fn excludes_one(&self) -> bool {
        self.low > 1.0 || self.high < 1.0
    }

    /// Half the width of the interval, as a factor less one: 0.02 for 0.98 … 1.02. Infinite where there is none.
    pub fn half_width(&self) -> f64 {
        ((self.high / self.low).ln() / 2.0).exp_m1()
    }

    /// How far from 1 the true ratio may be at most, by the interval: 0.03 for 0.99 … 1.03.
    pub fn within(&self) -> f64 {
        self.high.max(1.0 / self.low) - 1.0
    }

    /// Baseline ÷ candidate: of rates, where this is of times.
    pub fn inverse(&self) -> Self {
        Self { ratio: 1.0 / self.ratio, low: 1.0 / self.high, high: 1.0 / self.low, ..*self }
    }
}

/// How far from 1 the baseline comes out against itself: the wider half of the interval of these pairs, each an
/// execution and another one of the same configuration in the same round. 0.014 means ±1.4%. `None` below two pairs.
pub fn noise_floor(same: &Samples) -> Option<f64> {
    Ratio::of(same, LEVEL).map(|ratio| ratio.within()).filter(|floor| floor.is_finite())
}
