//! Statistics of measured times: order statistics, and what can be said of two configurations.
//!
//! | question | answered by |
//! |---|---|
//! | how large is the difference? | [`Ratio`]: the ratio of the medians, with a bootstrap interval |
//! | could it be chance? | its `p`, from a rank test that is exact ([`ranks`]) |
//! | of many rows, which? | [`holm`], which asks more of each the more there are |
//! | is it more than the machine does by itself? | [`noise_floor`]: the baseline against itself |
//! | what is to be said, then? | [`Verdict`] |
//! | is more measuring needed? | [`precise_enough`] |

pub mod bootstrap;
pub mod holm;
pub mod ranks;
pub mod ratio;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use holm::holm;
pub use ratio::{LEVEL, Ratio, Samples, noise_floor};
pub use verdict::{RESOLUTION, Verdict, fewest, precise_enough};

use crate::units::Nanos;

/// The five-number summary of a sample, by linear interpolation between order statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quartiles {
    pub n: usize,
    pub min: Nanos,
    pub q1: Nanos,
    pub median: Nanos,
    pub q3: Nanos,
    pub max: Nanos,
}

impl Quartiles {
    /// The summary of `sample`; `None` if it is empty.
    pub fn of(sample: &[Nanos]) -> Option<Self> {
        let mut sorted: Vec<u64> = sample.iter().map(|nanos| nanos.0).collect();
        sorted.sort_unstable();
        let at = |share: f64| Nanos(quantile(&sorted, share));
        (!sorted.is_empty()).then(|| Self {
            n: sorted.len(),
            min: at(0.0),
            q1: at(0.25),
            median: at(0.5),
            q3: at(0.75),
            max: at(1.0),
        })
    }
}

/// Quantile `share` of sorted values: type 7 of Hyndman and Fan (1996), as in R and NumPy.
fn quantile(sorted: &[u64], share: f64) -> u64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0 };
    let position = share * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    let (low, high) = (sorted[below] as f64, sorted[above] as f64);
    (low + (position - below as f64) * (high - low)).round() as u64
}
