//! What tracing costs: per operator, and as a share of a pass.
//!
//! `cargo bench --bench tracer` prints, after criterion's times of small operators with and without a
//! tracer, their differences, and traced ÷ plain for SmolLM2: medians over pairs of runs that alternate.

use blockscope::arch::Toggles;
use blockscope::measure::{Bounds, Control, Prompt, Request, Session, Tracer};
use blockscope::record::{Event, Phase, Quartiles, Run, Watched};
use blockscope::units::Nanos;
use criterion::Criterion;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tch::{Device, Kind, Tensor};

/// An operator on two small matrices.
type Call = fn(&Tensor, &Tensor) -> Tensor;

/// Operators with next to nothing to do, by what they say of their arguments.
const OPERATORS: [(&str, Call); 4] = [
    ("add", |a, b| a + b),
    ("relu_", |a, _| a.shallow_clone().relu_()),
    ("transpose", |a, _| a.transpose(0, 1)),
    ("mm", |a, b| a.mm(b)),
];

/// Calls at a time: few enough for the tracer's room, enough to tell.
const CALLS: u32 = 2000;

/// How long `CALLS` calls take, and how many operators they were if they were traced.
fn calls(call: Call, tracer: Option<&mut Tracer>) -> (Duration, usize) {
    let (a, b) = (Tensor::ones([4, 4], (Kind::Float, Device::Cpu)), Tensor::eye(4, (Kind::Float, Device::Cpu)));
    let timed = || {
        let began = Instant::now();
        for _ in 0..CALLS {
            drop(black_box(call(black_box(&a), black_box(&b))));
        }
        began.elapsed()
    };
    match tracer {
        None => (timed(), 0),
        Some(tracer) => {
            let tracing = tracer.start();
            let time = timed();
            let traced = tracing.stop();
            assert_eq!(traced.cut, None);
            (time, traced.operators.len())
        }
    }
}

fn operators(c: &mut Criterion) {
    let _no_grad = tch::no_grad_guard();
    let mut tracer = Tracer::new(Bounds::default());
    let batches = |calls: u64| calls.div_ceil(u64::from(CALLS)) as u32;
    let of = |batches: u32, calls_wanted: u64, once: &mut dyn FnMut() -> Duration| {
        let time: Duration = (0..batches).map(|_| once()).sum();
        time.mul_f64(calls_wanted as f64 / (f64::from(batches) * f64::from(CALLS)))
    };
    for (name, call) in OPERATORS {
        let mut group = c.benchmark_group(name);
        group.bench_function("plain", |b| b.iter_custom(|n| of(batches(n), n, &mut || calls(call, None).0)));
        group.bench_function("traced", |b| {
            b.iter_custom(|n| of(batches(n), n, &mut || calls(call, Some(&mut tracer)).0));
        });
        group.finish();
    }
    println!("\ncost of tracing, medians over 200 pairs");
    for (name, call) in OPERATORS {
        let mut costs = Vec::new();
        for _ in 0..200 {
            let plain = calls(call, None).0;
            let (traced, n) = calls(call, Some(&mut tracer));
            costs.push(Nanos::of(traced.saturating_sub(plain) / n as u32));
        }
        let cost = Quartiles::of(&costs).expect("pairs");
        println!("  {name:<10} {} an operator ({} to {})", cost.median, cost.q1, cost.q3);
    }
}

/// Wall times of plain and of traced passes, alternating: prefill, and all decode steps of a repeat.
fn model(toggles: &str, repeats: u32, new_tokens: u32, prompt: u32, phase: Phase) {
    let toggles_of = Toggles::default().with(toggles).expect("toggles");
    let session = Session::open("smollm2", &toggles_of, &mut |_, _, _| true).unwrap_or_else(|error| panic!("{error}"));
    let request = Request {
        prompt: Prompt::Synthetic(prompt),
        new_tokens,
        stop: false,
        repeats,
        watched: Watched::Operators,
        ..Request::default()
    };
    let mut run = Run::default();
    session.run(&request, &Control::default(), &mut |event: Event| run.apply(event));
    let wall = |repeat: u32| -> Nanos {
        let of = |pass: &&blockscope::record::Pass| pass.start.repeat == repeat && pass.start.phase == phase;
        run.passes.iter().filter(of).filter_map(|pass| pass.time).sum()
    };
    let mut ratios: Vec<f64> =
        (0..repeats).map(|pair| wall(2 * pair + 1).seconds() / wall(2 * pair).seconds()).collect();
    ratios.sort_by(f64::total_cmp);
    let operators: usize =
        run.passes.iter().filter(|pass| pass.start.phase == phase).map(|pass| pass.operators.len()).sum();
    let plain = Quartiles::of(&(0..repeats).map(|pair| wall(2 * pair)).collect::<Vec<_>>()).expect("pairs").median;
    let traced = Quartiles::of(&(0..repeats).map(|pair| wall(2 * pair + 1)).collect::<Vec<_>>()).expect("pairs").median;
    println!(
        "  {:<32} {:<8} plain {:>8}, traced {:>8}: traced ÷ plain {:.3} (of pairs {:.3}; {:.3} to {:.3}), {} operators",
        toggles,
        phase.name(),
        plain,
        traced,
        traced.seconds() / plain.seconds(),
        ratios[ratios.len() / 2],
        ratios[ratios.len() / 4],
        ratios[3 * ratios.len() / 4],
        operators / repeats as usize,
    );
}

fn main() {
    operators(&mut Criterion::default().sample_size(20).configure_from_args());
    println!("\nSmolLM2, prefill 512 and decode 64, in pairs");
    for toggles in ["weights=f32,compute=f32", "weights=bf16,compute=bf16"] {
        model(toggles, 11, 1, 512, Phase::Prefill);
        model(toggles, 7, 65, 16, Phase::Decode);
    }
}
