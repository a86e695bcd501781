//! How long it takes to look: the pass that keeps what there is to look at, all heads of SmolLM2 as pictures, and the part
//! of one pattern that a screen shows.

use blockscope::arch::Toggles;
use blockscope::interpret::Exploration;
use blockscope::measure::{Control, Prompt, Session};
use blockscope::record::explored::Area;
use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;

fn explored(session: &Session, tokens: u32) -> Exploration {
    let ids = session.prompt_ids(&Prompt::Synthetic(tokens)).unwrap();
    session.explore(&ids, &Control::default(), &mut |_| {}).unwrap()
}

fn explore(c: &mut Criterion) {
    let session = Session::open("smollm2", &Toggles::default(), &mut |_, _, _| true).unwrap_or_else(|e| panic!("{e}"));
    let control = Control::default();
    c.bench_function("pass of 512 tokens, kept", |b| b.iter(|| explored(&session, 512)));
    let seen = explored(&session, 512);
    c.bench_function("270 heads at 512 tokens", |b| {
        b.iter(|| seen.survey(16, None, &control, &mut |_, ran| drop(std::hint::black_box(ran))).unwrap());
    });
    for tokens in [512, 4096] {
        let seen = explored(&session, tokens);
        let end = tokens as usize;
        let area = Area { queries: end - 60..end, keys: end - 100..end };
        c.bench_function(&format!("60 × 100 cells of a pattern of {tokens}"), |b| {
            b.iter(|| seen.heads(15).shrunk(4, &area, 1));
        });
        let row = Area { queries: end - 1..end, keys: 0..end };
        c.bench_function(&format!("a row of a pattern of {tokens}"), |b| b.iter(|| seen.heads(15).shrunk(4, &row, 1)));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    targets = explore
}
criterion_main!(benches);
