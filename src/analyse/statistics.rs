//! Statistics of measured times: what can be said of two configurations.
//!
//! | question | answered by |
//! |---|---|
//! | how large is the difference? | [`Ratio`]: the ratio of the medians, with a bootstrap interval |
//! | could it be chance? | its `p`, from a rank test that is exact ([`ranks`]) |
//! | of many rows, which? | [`holm`], which asks more of each the more there are |
//! | is it more than the machine does by itself? | [`noise_floor`]: the baseline against itself |
//! | what is to be said, then? | [`Verdict`] |
//! | what do other tools print? | [`Mean`]: mean and standard deviation |
//! | is more measuring needed? | [`precise_enough`] |

pub mod bootstrap;
pub mod holm;
pub mod mean;
pub mod ranks;
pub mod ratio;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use holm::holm;
pub use mean::Mean;
pub use ratio::{LEVEL, Ratio, Samples, noise_floor};
pub use verdict::{RESOLUTION, Verdict, fewest, precise_enough};
