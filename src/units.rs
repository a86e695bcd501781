//! Quantities and how they are printed: times, sizes, work and rates.
//!
//! Every number that reaches a screen, a table or a file goes through one of these newtypes, so that
//! a duration can never be read as a size and everything prints with the same units and digits.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        /// Saturates at zero: a difference of two measurements is never negative time or space.
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                iter.fold(Self(0), Add::add)
            }
        }
    };
}

quantity!(
    /// A span of monotonic time, in nanoseconds.
    Nanos
);
quantity!(
    /// A size in bytes.
    Bytes
);
quantity!(
    /// Floating-point operations. One multiply–add counts as two.
    Flops
);

impl Nanos {
    /// The span in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The span of a measured duration; 584 years are the most it can hold.
    pub fn of(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }

    /// A span given in seconds; negative and non-finite values become zero.
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1e9) as u64)
    }

    /// `self / whole`, or zero when there is no whole.
    pub fn share_of(self, whole: Self) -> f64 {
        if whole.0 == 0 { 0.0 } else { self.0 as f64 / whole.0 as f64 }
    }
}

impl From<Duration> for Nanos {
    fn from(duration: Duration) -> Self {
        Self::of(duration)
    }
}

impl fmt::Display for Nanos {
    /// Three significant digits: `834 ns`, `12.4 µs`, `1.04 s`, `3 min 20 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = self.0 as f64;
        let text = if self.0 >= 119_500_000_000 {
            let seconds = (ns / 1e9).round() as u64;
            format!("{} min {:02} s", seconds / 60, seconds % 60)
        } else {
            scaled(ns, 1000.0, &["ns", "µs", "ms", "s"])
        };
        f.pad(&text)
    }
}

impl fmt::Display for Bytes {
    /// Decimal multiples, as memory bandwidths and FLOP rates are: `1.24 MB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&scaled(self.0 as f64, 1000.0, &["B", "kB", "MB", "GB", "TB"]))
    }
}

impl fmt::Display for Flops {
    /// `14.2 GFLOP`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&scaled(self.0 as f64, 1000.0, &["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"]))
    }
}

impl Flops {
    /// The rate at which this work was done, in GFLOP/s; `None` where there was no work or no time.
    pub fn gflops_per_second(self, time: Nanos) -> Option<f64> {
        (self.0 > 0 && time.0 > 0).then(|| self.0 as f64 / time.0 as f64)
    }
}

impl Bytes {
    /// The rate at which these bytes moved, in GB/s; `None` where nothing moved or no time passed.
    pub fn gigabytes_per_second(self, time: Nanos) -> Option<f64> {
        (self.0 > 0 && time.0 > 0).then(|| self.0 as f64 / time.0 as f64)
    }
}

/// `1 token`, `512 tokens`: so many of what `one` of is called so.
pub fn many(n: impl TryInto<u64>, one: &str) -> String {
    match n.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        n if one.ends_with('y') => format!("{n} {}ies", &one[..one.len() - 1]),
        n => format!("{n} {one}s"),
    }
}

/// A plain count with a suffix from a thousand on: `49.2k`, `135M`.
pub fn count(n: u64) -> String {
    scaled(n as f64, 1000.0, &["", "k", "M", "B", "T"]).replace(' ', "")
}

/// A count to the last digit: `12,345`.
pub fn exactly(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// A share as a percentage with one decimal: `8.4%`.
pub fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// `value` with three significant digits and the largest fitting unit.
fn scaled(value: f64, base: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut unit = 0;
    // 999.5 already rounds to the next unit.
    while value >= 0.9995 * base && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {}", units[unit]).trim_end().to_owned()
}

/// A rate with three digits.
pub fn digits(rate: f64) -> String {
    let decimals = if rate < 9.995 {
        2
    } else if rate < 99.95 {
        1
    } else {
        0
    };
    format!("{rate:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits_and_the_right_unit() {
        for (nanos, shown) in [
            (0, "0 ns"),
            (834, "834 ns"),
            (1_000, "1.00 µs"),
            (12_350, "12.3 µs"),
            (999_600, "1.00 ms"),
            (34_100_000, "34.1 ms"),
            (1_040_000_000, "1.04 s"),
            (200_000_000_000, "3 min 20 s"),
        ] {
            assert_eq!(Nanos(nanos).to_string(), shown);
        }
        assert_eq!(Bytes(14_200_000).to_string(), "14.2 MB");
        assert_eq!(Bytes(999).to_string(), "999 B");
        assert_eq!(Flops(0).to_string(), "0 FLOP");
        assert_eq!(Flops(14_230_000_000).to_string(), "14.2 GFLOP");
        assert_eq!(count(134_515_008), "135M");
        assert_eq!(count(576), "576");
        assert_eq!([7, 999, 1_000, 12_345_678].map(exactly), ["7", "999", "1,000", "12,345,678"]);
    }

    #[test]
    fn a_rate_needs_work_and_time() {
        assert_eq!(Flops(2_000_000).gflops_per_second(Nanos(1_000_000)), Some(2.0));
        assert_eq!(Flops(0).gflops_per_second(Nanos(10)), None);
        assert_eq!(Bytes(10).gigabytes_per_second(Nanos(0)), None);
    }

    #[test]
    fn a_width_pads_the_whole_quantity() {
        assert_eq!(format!("{:>10}", Nanos(34_100_000)), "   34.1 ms");
    }
}
