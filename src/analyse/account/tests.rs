use super::*;
use crate::record::operator::{Argument, Dtype, Operator, Signature, Tensor};
use crate::record::{Allocation, ByCategory, Category, Event, Part, PassMemory, PassStart, Span, fixture};
use crate::units::Bytes;

/// One block whose attention multiplies and whose fused kernel is unknown, and an operator beside them.
fn traced() -> Run {
    let mut run = Run::default();
    for (path, parent) in [("blocks.0", None), ("blocks.0.attn", Some(0)), ("blocks.0.attn.fused", Some(1))] {
        run.apply(Event::Part(Part { path: path.into(), parent }));
    }
    let tensor = |sizes: &[u64]| Argument::Tensor(Tensor { dtype: Dtype::F32, sizes: sizes.to_vec() });
    let signature = |name: &str, inputs: Vec<Argument>, output: &[u64]| {
        let outputs = vec![tensor(output)];
        Event::Signature(Box::new(Signature { name: name.into(), inputs, outputs, ..Signature::default() }))
    };
    run.apply(signature("aten::linear", vec![tensor(&[4, 8]), tensor(&[2, 8])], &[4, 2]));
    run.apply(signature("aten::mm", vec![tensor(&[4, 8]), tensor(&[8, 2])], &[4, 2]));
    run.apply(signature("aten::mystery", vec![tensor(&[4])], &[4]));
    let watched = Watched::Operators;
    run.apply(Event::PassStart(PassStart {
        phase: Phase::Prefill,
        repeat: 1,
        step: 0,
        n_new: 4,
        n_past: 0,
        watched,
        start: Nanos(0),
    }));
    let span = |part, start, time, flops| Span {
        part,
        start: Nanos(start),
        time: Nanos(time),
        flops: Flops(flops),
        bytes: Bytes(1000),
    };
    run.apply(Event::Spans(vec![span(2, 40, 40, 160), span(1, 10, 80, 288), span(0, 5, 90, 288)]));
    let operator = |signature, part, depth, start, time| Operator {
        signature,
        part,
        depth,
        thread: 0,
        start: Nanos(start),
        time: Nanos(time),
        sequence: None,
    };
    run.apply(Event::Operators(vec![
        operator(0, Some(1), 0, 12, 20),
        operator(1, Some(1), 1, 15, 16),
        operator(2, Some(2), 0, 45, 30),
        operator(1, None, 0, 96, 3),
    ]));
    let allocation = |part, start, end, bytes| Allocation {
        part: Some(part),
        operator: None,
        category: Category::Activations,
        start: Some(Nanos(start)),
        end,
        bytes: Bytes(bytes),
    };
    run.apply(Event::Memory(Box::new(PassMemory {
        before: ByCategory([Bytes(500), Bytes(0), Bytes(0), Bytes(0)]),
        allocations: vec![allocation(1, 20, Some(Nanos(60)), 64), allocation(2, 50, None, 32)],
        resident: None,
    })));
    run.apply(Event::PassEnd { time: Nanos(100) });
    run
}

#[test]
fn own_times_and_the_rest_are_the_wall_time() {
    let account = Account::of(&traced(), Phase::Prefill).unwrap();
    let own: Nanos = account.parts.iter().flatten().map(|part| part.own).sum();
    assert_eq!((own + account.unaccounted, account.wall, account.unaccounted), (Nanos(100), Nanos(100), Nanos(10)));
    let attention = account.part(1).unwrap();
    assert_eq!((attention.total, attention.own, attention.between), (Nanos(80), Nanos(40), Nanos(20)));
}

#[test]
fn work_is_counted_once_and_for_every_part_that_contains_it() {
    let account = Account::of(&traced(), Phase::Prefill).unwrap();
    let product = 2 * 4 * 8 * 2;
    assert_eq!(account.part(0).unwrap().flops, Flops(product));
    assert_eq!(account.part(1).unwrap().products.main_dtype(), Some(Dtype::F32));
    assert_eq!(account.part(2).unwrap().flops, Flops(0));
    assert_eq!(account.flops, Flops(2 * product), "with the one between the parts");
    assert_eq!(account.part(0).unwrap().unknown, 1);
    assert_eq!(account.unknown(), [("aten::mystery", 1, Nanos(30))]);
    // linear only passes on; what mm reads and writes counts.
    assert_eq!(account.part(1).unwrap().moved, Bytes(4 * (32 + 16 + 8) + 4 * 8));
}

#[test]
fn causal_work_leaves_out_what_is_hidden() {
    let account = Account::of(&traced(), Phase::Prefill).unwrap();
    // Of 4·4 pairs 10 are visible: of 160 FLOPs 100, of 288 in the block 228.
    let causal: Vec<u64> = account.parts.iter().flatten().map(|part| part.flops_causal.0).collect();
    assert_eq!(causal, [228, 228, 100]);
    assert_eq!((account.flops_modelled, account.flops_causal), (Flops(288), Flops(228)));
}

#[test]
fn memory_is_told_by_the_part_that_took_it() {
    let account = Account::of(&traced(), Phase::Prefill).unwrap();
    let memory = |part| account.part(part).unwrap().memory;
    let of = |allocated, freed, peak, alive| PartMemory {
        allocated: Bytes(allocated),
        freed: Bytes(freed),
        peak: Bytes(peak),
        alive: Bytes(alive),
    };
    assert_eq!(memory(0), of(96, 64, 96, 32));
    assert_eq!(memory(2), of(32, 64, 32, 32), "what another part took was given back while it ran");
}

#[test]
fn operators_are_listed_by_part_with_their_own_time() {
    let account = Account::of(&traced(), Phase::Prefill).unwrap();
    let names: Vec<_> =
        account.operators_of(Some(1)).map(|op| (op.name.as_str(), op.own, op.flops, op.passes_on)).collect();
    let nothing = Some(Flops(0));
    assert_eq!(names, [("aten::mm", Nanos(16), Some(Flops(128)), false), ("aten::linear", Nanos(4), nothing, true)]);
    assert_eq!(account.operators_of(None).count(), 1);
    assert_eq!(Account::of(&traced(), Phase::Decode), None);
}

#[test]
fn what_is_made_up_for_tests_is_consistent() {
    let run = fixture::traced();
    for phase in [Phase::Prefill, Phase::Decode] {
        let account = Account::of(&run, phase).unwrap();
        assert_eq!(account.flops, account.flops_modelled);
        assert_eq!(account.unknown(), []);
        assert!(account.parts.iter().flatten().all(|part| part.flops == part.flops_modelled));
    }
}
