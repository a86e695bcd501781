//! What a pass may cost, counted: calls of operators, memory that is asked for, bytes that are moved. Counts are the same
//! on a slow machine and on a busy one, so a change that makes the engine do more is seen here and not in a time.
//!
//! A bound is what there is today and a little room (more of it in a prefill, whose products LibTorch makes, in as many
//! operators and with as much memory as it likes on a processor); one that is exceeded wants a reason in `docs/performance.md`.

use crate::common::{open, request, run, traced};
use blockscope::analyse::work;
use blockscope::engine::native;
use blockscope::record::{Pass, Run};
use blockscope::units::Bytes;

/// What one pass did.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Cost {
    operators: usize,
    allocations: usize,
    allocated: Bytes,
    moved: Bytes,
}

impl Cost {
    fn of(run: &Run, pass: &Pass) -> Self {
        assert_eq!(pass.cut, None);
        let memory = pass.memory.as_ref().unwrap();
        let made = || memory.allocations.iter().filter(|allocation| allocation.start.is_some());
        let traffic = |signature: u32| work::traffic(&run.signatures[signature as usize]);
        Self {
            operators: pass.operators.len(),
            allocations: made().count(),
            allocated: made().map(|allocation| allocation.bytes).sum(),
            moved: work::own_traffic(&pass.operators, traffic).into_iter().flatten().sum(),
        }
    }

    fn within(&self, most: Cost, what: &str) {
        let fits = self.operators <= most.operators
            && self.allocations <= most.allocations
            && self.allocated <= most.allocated
            && self.moved <= most.moved;
        assert!(fits, "{what}: {self:?}, of at most {most:?}");
    }
}

/// The costs of a prefill of 64 positions and of a decode step after it.
fn costs(toggles: &str) -> [Cost; 2] {
    let session = open("smollm2", &format!("{toggles},fuse=joined"));
    let run = run(&session, &request(64, 2));
    let passes = traced(&run);
    let [prefill, step] = [0, 1].map(|number| Cost::of(&run, passes[number]));
    println!("{toggles}: {prefill:?}, {step:?}");
    [prefill, step]
}

#[test]
fn a_step_costs_what_it_did() {
    let most = |operators, allocations, allocated, moved| Cost {
        operators,
        allocations,
        allocated: Bytes(allocated),
        moved: Bytes(moved),
    };
    // Where the processor has tiles for bf16, LibTorch's attention computes a prompt: 19 operators and 4 allocations more in
    // each of 30 blocks.
    let (operators, allocations) = if native::has_bf16_tiles() { (19 * 30, 4 * 30) } else { (0, 0) };
    for (toggles, prefill, step) in [
        ("weights=f32", most(3_000, 500, 90_000_000, 740_000_000), most(1_450, 320, 1_500_000, 545_000_000)),
        (
            "weights=bf16,compute=bf16",
            most(3_000 + operators, 500 + allocations, 60_000_000, 380_000_000),
            most(1_450, 320, 900_000, 273_000_000),
        ),
        (
            "weights=int4,compute=bf16",
            most(3_300 + operators, 620 + allocations, 280_000_000, 640_000_000),
            most(1_500, 330, 1_000_000, 98_500_000),
        ),
    ] {
        let [of_prefill, of_step] = costs(toggles);
        of_prefill.within(prefill, &format!("prefill, {toggles}"));
        of_step.within(step, &format!("decode step, {toggles}"));
    }
}

#[test]
fn our_kernels_call_less_and_move_less_than_libtorchs() {
    for toggles in ["weights=f32", "weights=bf16,compute=bf16"] {
        let [ours, libtorchs] = ["native", "libtorch"].map(|kernels| costs(&format!("{toggles},kernels={kernels}")));
        for (ours, libtorchs) in ours.into_iter().zip(libtorchs) {
            assert!(ours.operators * 2 < libtorchs.operators, "{toggles}: {ours:?}, {libtorchs:?}");
            assert!(
                ours.moved < libtorchs.moved && ours.allocated < libtorchs.allocated,
                "{toggles}: {ours:?}, {libtorchs:?}"
            );
        }
    }
}
