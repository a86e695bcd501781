//! The plan, with work that takes exactly as long as is said: no clock runs here.

use super::*;

const MIB: u64 = 1 << 20;

const BUFFERS: Buffers = Buffers { cache: Some(32 * MIB), large: 256 * MIB, small: Some(8 * MIB) };

/// A machine that takes as long as `0` says, and remembers what it was asked for.
struct Fake<'a>(&'a mut dyn FnMut(Work) -> Result<Nanos>, Vec<Work>);

impl Bench for Fake<'_> {
    fn time(&mut self, work: Work) -> Result<Nanos> {
        self.1.push(work);
        self.0(work)
    }
}

/// What is made of these times, and what was done for it.
fn run(time: &mut dyn FnMut(Work) -> Result<Nanos>) -> (Result<Peaks>, Vec<Work>) {
    let mut bench = Fake(time, Vec::new());
    let peaks = Plan { bench: &mut bench, progress: &mut |_, _, _| {}, control: &Control::default() }.run(BUFFERS);
    (peaks, bench.1)
}

fn at(rate: f64, amount: f64) -> Nanos {
    Nanos::from_seconds(amount / rate)
}

fn flops(size: u32) -> f64 {
    2.0 * f64::from(size).powi(3)
}

/// A machine of even numbers.
fn even(work: Work) -> Result<Nanos> {
    Ok(match work {
        Work::Product { dtype: Dtype::F32, size } => at(if size < 512 { 50e9 } else { 100e9 }, flops(size)),
        Work::Product { dtype: Dtype::Bf16, size } => at(if size == 512 { 400e9 } else { 300e9 }, flops(size)),
        Work::Product { size, .. } => at(1e9, flops(size)),
        Work::Read { bytes, .. } if bytes < 32 * MIB => at(160e9, bytes as f64),
        Work::Read { reader: ReadOperator::MaxF32, bytes } => at(32e9, bytes as f64),
        Work::Read { bytes, .. } => at(16e9, bytes as f64),
        Work::Calls(n) => Nanos(600 * u64::from(n)),
    })
}

/// Peaks to keep.
pub fn measured() -> Peaks {
    run(&mut even).0.unwrap()
}

/// Equal, but for times being whole nanoseconds.
fn close(found: f64, expected: f64) -> bool {
    (found / expected - 1.0).abs() < 1e-4
}

#[test]
fn products_are_measured_at_the_size_at_which_they_are_fastest() {
    let peaks = measured();
    let sizes: Vec<_> = peaks.gemm.iter().map(|gemm| (gemm.dtype, gemm.size)).collect();
    assert_eq!(sizes, [(Dtype::F32, 512), (Dtype::Bf16, 512), (Dtype::F16, 256)]);
    for (dtype, rate) in [(Dtype::F32, 100e9), (Dtype::Bf16, 400e9), (Dtype::F16, 1e9)] {
        assert!(close(peaks.flops(dtype).unwrap(), rate), "{dtype:?}");
    }
}

#[test]
fn memory_is_read_by_the_fastest_reader_over_the_whole_buffer() {
    let (peaks, works) = run(&mut even);
    let peaks = peaks.unwrap();
    assert_eq!((peaks.reader.as_str(), peaks.buffer_bytes, peaks.cache_bytes), ("max f32", 256 * MIB, Some(32 * MIB)));
    assert!(close(peaks.bandwidth.best, 32e9) && close(peaks.cache_bandwidth.unwrap().best, 160e9));
    for reader in ReadOperator::ALL {
        let tried = works.iter().filter(|&&work| work == Work::Read { reader, bytes: 256 * MIB }).count();
        assert!(tried > TRIALS.fewest, "{}", reader.name());
    }
    assert_eq!(peaks.dispatch.best, Nanos(600));
}

#[test]
fn of_readers_that_memory_limits_alike_the_one_that_is_fastest_in_cache_is_taken() {
    let (peaks, _) = run(&mut |work| match work {
        Work::Read { reader, bytes } if bytes < 32 * MIB => {
            Ok(at(if reader == ReadOperator::SumF32 { 160e9 } else { 50e9 }, bytes as f64))
        }
        // A little faster by chance; the one at the end is slower by more than that.
        Work::Read { reader: ReadOperator::MvF16, bytes } => Ok(at(31e9, bytes as f64)),
        Work::Read { reader: ReadOperator::MvF32, bytes } => Ok(at(20e9, bytes as f64)),
        Work::Read { bytes, .. } => Ok(at(30e9, bytes as f64)),
        work => even(work),
    });
    let peaks = peaks.unwrap();
    assert_eq!(peaks.reader, "sum f32");
    assert!(close(peaks.bandwidth.best, 30e9) && close(peaks.cache_bandwidth.unwrap().best, 160e9));
}

