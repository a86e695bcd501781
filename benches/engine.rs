//! How long it takes to load SmolLM2, to prefill 512 tokens and to decode 64.

use blockscope::arch::Toggles;
use blockscope::engine::decoder::Wanted;
use blockscope::engine::probe::{Pass, Unwatched};
use blockscope::engine::source::Source;
use blockscope::engine::{Decoder, Device};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;
use tch::Tensor;

const MODEL: &str = "smollm2";
const CONFIGURATIONS: [&str; 2] = ["weights=f32,compute=f32", "weights=bf16,compute=bf16"];

fn build(toggles: &str) -> Decoder {
    let toggles = Toggles::default().with(toggles).unwrap();
    let source = Source::open(MODEL).unwrap_or_else(|error| panic!("{error}"));
    let parameters = source.load(&toggles, Device::Cpu, &mut |_, _| true).unwrap();
    Decoder::new(&source.model, &parameters, &toggles)
}

fn load(c: &mut Criterion) {
    for toggles in CONFIGURATIONS {
        c.bench_function(&format!("load/{toggles}"), |b| b.iter(|| build(toggles)));
    }
}

/// One pass over `ids` behind what is in the cache.
fn pass(decoder: &Decoder, ids: &[i64], cache: &mut blockscope::engine::cache::KvCache) -> i64 {
    let input = Tensor::from_slice(ids).unsqueeze(0);
    let logits = decoder.forward(&input, Some(cache), Wanted::Last, &mut Pass::new(&mut Unwatched)).unwrap();
    logits.argmax(-1, false).int64_value(&[0, 0])
}

fn prefill_and_decode(c: &mut Criterion) {
    let _no_grad = tch::no_grad_guard();
    let prompt: Vec<i64> = (0..512).map(|position| position * 97 % 49_152).collect();
    for toggles in CONFIGURATIONS {
        let decoder = build(toggles);
        let mut group = c.benchmark_group("prefill 512");
        group.throughput(Throughput::Elements(512));
        group.bench_function(toggles, |b| b.iter(|| pass(&decoder, &prompt, &mut decoder.new_cache(1, 512))));
        group.finish();

        let mut group = c.benchmark_group("decode 64 after 16");
        group.throughput(Throughput::Elements(64));
        group.bench_function(toggles, |b| {
            b.iter(|| {
                let mut cache = decoder.new_cache(1, 80);
                let mut next = pass(&decoder, &prompt[..16], &mut cache);
                for _ in 0..64 {
                    next = pass(&decoder, &[next], &mut cache);
                }
                next
            });
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(8));
    targets = load, prefill_and_decode
}
criterion_main!(benches);
