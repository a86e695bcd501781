//! What this machine can do at most, measured: the roofs of the roofline.

use super::header::Header;
use super::operator::Dtype;
use crate::record::quartiles::Quartiles;
use crate::units::Nanos;
use serde::{Deserialize, Serialize};

/// On an idle machine the median of a rate is at least this share of the best.
const STEADY: f64 = 0.7;

/// The measured limits of one machine under one set of conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peaks {
    /// The processor's (or the GPU's) own name.
    pub machine: String,
    /// `cpu`, `cuda:0`.
    pub device: String,
    pub threads: u32,
    pub libtorch: String,
    /// Seconds since 1970 (UTC).
    pub measured: u64,
    /// Products of square matrices, by number format; a format that LibTorch cannot multiply here is absent.
    pub gemm: Vec<Gemm>,
    /// Bytes of the last-level cache, where the system says; else the buffer was made large at a guess.
    pub cache_bytes: Option<u64>,
    /// Bytes of the buffer that was read, several times the last-level cache.
    pub buffer_bytes: u64,
    /// The operator that read it, the fastest of several: `sum f32`.
    pub reader: String,
    /// Reading memory beyond the last-level cache, in bytes per second.
    pub bandwidth: Rate,
    /// The same operator over a buffer that fits into the cache: where that is much faster, it is memory
    /// that limits [`bandwidth`](Self::bandwidth), and not the operator. Not measured on GPUs.
    pub cache_bandwidth: Option<Rate>,
    /// What it costs to call one operator that has next to nothing to do.
    pub dispatch: Times,
}

/// How fast matrix products of one format are, in FLOP per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gemm {
    pub dtype: Dtype,
    /// Rows, columns and inner dimension: the size at which this format was fastest.
    pub size: u32,
    pub flops: Rate,
}

/// A rate per second, over several repeats. The roof is the best one: a limit is what can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    pub n: u32,
    pub q1: f64,
    pub median: f64,
    pub q3: f64,
    pub best: f64,
}

/// A time, over several repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    pub n: u32,
    pub best: Nanos,
    pub q1: Nanos,
    pub median: Nanos,
    pub q3: Nanos,
}

impl Peaks {
    /// The compute roof for products in this format, in FLOP/s, where it was measured.
    pub fn flops(&self, dtype: Dtype) -> Option<f64> {
        self.gemm.iter().find(|gemm| gemm.dtype == dtype).map(|gemm| gemm.flops.best)
    }

    /// Whether a run was made under the same conditions: machine, device, threads, LibTorch.
    pub fn are_of(&self, run: &Header) -> bool {
        let place = (&self.machine, &self.device) == (&run.machine, &run.device);
        place && self.threads == run.threads && self.libtorch == run.libtorch
    }

    /// Whether nothing else seems to have run meanwhile: a limit that was met once in a while only is one of
    /// the machine's load, not of the machine.
    pub fn is_steady(&self) -> bool {
        let mut rates = self.gemm.iter().map(|gemm| gemm.flops).chain([self.bandwidth]);
        rates.all(|rate| rate.median >= STEADY * rate.best)
    }

    /// Refuses what no measurement can have given: a file may say anything.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        let rates = self.gemm.iter().map(|gemm| ("gemm", gemm.flops));
        let rates = rates.chain([("bandwidth", self.bandwidth)]);
        let rates = rates.chain(self.cache_bandwidth.map(|rate| ("cache_bandwidth", rate)));
        for (name, Rate { n, q1, median, q3, best }) in rates {
            let rising = 0.0 < q1 && q1 <= median && median <= q3 && q3 <= best && best.is_finite();
            if n == 0 || !rising {
                return Err(format!(
                    "{name} should be a rate with 0 < q1 ≤ median ≤ q3 ≤ best, found {q1}, {median}, {q3}, {best}"
                ));
            }
        }
        let Times { n, best, q1, median, q3 } = self.dispatch;
        if n == 0 || best.0 == 0 || best > q1 || q1 > median || median > q3 {
            return Err(format!(
                "dispatch should be a time with 0 < best ≤ q1 ≤ median ≤ q3, found {}, {}, {}, {} ns",
                best.0, q1.0, median.0, q3.0
            ));
        }
        Ok(())
    }
}

