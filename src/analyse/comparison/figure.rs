//! A number of both arms, with what can be said of their difference.

use super::both::Both;
use crate::analyse::statistics::bootstrap::quantile;
use crate::analyse::statistics::{Ratio, Samples, Verdict};
use crate::record::quartiles::Quartiles;

/// A time of both arms. Measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figure {
    /// One-sided where only one arm has it, as the scores of eager attention.
    pub sides: Both<Option<Quartiles>>,
    /// Candidate ÷ baseline.
    pub ratio: Option<Ratio>,
    /// How far the baseline is from itself, as a factor less one: 0.014 for ±1.4%.
    pub floor: Option<f64>,
    pub verdict: Option<Verdict>,
}

/// Tokens per second of both arms. Measured; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    pub sides: Both<Option<Rate>>,
    /// Candidate ÷ baseline: above 1 where the candidate is faster.
    pub ratio: Option<Ratio>,
}

/// Quartiles of tokens per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub q1: f64,
    pub median: f64,
    pub q3: f64,
}

impl Figure {
    /// Judges samples of both arms at `level`.
    pub fn of(samples: &Samples, sides: Both<Option<Quartiles>>, floor: Option<f64>, level: f64) -> Self {
        let ratio = Ratio::of(samples, level);
        Self { sides, ratio, floor, verdict: ratio.map(|ratio| Verdict::of(&ratio, floor)) }
    }

    /// `faster (95%: 0.39 – 0.41)`; nothing where there is nothing to compare.
    pub fn words(&self) -> Option<String> {
        Some(self.verdict?.words(&self.ratio?))
    }
}

impl Rate {
    /// `None` where there are none.
    pub fn of(mut rates: Vec<f64>) -> Option<Self> {
        rates.sort_unstable_by(f64::total_cmp);
        Some(Self { q1: quantile(&rates, 0.25)?, median: quantile(&rates, 0.5)?, q3: quantile(&rates, 0.75)? })
    }
}
