//! A comparison in words.

use super::{Both, Comparison, Figure, PhaseComparison};
use crate::record::event::Phase;
use crate::record::study::Quality;
use crate::units::Bytes;

impl Comparison {
    /// What there is to say, the most important first, a sentence each:
    /// `decode: faster, TPOT 0.396× (95%: 0.39 – 0.41)`, `peak memory: +23.0 MB`.
    pub fn sentences(&self) -> Vec<String> {
        let phases = [&self.decode, &self.prefill].into_iter().filter_map(PhaseComparison::sentence);
        let memory = self.peak().map(|peak| {
            let peak = peak.map(|peak| peak.total());
            format!("peak memory: {}", difference(peak))
        });
        phases.chain(memory).chain(self.quality.candidate.as_ref().map(quality)).collect()
    }

    /// The same as one sentence.
    pub fn verdict_sentence(&self) -> String {
        let sentences = self.sentences();
        if sentences.is_empty() { "nothing was measured in both".to_owned() } else { sentences.join("; ") }
    }
}

impl PhaseComparison {
    /// What its time is called.
    pub fn figure_name(&self) -> &'static str {
        match self.phase {
            Phase::Prefill => "TTFT",
            Phase::Decode => "TPOT",
        }
    }

    fn sentence(&self) -> Option<String> {
        let Figure { ratio: Some(ratio), verdict: Some(verdict), .. } = &self.time else { return None };
        let words = verdict.words(ratio);
        let (name, time) = (self.phase.name(), self.figure_name());
        Some(format!("{name}: {time} {}, {words}", ratio.times()))
    }
}

/// `KL 0.00130 (p99 0.0120), top-1 98.1%, ΔNLL +0.0004`
pub fn quality(quality: &Quality) -> String {
    format!(
        "quality: KL {} (p99 {}) · top-1 {:.1}% · ΔNLL {:+.4} · perplexity {:.2}",
        nats(quality.kl_mean),
        nats(quality.kl_p99),
        100.0 * quality.top1,
        quality.delta_nll(),
        quality.perplexity()
    )
}

/// `0`, `3.1e-6`, `0.00130`
pub fn nats(nats: f64) -> String {
    match nats.abs() {
        0.0 => "0".to_owned(),
        size if size < 1e-3 => format!("{nats:.1e}"),
        size if size < 0.1 => format!("{nats:.4}"),
        _ => format!("{nats:.3}"),
    }
}

/// `+23.0 MB`, `−1.20 MB`, `the same`
pub fn difference(both: Both<Bytes>) -> String {
    let Both { baseline, candidate } = both;
    match candidate.cmp(&baseline) {
        std::cmp::Ordering::Greater => format!("+{}", candidate - baseline),
        std::cmp::Ordering::Less => format!("−{}", baseline - candidate),
        std::cmp::Ordering::Equal => "the same".to_owned(),
    }
}
