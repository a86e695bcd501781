//! What the machine can do at most, for `doctor` and `profile --trace`: out of the cache or measured, and how it
//! is shown.

use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::output::Output;
use crate::arch::toggles::processors;
use crate::engine;
use crate::engine::Device;
use crate::measure::{machine, peaks};
use crate::record::Peaks;
use crate::record::peaks::{Rate, Times};
use crate::report::grid::{Align, grid};
use crate::report::piece::Piece;
use crate::tui::moment;
use crate::units::{Bytes, Flops, many};

/// Under which conditions, and whether to measure.
#[derive(Debug, clap::Args)]
pub struct PeaksArgs {
    /// Measure what the machine can do anew
    #[arg(long)]
    refresh: bool,

    /// Only look what was measured before
    #[arg(long, conflicts_with = "refresh")]
    no_measure: bool,

    /// With this many threads [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// On which device: cpu, cuda, or cuda:N for GPU number N
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: Device,
}

impl PeaksArgs {
    fn threads(&self) -> usize {
        self.threads.map_or_else(processors, usize::from)
    }

    fn conditions(&self) -> String {
        conditions(&self.device.to_string(), self.threads())
    }
}

/// The peaks under the conditions asked for: those that were kept, else measured now and kept; or in words
/// why there are none that should be.
///
/// # Errors
/// The device or the threads cannot be had, or Ctrl-C ended it.
pub fn find(args: &PeaksArgs, out: &mut Output) -> Result<std::result::Result<Option<Peaks>, String>> {
    let (device, threads) = (args.device, args.threads());
    if threads > processors() {
        return Err(Failure::Usage(format!(
            "--threads {threads} is more than the {} processors that this process may use",
            processors()
        )));
    }
    device.open()?;
    let kept = match peaks::cached(&machine::name(device), device, threads) {
        Ok(kept) => kept,
        Err(error) => {
            out.warning(&error.to_string());
            None
        }
    };
    if args.no_measure || kept.is_some() && !args.refresh {
        return Ok(Ok(kept));
    }
    measure(device, threads, &Interrupt::listen()?, out).map(|measured| measured.map(Some))
}

/// Measures the peaks under these conditions, and keeps them; or says in words why that cannot be done.
///
/// # Errors
/// Ctrl-C ended it.
pub fn measure(
    device: Device,
    threads: usize,
    interrupt: &Interrupt,
    out: &mut Output,
) -> Result<std::result::Result<Peaks, String>> {
    let mut progress = |stage: &str, done: u64, total: u64| {
        let stage = if stage.is_empty() { String::new() } else { format!("{stage} {}/{total}", done + 1) };
        out.progress(&stage);
    };
    let measured = peaks::measure(device, threads, &mut progress, interrupt.control());
    out.progress("");
    match measured {
        Ok(peaks) => {
            if !peaks.is_steady() {
                out.warning(&format!("{UNSTEADY} while the peaks were measured: they are lower than they could be"));
            }
            if let Err(error) = peaks::store(&peaks) {
                out.warning(&format!("what was measured is not kept: {error}"));
            }
            Ok(Ok(peaks))
        }
        Err(engine::Error::Cancelled) => {
            interrupt.check()?;
            Err(engine::Error::Cancelled.into())
        }
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// The peaks as a table with what each row means below it.
pub fn report(peaks: Option<&Peaks>, asked: &PeaksArgs) -> Vec<Piece> {
    let Some(peaks) = peaks else {
        return vec![
            Piece::Title(format!("peaks: {}", asked.conditions())),
            Piece::Text("not measured under these conditions; doctor without --no-measure does it".into()),
        ];
    };
    let mut rows = vec![["", "best", "median", "q1 – q3", "n", "on"].map(str::to_owned).to_vec()];
    let mut add = |name: String, [best, median, q1, q3]: [String; 4], n: u32, on: String| {
        // Two quantities of one unit name it once.
        let unit = |text: &str| text.rsplit_once(' ').map(|(_, unit)| unit.to_owned());
        let low = q1.rsplit_once(' ').filter(|_| unit(&q1) == unit(&q3)).map_or(q1.as_str(), |(number, _)| number);
        rows.push(vec![name, best, median, format!("{low} – {q3}"), n.to_string(), on]);
    };
    for gemm in &peaks.gemm {
        let name = format!("{} products", gemm.dtype.name());
        add(
            name,
            spread(&gemm.flops, |rate| format!("{}/s", Flops(rate))),
            gemm.flops.n,
            format!("{0} × {0}", gemm.size),
        );
    }
    let bytes = |rate| format!("{}/s", Bytes(rate));
    let read = |rate: &Rate| (spread(rate, bytes), rate.n);
    let (cells, n) = read(&peaks.bandwidth);
    add("memory reads".into(), cells, n, Bytes(peaks.buffer_bytes).to_string());
    if let Some((cells, n)) = peaks.cache_bandwidth.as_ref().map(read) {
        add("cache reads".into(), cells, n, "what fits".into());
    }
    let Times { n, best, q1, median, q3 } = peaks.dispatch;
    add("dispatch".into(), [best, median, q1, q3].map(|time| time.to_string()), n, "1 element".into());

    use Align::{Left, Right};
    vec![
        Piece::Title(format!("peaks: {}", conditions(&peaks.device, peaks.threads as usize))),
        Piece::Text(grid(&[Left, Right, Right, Right, Right, Right], rows)),
        Piece::Note(notes(peaks)),
    ]
}

/// What each row is, a line each.
fn notes(peaks: &Peaks) -> String {
    let buffer = match peaks.cache_bytes {
        Some(cache) if cache > 0 => {
            let times = peaks.buffer_bytes as f64 / cache as f64;
            format!("the buffer is {times:.1} × the last-level cache ({})", Bytes(cache))
        }
        _ => "the system does not say how large the last-level cache is".into(),
    };
    let mut notes = vec![
        format!("measured {} with LibTorch {}; the best of n is the roof", moment(peaks.measured), peaks.libtorch),
        "products: x·Wᵀ of square matrices, at the size where that is fastest".into(),
        format!("memory reads: {}; {buffer}", peaks.reader),
    ];
    if let Some(in_cache) = peaks.cache_bandwidth {
        let times = in_cache.best / peaks.bandwidth.best;
        notes.push(if times >= MEMORY_LIMITS {
            format!("cache reads: {times:.1} × as fast, so it is memory that limits the row above")
        } else {
            format!("cache reads: only {times:.1} × as fast: {} itself may limit the row above", peaks.reader)
        });
    }
    notes.push("dispatch: x + y of one element: what a call takes before any work is done".into());
    if !peaks.is_steady() {
        notes.push(format!("{UNSTEADY}: try --refresh on an idle machine"));
    }
    notes.join("\n")
}

/// What a wide spread says.
const UNSTEADY: &str = "the spread is wide, as if something else ran";

/// Faster in cache by this factor, an operator waits for memory most of the time when it is not.
const MEMORY_LIMITS: f64 = 1.5;

/// Best, median and quartiles in words.
fn spread(rate: &Rate, word: impl Fn(u64) -> String) -> [String; 4] {
    [rate.best, rate.median, rate.q1, rate.q3].map(|rate| word(rate as u64))
}

/// `cpu, 2 threads`
pub fn conditions(device: &str, threads: usize) -> String {
    format!("{device}, {}", many(threads, "thread"))
}
