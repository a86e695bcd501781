//! Comparisons of made-up studies.

use super::*;
use crate::trace::study::fixture;

#[test]
fn scratch() {
    let started = std::time::Instant::now();
    let c = Comparison::of(&fixture::compare(), 0, 1).unwrap();
    println!("{:?} {}", started.elapsed(), c.verdict_sentence());
    for phase in [&c.prefill, &c.decode] {
        for row in phase.rows() {
            println!("{} {} {:?} {:?}", row.path, row.depth, row.time.words(), row.time.ratio.map(|r| r.times()));
        }
    }
    for arm in 1..5 {
        println!("{}", Comparison::headline(&fixture::matrix(), 0, arm).unwrap().verdict_sentence());
    }
    for s in crate::trace::Sweep::of(&fixture::sweep()).series {
        println!("{} {:?} {:?} {:?}", s.name, s.ttft, s.tpot, s.tpot_line);
    }
}
