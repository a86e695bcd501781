//! The figures of a comparison by name.

use crate::analyse::comparison::{Both, Comparison, Figure as Times, PhaseComparison, Rate};
use crate::analyse::statistics::Ratio;
use crate::record::event::Phase;
use crate::record::memory::Category;
use crate::record::study::{PhaseResources, Quality};
use crate::units::Bytes;

/// A figure that can be asked for.
pub struct Figure {
    pub name: &'static str,
    /// What it is, for the help.
    pub about: &'static str,
    pub unit: Unit,
    /// Why it may be missing.
    pub missing: &'static str,
    pub of: fn(&Comparison) -> Option<Estimate>,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub value: f64,
    /// Its 95% interval, where it has one: of a ratio of times, from two pairs on.
    pub interval: Option<(f64, f64)>,
    /// Pairs or repeats that it was measured in; `None` where it is counted or computed, and the same every time.
    pub repeats: Option<usize>,
}

impl Estimate {
    /// `0.4012 (95%: 0.3900 – 0.4100)`, `12.300 ms (median of 5)`.
    pub fn shown(&self, unit: Unit) -> String {
        let value = unit.shown(self.value);
        match (self.interval, self.repeats) {
            (Some((low, high)), _) => format!("{value} (95%: {} – {})", unit.shown(low), unit.shown(high)),
            (None, Some(1)) => format!("{value}, of one repeat: there is no interval, and this may be chance"),
            (None, Some(n)) => format!("{value} (median of {n})"),
            (None, None) => value,
        }
    }
}

/// What a number counts, for printing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Factor,
    Millis,
    PerSecond,
    Bytes,
    Flops,
    Share,
    Nats,
    Plain,
}

impl Unit {
    pub fn shown(self, value: f64) -> String {
        match self {
            Unit::Factor | Unit::Plain => format!("{value:.4}"),
            Unit::Millis => format!("{value:.3} ms"),
            Unit::PerSecond => format!("{value:.1} tokens/s"),
            Unit::Bytes => format!("{value:.0} ({})", Bytes(value as u64)),
            Unit::Flops => format!("{value:.0}"),
            Unit::Share => format!("{value:.4} ({:.1}%)", 100.0 * value),
            Unit::Nats => format!("{value:.3e} nats"),
        }
    }
}

const NO_TIME: &str = "it was not measured in both arms";
const NO_RESOURCES: &str = "no traced pass says what both arms take";
const NO_QUALITY: &str = "the quality was not measured; it is where --quality is asked for";

const fn figure(
    name: &'static str,
    about: &'static str,
    unit: Unit,
    missing: &'static str,
    of: fn(&Comparison) -> Option<Estimate>,
) -> Figure {
    Figure { name, about, unit, missing, of }
}

