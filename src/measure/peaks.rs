//! Measures what this machine can do at most: products, memory reads, calls of operators.
//!
//! What is timed, how often, and what is made of the times is decided here, for any [`Bench`]; the work
//! itself is in [`bench`], and [`store`](mod@store) keeps the results. In all it takes about four seconds:
//!
//! | | is | taken from |
//! |---|---|---|
//! | products | FLOP/s of x·Wᵀ of square matrices, as the model's layers compute it by default, in each format | the size at which it is fastest, of those that the time allows |
//! | memory reads | bytes/s of one operator over a buffer several times the last-level cache | the operator that reads fastest, of those of [`ReadOperator`]; of equals, the fastest in cache |
//! | the same in cache | bytes/s of that operator over a quarter of the cache | to see that it is memory that limits it |
//! | dispatch | time of x + y of one element each, with the result allocated | batches of [`CALLS`] calls |
//!
//! Each is repeated after a warm-up, and told with its spread: the best, which is the roof, the median and
//! the quartiles.

mod bench;
mod store;
mod work;

pub use store::{cached, fits, store};
pub use work::{Bench, ReadOperator, Work};

use super::control::Control;
use super::machine;
use super::threads::Threads;
use crate::arch;
use crate::arch::toggles::processors;
use crate::engine::{Device, Error, Result};
use crate::record::peaks::{Gemm, Peaks, Rate, Times};
use crate::record::{Dtype, Quartiles};
use crate::units::{Bytes, Nanos};
use bench::LibTorch;
use std::time::{SystemTime, UNIX_EPOCH};

/// The formats in which products are measured.
const FORMATS: [Dtype; 3] = [Dtype::F32, Dtype::Bf16, Dtype::F16];

/// The time that one kind of measurement may take, beyond a few executions that it needs in any case.
const BUDGET: Nanos = Nanos(600_000_000);
/// The same for what needs little.
const SMALL_BUDGET: Nanos = Nanos(100_000_000);

/// Fewest and most executions to see how fast something is, and what they may take. The one before them
/// prepares, and does not count.
const TRIALS: Executions = Executions { fewest: 2, most: 10 };
const TRIAL_BUDGET: Nanos = Nanos(50_000_000);
/// Fewest and most executions that a spread is made of.
const REPEATS: Executions = Executions { fewest: 5, most: 50 };

/// Two readers are equally fast if they differ by no more than this share.
const NOISE: f64 = 0.1;

/// Sizes of matrices.
const SMALLEST: u32 = 256;
const LARGEST: u32 = 8192;

/// Calls in a batch: one alone is shorter than the clock is good for.
const CALLS: u32 = 1000;

/// How often something is done: this often in any case, and while there is time.
#[derive(Debug, Clone, Copy)]
struct Executions {
    fewest: usize,
    most: usize,
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Buffers {
    /// The last-level cache, where the system says.
    cache: Option<u64>,
    /// Too much for the cache.
    large: u64,
    /// Little enough for it; none where calling the operator would take longer than reading so little.
    small: Option<u64>,
}

/// Measures the peaks of `device` with this many threads. `progress` is told a stage, how many are done and
/// how many there are. The thread's own number of threads is what it was afterwards.
///
/// # Errors
/// The device is not there, the buffer does not fit in memory, or [`Error::Cancelled`].
pub fn measure(
    device: Device,
    threads: usize,
    progress: &mut dyn FnMut(&str, u64, u64),
    control: &Control,
) -> Result<Peaks> {
    if threads == 0 || threads > processors() {
        return Err(Error::Request(format!(
            "threads={threads} cannot be had: this process may use 1 to {}",
            processors()
        )));
    }
    device.open()?;
    let buffers = Buffers::suiting(device, machine::last_level_cache(device, threads), device.memory())?;
    let _no_grad = tch::no_grad_guard();
    let _threads = Threads::set(threads);
    let mut plan = Plan { bench: &mut LibTorch::new(device), progress, control };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Ok(Peaks {
        machine: machine::name(device),
        device: device.to_string(),
        threads: threads as u32,
        libtorch: machine::libtorch().to_owned(),
        measured: now,
        ..plan.run(buffers)?
    })
}

impl Buffers {
    /// Four times the cache, if there is room for it, and enough that reading it takes a while.
    fn suiting(device: Device, cache: Option<u64>, available: u64) -> Result<Self> {
        const MIB: u64 = 1 << 20;
        // Where nobody says how large the cache is, it is hardly larger than a quarter of this.
        let (least, unknown) = match device {
            Device::Cpu => (256 * MIB, 1024 * MIB),
            Device::Cuda(_) => (4096 * MIB, 4096 * MIB),
        };
        let wanted = cache.map_or(unknown, |cache| (4 * cache).max(least));
        let large = wanted.min(available / 4) / MIB * MIB;
        // Half of what then is read may still lie in the cache; less would measure nothing.
        let needed = cache.map_or(64 * MIB, |cache| 2 * cache).max(MIB);
        if large < needed {
            return Err(arch::Error::Memory(format!(
                "measuring memory reads takes a buffer of {}, a quarter of what is available, and that is {}; close \
                 something and try again",
                Bytes(needed),
                Bytes(available)
            ))
            .into());
        }
        let small = (device == Device::Cpu).then(|| (cache.unwrap_or(16 * MIB) / 4).max(MIB) / MIB * MIB);
        Ok(Self { cache, large, small })
    }
}

/// What is measured, in which order, and how often.
struct Plan<'a> {
    bench: &'a mut dyn Bench,
    progress: &'a mut dyn FnMut(&str, u64, u64),
    control: &'a Control,
}