impl Rate {
    /// `amount` of work, done once in each of these times. The quartiles are those of the times, so that a
    /// rate and the time it stands for are the same execution's.
    pub fn of(amount: f64, times: &Quartiles) -> Self {
        let rate = |time: Nanos| amount / time.seconds().max(1e-9);
        Self {
            n: times.n as u32,
            q1: rate(times.q3),
            median: rate(times.median),
            q3: rate(times.q1),
            best: rate(times.min),
        }
    }
}

impl Times {
    /// These times, as they are.
    pub fn of(times: &Quartiles) -> Self {
        Self { n: times.n as u32, best: times.min, q1: times.q1, median: times.median, q3: times.q3 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peaks() -> Peaks {
        let rate = Rate { n: 3, q1: 1.0, median: 2.0, q3: 3.0, best: 4.0 };
        Peaks {
            machine: "a processor".into(),
            device: "cpu".into(),
            threads: 2,
            libtorch: "2.11.0".into(),
            measured: 0,
            gemm: vec![Gemm { dtype: Dtype::F32, size: 1024, flops: rate }],
            cache_bytes: None,
            buffer_bytes: 1 << 28,
            reader: "sum f32".into(),
            bandwidth: rate,
            cache_bandwidth: Some(rate),
            dispatch: Times { n: 3, best: Nanos(1), q1: Nanos(2), median: Nanos(3), q3: Nanos(4) },
        }
    }

    #[test]
    fn the_shortest_time_is_the_best_rate() {
        let times = Quartiles::of(&[40, 10, 20, 30, 50].map(Nanos)).unwrap();
        let rate = Rate::of(1000.0, &times);
        assert_eq!(rate, Rate { n: 5, q1: 25e9, median: 1000.0 / 30e-9, q3: 50e9, best: 100e9 });
        let times = Times::of(&times);
        assert_eq!((times.best, times.q1, times.q3), (Nanos(10), Nanos(20), Nanos(40)));
    }

    #[test]
    fn a_roof_that_was_not_measured_is_unknown() {
        assert_eq!(peaks().flops(Dtype::F32), Some(4.0));
        assert_eq!(peaks().flops(Dtype::Bf16), None);
    }

    #[test]
    fn a_median_far_below_the_best_is_not_steady() {
        let steady = |median: f64| {
            let mut peaks = peaks();
            peaks.bandwidth = Rate { median, ..peaks.bandwidth };
            peaks.gemm[0].flops.median = 3.0;
            peaks.is_steady()
        };
        assert!(steady(3.0) && !steady(2.0));
    }

    #[test]
    fn what_cannot_have_been_measured_is_refused() {
        assert_eq!(peaks().check(), Ok(()));
        let refused = |change: fn(&mut Peaks)| {
            let mut peaks = peaks();
            change(&mut peaks);
            peaks.check().unwrap_err()
        };
        assert!(refused(|peaks| peaks.bandwidth.q1 = 0.0).starts_with("bandwidth"));
        assert!(
            refused(|peaks| peaks.cache_bandwidth.as_mut().unwrap().best = f64::INFINITY)
                .starts_with("cache_bandwidth")
        );
        assert!(refused(|peaks| peaks.gemm[0].flops.median = f64::NAN).starts_with("gemm"));
        assert!(refused(|peaks| peaks.bandwidth.n = 0).starts_with("bandwidth"));
        assert!(refused(|peaks| peaks.dispatch.best = Nanos(0)).starts_with("dispatch"));
        assert!(refused(|peaks| peaks.dispatch.q1 = Nanos(9)).starts_with("dispatch"));
    }
}