/// All of them. Ratios are candidate ÷ baseline; the others are of the candidate.
pub const FIGURES: &[Figure] = &[
    figure("prefill.ttft_ratio", "time to the first token", Unit::Factor, NO_TIME, |c| ratio(c.prefill.time.ratio)),
    figure("prefill.ttft_ms", "time to the first token", Unit::Millis, NO_TIME, |c| millis(&c.prefill.time)),
    figure("prefill.rate_ratio", "prompt tokens per second", Unit::Factor, NO_TIME, |c| ratio(c.prefill.rates().ratio)),
    figure("prefill.tokens_per_s", "prompt tokens per second", Unit::PerSecond, NO_TIME, |c| rate(&c.prefill)),
    figure("prefill.flops_ratio", "FLOPs of the prefill, counted", Unit::Factor, NO_RESOURCES, |c| {
        work(c, Phase::Prefill, |work| work.flops.0)
    }),
    figure("prefill.moved_ratio", "bytes that its operators moved, counted", Unit::Factor, NO_RESOURCES, |c| {
        work(c, Phase::Prefill, |work| work.moved.0)
    }),
    figure("decode.tpot_ratio", "time per further token", Unit::Factor, NO_TIME, |c| ratio(c.decode.time.ratio)),
    figure("decode.tpot_ms", "time per further token", Unit::Millis, NO_TIME, |c| millis(&c.decode.time)),
    figure("decode.rate_ratio", "new tokens per second", Unit::Factor, NO_TIME, |c| ratio(c.decode.rates().ratio)),
    figure("decode.tokens_per_s", "new tokens per second", Unit::PerSecond, NO_TIME, |c| rate(&c.decode)),
    figure("decode.flops_ratio", "FLOPs of all steps, counted", Unit::Factor, NO_RESOURCES, |c| {
        work(c, Phase::Decode, |work| work.flops.0)
    }),
    figure("decode.moved_ratio", "bytes that their operators moved, counted", Unit::Factor, NO_RESOURCES, |c| {
        work(c, Phase::Decode, |work| work.moved.0)
    }),
    figure("memory.peak_ratio", "memory at its peak, counted", Unit::Factor, NO_RESOURCES, |c| {
        exact(c.peak()?.map(|peak| peak.total()).ratio()?)
    }),
    figure("memory.peak_bytes", "memory at its peak, counted", Unit::Bytes, NO_RESOURCES, |c| {
        bytes(c.resources.candidate?.peak.total())
    }),
    figure("memory.weights_ratio", "weights in memory, counted", Unit::Factor, NO_RESOURCES, |c| {
        exact(c.memory(Category::Weights)?.ratio()?)
    }),
    figure("memory.weights_bytes", "weights in memory, counted", Unit::Bytes, NO_RESOURCES, |c| {
        bytes(c.resources.candidate?.peak.of(Category::Weights))
    }),
    figure("memory.kv_bytes", "KV cache at the peak, counted", Unit::Bytes, NO_RESOURCES, |c| {
        bytes(c.resources.candidate?.peak.of(Category::KvCache))
    }),
    figure(
        "memory.kv_over_formula",
        "KV cache, counted ÷ by formula",
        Unit::Factor,
        "there is no KV cache, or no traced pass",
        |c| exact(c.resources.candidate?.kv_over_formula()?),
    ),
    figure("quality.kl_mean", "KL(reference ‖ candidate), mean", Unit::Nats, NO_QUALITY, |c| {
        quality(c, |q| q.kl_mean)
    }),
    figure("quality.kl_p99", "its 99th percentile", Unit::Nats, NO_QUALITY, |c| quality(c, |q| q.kl_p99)),
    figure("quality.top1", "share of positions with the same likeliest token", Unit::Share, NO_QUALITY, |c| {
        quality(c, |q| q.top1)
    }),
    figure("quality.delta_nll", "NLL beyond the reference's", Unit::Nats, NO_QUALITY, |c| {
        quality(c, Quality::delta_nll)
    }),
    figure("quality.perplexity", "exp(NLL)", Unit::Plain, NO_QUALITY, |c| quality(c, Quality::perplexity)),
    figure("quality.max_logit", "largest difference of a logit", Unit::Plain, NO_QUALITY, |c| {
        quality(c, |q| q.max_logit)
    }),
];

fn exact(value: f64) -> Option<Estimate> {
    Some(Estimate { value, interval: None, repeats: None })
}

fn bytes(bytes: Bytes) -> Option<Estimate> {
    exact(bytes.0 as f64)
}

fn ratio(ratio: Option<Ratio>) -> Option<Estimate> {
    let Ratio { ratio: value, low, high, n, .. } = ratio?;
    // One pair says nothing of the spread.
    Some(Estimate { value, interval: (n > 1).then_some((low, high)), repeats: Some(n) })
}

fn millis(times: &Times) -> Option<Estimate> {
    let times = times.sides.candidate?;
    Some(Estimate { value: times.median.seconds() * 1e3, interval: None, repeats: Some(times.n) })
}

fn rate(phase: &PhaseComparison) -> Option<Estimate> {
    let Rate { median, .. } = phase.rates().sides.candidate?;
    let repeats = phase.time.sides.candidate.map(|times| times.n);
    Some(Estimate { value: median, interval: None, repeats })
}

fn work(comparison: &Comparison, phase: Phase, of: fn(PhaseResources) -> u64) -> Option<Estimate> {
    let Both { baseline, candidate } = comparison.work(phase)?.map(of);
    if baseline == 0 {
        return None;
    }
    exact(candidate as f64 / baseline as f64)
}

fn quality(comparison: &Comparison, of: impl Fn(&Quality) -> f64) -> Option<Estimate> {
    exact(of(&comparison.quality.candidate?))
}