impl Plan<'_> {
    /// All of it. Who measured, where and when is left open.
    fn run(&mut self, buffers: Buffers) -> Result<Peaks> {
        let stages = FORMATS.len() as u64 + 2;
        let mut gemm = Vec::new();
        for (done, dtype) in FORMATS.into_iter().enumerate() {
            (self.progress)(&format!("measuring products in {}", dtype.name()), done as u64, stages);
            match self.product(dtype) {
                Ok(measured) => gemm.push(measured),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(_) => {} // a format that LibTorch has no product for here has no roof
            }
        }
        (self.progress)("measuring memory reads", stages - 2, stages);
        let reader = self.fastest_reader(buffers)?;
        let bandwidth = self.read(reader, buffers.large, BUDGET)?;
        let cache_bandwidth = buffers.small.map(|bytes| self.read(reader, bytes, SMALL_BUDGET)).transpose()?;
        (self.progress)("measuring the dispatch of operators", stages - 1, stages);
        let dispatch = self.dispatch()?;
        (self.progress)("", stages, stages);
        Ok(Peaks {
            machine: String::new(),
            device: String::new(),
            threads: 0,
            libtorch: String::new(),
            measured: 0,
            gemm,
            cache_bytes: buffers.cache,
            buffer_bytes: buffers.large,
            reader: reader.name().to_owned(),
            bandwidth,
            cache_bandwidth,
            dispatch,
        })
    }

    /// Products in one format, at the size at which they are fastest.
    fn product(&mut self, dtype: Dtype) -> Result<Gemm> {
        let flops = |size: u32| 2.0 * f64::from(size).powi(3);
        let mut left = BUDGET;
        let (mut size, mut fastest) = (SMALLEST, (SMALLEST, 0.0));
        loop {
            let (time, spent) = self.trial(Work::Product { dtype, size })?;
            left = left - spent;
            let rate = flops(size) / time.seconds().max(1e-9);
            if rate > fastest.1 {
                fastest = (size, rate);
            }
            // Twice the size is eight times the work; it must leave time to be repeated.
            let next = Nanos(time.0.saturating_mul(8 * (1 + TRIALS.fewest + REPEATS.fewest) as u64));
            if size == LARGEST || next > left {
                break;
            }
            size *= 2;
        }
        let (size, _) = fastest;
        let times = self.repeat(Work::Product { dtype, size }, left)?;
        Ok(Gemm { dtype, size, flops: Rate::of(flops(size), &times) })
    }

    /// The operator that reads the large buffer in the shortest time. Where memory limits several they differ
    /// by noise alone: then the one that is fastest in cache, which is the furthest from being the limit itself.
    fn fastest_reader(&mut self, buffers: Buffers) -> Result<ReadOperator> {
        let mut tried = Vec::new();
        let mut refusal = Error::unsupported("LibTorch has no operator that reads memory here");
        for reader in ReadOperator::ALL {
            let bytes = buffers.small.unwrap_or(buffers.large);
            let both = self
                .trial(Work::Read { reader, bytes: buffers.large })
                .and_then(|(large, _)| Ok((reader, large, self.trial(Work::Read { reader, bytes })?.0)));
            match both {
                Ok(both) => tried.push(both),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => refusal = error,
            }
        }
        let least = tried.iter().map(|(_, large, _)| large.seconds()).fold(f64::INFINITY, f64::min);
        let equals = tried.into_iter().filter(|(_, large, _)| large.seconds() <= least * (1.0 + NOISE));
        equals.min_by_key(|(_, _, small)| *small).map_or(Err(refusal), |(reader, _, _)| Ok(reader))
    }

    fn read(&mut self, reader: ReadOperator, bytes: u64, budget: Nanos) -> Result<Rate> {
        let work = Work::Read { reader, bytes };
        let (_, spent) = self.trial(work)?;
        Ok(Rate::of(bytes as f64, &self.repeat(work, budget - spent)?))
    }

    fn dispatch(&mut self) -> Result<Times> {
        let (_, spent) = self.trial(Work::Calls(CALLS))?;
        let batch = Times::of(&self.repeat(Work::Calls(CALLS), SMALL_BUDGET - spent)?);
        let call = |batch: Nanos| Nanos((batch.0 + u64::from(CALLS) / 2) / u64::from(CALLS));
        Ok(Times {
            n: batch.n,
            best: call(batch.best),
            q1: call(batch.q1),
            median: call(batch.median),
            q3: call(batch.q3),
        })
    }

    /// The shortest of a few executions, and what they took together, the preparing one included.
    fn trial(&mut self, work: Work) -> Result<(Nanos, Nanos)> {
        let first = self.time(work)?;
        let (times, spent) = self.several(work, TRIALS, TRIAL_BUDGET)?;
        Ok((times.min, first + spent))
    }

    /// As many executions as the budget allows.
    fn repeat(&mut self, work: Work, budget: Nanos) -> Result<Quartiles> {
        Ok(self.several(work, REPEATS, budget)?.0)
    }

    fn several(&mut self, work: Work, executions: Executions, budget: Nanos) -> Result<(Quartiles, Nanos)> {
        let (mut times, mut spent) = (Vec::new(), Nanos(0));
        while times.len() < executions.fewest || times.len() < executions.most && spent < budget {
            let time = self.time(work)?;
            spent += time;
            times.push(time);
        }
        Ok((Quartiles::of(&times).expect("there is at least one"), spent))
    }

    fn time(&mut self, work: Work) -> Result<Nanos> {
        if self.control.is_cancelled() { Err(Error::Cancelled) } else { self.bench.time(work) }
    }
}

#[cfg(test)]
mod tests;