#[test]
fn the_spread_is_that_of_the_repeats_and_the_warm_up_does_not_count() {
    let mut n = 0;
    let (peaks, _) = run(&mut |work| match work {
        Work::Calls(calls) => {
            n += 1;
            // Those before the repeats are slow; then 0 … 49 ns a call more than the least.
            let before = 1 + TRIALS.most as u64;
            let extra = if n <= before { 900 } else { n - before - 1 };
            Ok(Nanos((500 + extra) * u64::from(calls)))
        }
        work => even(work),
    });
    let dispatch = peaks.unwrap().dispatch;
    let expected = Times { n: 50, best: Nanos(500), q1: Nanos(512), median: Nanos(525), q3: Nanos(537) };
    assert_eq!(dispatch, expected);
}

#[test]
fn a_slow_machine_is_measured_in_bounded_time() {
    // What must be done a few times in any case takes longer on a machine that is ten times as slow.
    for (slowness, most) in [(1, 4), (10, 8)] {
        let mut spent = Nanos(0);
        let (peaks, _) = run(&mut |work| {
            let time = Nanos(even(work)?.0 * slowness);
            spent += time;
            Ok(time)
        });
        assert!(peaks.is_ok());
        assert!(spent < Nanos(most * 1_000_000_000), "{slowness} times as slow: {spent}");
    }
}

#[test]
fn sizes_grow_as_long_as_there_is_time_to_repeat_them() {
    let largest = |rate: f64| {
        let (peaks, works) = run(&mut |work| match work {
            Work::Product { dtype: Dtype::F32, size } => Ok(at(rate, flops(size))),
            work => even(work),
        });
        assert!(peaks.unwrap().gemm[0].flops.n >= REPEATS.fewest as u32);
        works
            .iter()
            .filter_map(|work| match work {
                Work::Product { dtype: Dtype::F32, size } => Some(*size),
                _ => None,
            })
            .max()
            .unwrap()
    };
    assert_eq!([largest(1e9), largest(20e9), largest(150e9), largest(1e15)], [256, 512, 1024, LARGEST]);
}

#[test]
fn a_format_that_cannot_be_multiplied_has_no_roof() {
    let refuse = |refused: fn(Work) -> bool| {
        run(&mut |work| if refused(work) { Err(Error::unsupported("no")) } else { even(work) }).0
    };
    let peaks = refuse(|work| matches!(work, Work::Product { dtype: Dtype::F16, .. })).unwrap();
    assert_eq!((peaks.gemm.len(), peaks.flops(Dtype::F16)), (2, None));
    let peaks =
        refuse(|work| matches!(work, Work::Read { reader: ReadOperator::SumF32 | ReadOperator::MaxF32, .. })).unwrap();
    assert_eq!(peaks.reader, "mv f32");
    assert!(refuse(|work| matches!(work, Work::Read { .. })).is_err());
}

#[test]
fn a_cancel_ends_the_measuring_before_the_next_execution() {
    for cancelled_at in [0, 1, 30, 100] {
        let control = Control::default();
        let mut n = 0;
        let mut time = |work| {
            n += 1;
            if n == cancelled_at {
                control.cancel();
            }
            even(work)
        };
        if cancelled_at == 0 {
            control.cancel();
        }
        let mut bench = Fake(&mut time, Vec::new());
        let peaks = Plan { bench: &mut bench, progress: &mut |_, _, _| {}, control: &control }.run(BUFFERS);
        assert!(matches!(peaks, Err(Error::Cancelled)));
        assert_eq!(bench.1.len(), cancelled_at);
    }
}

#[test]
fn progress_names_each_stage_once_and_ends_with_all_done() {
    let mut told = Vec::new();
    let mut progress = |stage: &str, done, total| told.push((stage.to_owned(), done, total));
    let mut bench = Fake(&mut even, Vec::new());
    Plan { bench: &mut bench, progress: &mut progress, control: &Control::default() }.run(BUFFERS).unwrap();
    let done: Vec<_> = told.iter().map(|(_, done, total)| (*done, *total)).collect();
    assert_eq!(done, [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
    assert!(told[1].0.contains("bf16"));
}

#[test]
fn the_buffer_is_several_times_the_cache_or_refused() {
    let plenty = 64 << 30;
    let of = |device, cache, available| Buffers::suiting(device, cache, available);
    assert_eq!(of(Device::Cpu, Some(32 * MIB), plenty).unwrap(), BUFFERS);
    assert_eq!(of(Device::Cpu, Some(384 * MIB), plenty).unwrap().large, 1536 * MIB);
    assert_eq!(of(Device::Cpu, None, plenty).unwrap().large, 1024 * MIB);
    assert_eq!(of(Device::Cpu, Some(32 * MIB), 400 * MIB).unwrap().large, 100 * MIB);
    assert!(of(Device::Cpu, Some(32 * MIB), 200 * MIB).unwrap_err().to_string().contains("buffer of 67.1 MB"));
    let gpu = of(Device::Cuda(0), Some(50 * MIB), plenty).unwrap();
    assert_eq!((gpu.large, gpu.small), (4096 * MIB, None));
}

#[test]
fn threads_that_are_not_there_are_refused() {
    for threads in [0, processors() + 1] {
        let refusal = measure(Device::Cpu, threads, &mut |_, _, _| {}, &Control::default()).unwrap_err().to_string();
        assert!(refusal.contains(&format!("threads={threads}")), "{refusal}");
    }
}
