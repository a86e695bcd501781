//! What a benchmark of rates measured, as plain data. Tests are named as llama-bench names them.

use super::Header;
use crate::units::Nanos;
use std::fmt;

/// Rates of a model, test by test.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Benchmark {
    /// What ran, where and how; it says nothing of the lengths, which each test has of its own.
    pub header: Header,
    pub tests: Vec<Measured>,
}

/// A test and what its repetitions took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    pub test: Test,
    /// Wall time of each repetition: the passes alone, which nobody recorded. Choosing tokens is not in it.
    pub times: Vec<Nanos>,
}

/// What one repetition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test {
    pub work: Work,
    /// Tokens that come before those that are timed.
    pub depth: u32,
}

/// How the timed tokens go through the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// So many at once, as a prompt.
    Prompt(u32),
    /// So many one by one, as when a text is generated.
    Generation(u32),
}

impl Test {
    /// Tokens of each sequence that are timed.
    pub fn tokens(self) -> u32 {
        match self.work {
            Work::Prompt(tokens) | Work::Generation(tokens) => tokens,
        }
    }

    /// All positions that it takes.
    pub fn positions(self) -> u64 {
        u64::from(self.depth) + u64::from(self.tokens())
    }
}

impl Benchmark {
    /// Tokens per second of each repetition, of all sequences together. A repetition that took no time has no rate.
    pub fn rates(&self, measured: &Measured) -> Vec<f64> {
        let tokens = f64::from(measured.test.tokens()) * f64::from(self.header.batch());
        let timed = measured.times.iter().filter(|time| time.0 > 0);
        timed.map(|time| tokens / time.seconds()).collect()
    }
}

impl fmt::Display for Test {
    /// `pp512`, `tg128 @ d4096`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.work {
            Work::Prompt(tokens) => write!(f, "pp{tokens}")?,
            Work::Generation(tokens) => write!(f, "tg{tokens}")?,
        }
        if self.depth > 0 { write!(f, " @ d{}", self.depth) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_named_as_llama_bench_names_them() {
        let name = |work, depth| Test { work, depth }.to_string();
        assert_eq!(name(Work::Prompt(512), 0), "pp512");
        assert_eq!(name(Work::Generation(128), 4096), "tg128 @ d4096");
    }

    #[test]
    fn a_rate_is_tokens_of_all_sequences_over_time() {
        let mut benchmark = Benchmark::default();
        let test = Test { work: Work::Prompt(100), depth: 7 };
        let measured = Measured { test, times: vec![Nanos(500_000_000), Nanos(0), Nanos(1_000_000_000)] };
        assert_eq!(benchmark.rates(&measured), [200.0, 100.0]);
        benchmark.header.toggles = vec![("batch".into(), "4".into())];
        assert_eq!(benchmark.rates(&measured), [800.0, 400.0]);
        assert_eq!(test.positions(), 107);
    }
}
