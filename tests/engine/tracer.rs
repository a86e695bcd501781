//! The tracer sees every operator and every allocation of a pass, exactly, and changes nothing.

use crate::common::{Model, golden, open, request, run, traced};
use blockscope::analyse::work::{Work, work};
use blockscope::analyse::{Account, Overhead};
use blockscope::arch::rotation::Pairing;
use blockscope::engine::decoder::Wanted;
use blockscope::engine::native::{self, Angles, AttentionOptions, Gate};
use blockscope::engine::probe::{Pass as Forward, Unwatched};
use blockscope::measure::{Bounds, Control, Halt, Request, Session, Step, Traced, Tracer, Watch};
use blockscope::record::operator::{Scope, Tensor as Shape, parents};
use blockscope::record::{
    Allocation, Argument, Category, Cut, Dtype, Event, Operator, Pass, PassMemory, Phase, Run, Signature, Status,
    Watched,
};
use blockscope::units::{Bytes, Flops, Nanos};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tch::{Device, Kind, Tensor};

const F32: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Does `work` under a tracer with the usual room, in no part.
fn trace<T>(work: impl FnOnce() -> T) -> (T, Traced) {
    let mut tracer = Tracer::new(Bounds::default());
    let tracing = tracer.start();
    let made = work();
    (made, tracing.stop())
}

/// Name, depth and whether a result aliases an input, of each operator.
fn outline(traced: &Traced) -> Vec<(&str, u16, bool)> {
    let signature = |number: u32| &traced.signatures[number as usize];
    let one = |operator: &Operator| {
        let signature = signature(operator.signature);
        (signature.name.as_str(), operator.depth, signature.aliases)
    };
    traced.operators.iter().map(one).collect()
}

/// The most that was alive at once of what was made in the pass, of these categories.
fn peak(memory: &PassMemory, categories: &[Category]) -> Bytes {
    let of_pass = |allocation: &&Allocation| allocation.start.is_some() && categories.contains(&allocation.category);
    let mut changes: Vec<(Nanos, i64)> = Vec::new();
    for allocation in memory.allocations.iter().filter(of_pass) {
        let bytes = allocation.bytes.0 as i64;
        changes.extend(allocation.start.map(|start| (start, bytes)));
        changes.extend(allocation.end.map(|end| (end, -bytes)));
    }
    changes.sort_unstable(); // of two at one time the free comes first
    let alive = changes.iter().scan(0, |alive, (_, change)| {
        *alive += change;
        Some(*alive)
    });
    Bytes(alive.max().unwrap_or(0) as u64)
}

fn model(toggles: &str) -> Model {
    tch::set_num_threads(1);
    Model::open("smollm2", toggles)
}

fn tiny() -> Session {
    open(golden("llama").to_str().unwrap(), "")
}

fn path(run: &Run, part: Option<u32>) -> &str {
    part.map_or("", |part| &run.parts[part as usize].path)
}

/// A product of weights, by whosever kernel.
fn is_linear(signature: &Signature) -> bool {
    ["aten::linear", "mkldnn::_linear_pointwise", "blockscope::linear"].contains(&signature.name.as_str())
}

fn signature<'r>(run: &'r Run, operator: &Operator) -> &'r Signature {
    &run.signatures[operator.signature as usize]
}

#[test]
fn operators_of_our_own_have_names_whose_work_is_known() {
    let x = Tensor::randn([1, 2, 3, 32], F32);
    let (row, angles) = (Tensor::randn([32], F32), Tensor::randn([3, 8], F32));
    let (_, traced) = trace(|| {
        let gates = Gate::ALL.map(|gate| native::gated(gate, &x, &x));
        let norms = [native::rms_norm(&x, &row, 1e-5), native::layer_norm(&x, &row, Some(&row), 1e-5)];
        let turned = [Pairing::Halves, Pairing::Interleaved]
            .map(|pairing| native::rotated(&x, Angles { cos: &angles, sin: &angles }, pairing));
        (gates, norms, turned)
    });
    let names: Vec<&str> = outline(&traced).into_iter().map(|(name, ..)| name).collect();
    let expected = ["silu_mul", "gelu_mul", "gelu_tanh_mul", "rms_norm", "layer_norm", "rotate_", "rotate_"];
    assert_eq!(names, expected.map(|name| format!("blockscope::{name}")));
    assert!(traced.signatures.iter().all(|signature| work(signature) == Work::Counted(Flops(0))));
}

/// A window shows in the shapes: keys that no query sees are no input, and no work.
#[test]
fn attention_is_seen_with_the_keys_that_its_queries_see() {
    let (slopes, sinks) = (Tensor::randn([6], F32), Tensor::randn([6], F32));
    for (queries, window, seen) in [(1, None, 300), (1, Some(40), 40), (1, Some(400), 300), (10, Some(40), 49)] {
        let q = Tensor::randn([1, 6, queries, 32], F32);
        let [k, v] = [32, 16].map(|width| Tensor::randn([1, 2, 300, width], F32));
        let options =
            AttentionOptions { window, slopes: Some(&slopes), sinks: Some(&sinks), ..AttentionOptions::causal(0.2) };
        let (_, traced) = trace(|| native::attention(&q, &k, &v, &options));
        let signature = traced.signatures.iter().find(|signature| signature.name == "blockscope::attention").unwrap();
        let sizes: Vec<&[u64]> = (0..5).map(|index| signature.input(index).unwrap().sizes.as_slice()).collect();
        assert_eq!(sizes[1..], [&[1, 2, seen, 32][..], &[1, 2, seen, 16], &[6], &[6]], "{queries}, {window:?}");
        assert_eq!(work(signature), Work::Counted(Flops(2 * 6 * queries as u64 * seen * (32 + 16))));
    }
}

#[test]
fn known_tensors_are_read_back_to_the_byte() {
    let from_before = Tensor::zeros([77], F32);
    let mut tracer = Tracer::new(Bounds::default());
    let mut tracing = tracer.start();
    tracing.enter(7);
    let gone = Tensor::zeros([1000], F32);
    let kept = Tensor::ones([3, 5], (Kind::Int64, Device::Cpu));
    drop(gone);
    tracing.leave();
    tracing.enter(8);
    let large = Tensor::empty([1 << 20], (Kind::Uint8, Device::Cpu));
    let nothing = Tensor::empty([0], F32);
    drop(from_before);
    tracing.leave();
    drop(kept);
    let traced = tracing.stop();
    drop((large, nothing));

    let seen: Vec<_> = traced
        .memory
        .allocations
        .iter()
        .map(|a| (a.part, a.bytes, a.category, a.start.is_some(), a.end.is_some()))
        .collect();
    let expected = [
        (Some(8), Bytes(4 * 77), Category::Activations, false, true),
        (Some(7), Bytes(4000), Category::Temporaries, true, true),
        (Some(7), Bytes(120), Category::Activations, true, true),
        (Some(8), Bytes(1 << 20), Category::Activations, true, false),
    ];
    assert_eq!(seen, expected);
    // The third is given back after the fourth was made, the second before.
    assert_eq!(peak(&traced.memory, &Category::ALL), Bytes((1 << 20) + 120));
    assert_eq!(peak(&traced.memory, &[Category::Temporaries]), Bytes(4000));
}

#[test]
fn an_allocation_knows_the_operator_that_made_it() {
    let x = Tensor::ones([64, 64], F32);
    let (_y, traced) = trace(|| x.softmax(-1, Kind::Float));
    let made: Vec<_> = traced.memory.allocations.iter().map(|a| a.operator.unwrap() as usize).collect();
    assert_eq!(made.iter().map(|&operator| outline(&traced)[operator].0).collect::<Vec<_>>(), ["aten::_softmax"]);
    // It outlives its operator, and there is no part.
    assert_eq!(traced.memory.allocations[0].category, Category::Activations);
}

#[test]
fn work_in_place_and_views_alias_and_take_no_memory() {
    let mut x = Tensor::ones([4, 6], F32);
    let ((), traced) = trace(|| {
        let _ = x.relu_();
        let _view = x.transpose(0, 1);
    });
    let top: Vec<_> = outline(&traced).into_iter().filter(|(_, depth, _)| *depth == 0).collect();
    assert_eq!(top, [("aten::relu_", 0, true), ("aten::transpose", 0, true)]);
    assert_eq!(traced.memory.allocations, []);
    let (_sum, traced) = trace(|| &x + &x);
    assert_eq!(outline(&traced), [("aten::add", 0, false)]);
    assert_eq!(traced.memory.allocations[0].bytes, Bytes(4 * 6 * 4));
}

#[test]
fn a_signature_has_every_argument_in_its_place() {
    let (a, b) = (Tensor::ones([2, 3], F32), Tensor::ones([2, 4], F32));
    let tensor = |sizes: &[u64]| Shape { dtype: Dtype::F32, sizes: sizes.to_vec() };
    let (_, traced) = trace(|| (Tensor::cat(&[&a, &b], 1), a.sum_dim_intlist(0, true, Kind::Double)));
    let cat = &traced.signatures[traced.operators[0].signature as usize];
    assert_eq!((cat.name.as_str(), cat.overload.as_str(), cat.scope), ("aten::cat", "", Scope::Function));
    assert_eq!(cat.inputs, [Argument::Tensors(vec![tensor(&[2, 3]), tensor(&[2, 4])]), Argument::Int(1)]);
    assert_eq!(cat.outputs, [Argument::Tensor(tensor(&[2, 7]))]);
    let sum = traced.signatures.iter().find(|signature| signature.name == "aten::sum").unwrap();
    assert_eq!(sum.overload, "dim_IntList");
    // aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None)
    assert_eq!(
        sum.inputs,
        [Argument::Tensor(tensor(&[2, 3])), Argument::Other, Argument::Bool(true), Argument::Int(7)]
    );
    assert_eq!(sum.outputs, [Argument::Tensor(Shape { dtype: Dtype::F64, sizes: vec![1, 3] })]);
}

#[test]
fn the_same_operator_on_the_same_shapes_is_said_once_also_over_several_passes() {
    let x = Tensor::ones([8], F32);
    let mut tracer = Tracer::new(Bounds::default());
    let mut pass = |work: &dyn Fn()| {
        let tracing = tracer.start();
        work();
        tracing.stop()
    };
    let first = pass(&|| drop((&x + &x, &x + &x)));
    assert_eq!((first.signatures.len(), first.operators.len()), (1, 2));
    let second = pass(&|| drop((&x + &x, &x * &x)));
    assert_eq!(second.signatures.iter().map(|new| new.name.as_str()).collect::<Vec<_>>(), ["aten::mul"]);
    assert_eq!(second.operators.iter().map(|operator| operator.signature).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn what_other_threads_do_is_safe_and_only_their_frees_are_seen() {
    let ((), traced) = trace(|| {
        let sent = Tensor::zeros([10], F32);
        let work = move || {
            drop(sent);
            let _own = Tensor::zeros([20], F32) + 1.0;
        };
        std::thread::spawn(work).join().unwrap();
    });
    assert_eq!(
        traced.memory.allocations.iter().map(|a| (a.bytes, a.end.is_some())).collect::<Vec<_>>(),
        [(Bytes(40), true)]
    );
    assert!(outline(&traced).iter().all(|(name, ..)| *name != "aten::add"), "{:?}", outline(&traced));
}

#[test]
fn what_does_not_fit_is_counted_and_the_rest_is_right() {
    let x = Tensor::ones([2, 3, 4], F32);
    let work = || (0..10).map(|_| x.linear::<Tensor>(&Tensor::ones([5, 4], F32), None)).collect::<Vec<_>>();
    let (_, whole) = trace(work);
    let shapes = |traced: &Traced| -> Vec<_> {
        let one = |operator: &Operator| {
            (traced.signatures[operator.signature as usize].clone(), operator.depth, operator.part)
        };
        traced.operators.iter().map(one).collect()
    };
    let bounded = |bounds| {
        let mut tracer = Tracer::new(bounds);
        let tracing = tracer.start();
        work();
        tracing.stop()
    };
    let all = whole.operators.len();
    assert!(whole.cut.is_none() && all > 40 && whole.memory.allocations.len() == 20);

    // In the middle of a linear: what it calls is missing, it itself is not.
    for kept in [0, 1, 7, all - 1] {
        let few = bounded(Bounds { operators: kept as u32, ..Bounds::default() });
        assert_eq!(few.cut, Some(Cut { operators: (all - kept) as u64, allocations: 0 }));
        assert_eq!(shapes(&few), shapes(&whole)[..kept]);
        assert_eq!(few.memory.allocations.len(), 20);
    }
    for words in [0, 10, 100, 301] {
        let few = bounded(Bounds { words, ..Bounds::default() });
        assert_eq!(few.operators.len() as u64 + few.cut.unwrap().operators, all as u64);
        let (few, mut rest) = (shapes(&few), shapes(&whole).into_iter());
        assert!(few.iter().all(|one| rest.any(|other| other == *one)), "what is kept is whole and in order");
    }
    let few = bounded(Bounds { allocations: 3, ..Bounds::default() });
    assert_eq!(few.cut, Some(Cut { operators: 0, allocations: 17 }));
    let bytes = |traced: &Traced| traced.memory.allocations.iter().map(|a| a.bytes).collect::<Vec<_>>();
    assert_eq!(bytes(&few), bytes(&whole)[..3]);
    assert_eq!(shapes(&few), shapes(&whole));
}

#[test]
fn a_panic_leaves_nothing_behind() {
    let x = Tensor::ones([8], F32);
    let mut tracer = Tracer::new(Bounds::default());
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let mut tracing = tracer.start();
        tracing.enter(0);
        // Refused by LibTorch in the middle of an operator.
        let _ = x.matmul(&Tensor::ones([9, 9], F32));
    }));
    assert!(failed.is_err());
    let (_, traced) = trace(|| &x + &x);
    assert_eq!(outline(&traced), [("aten::add", 0, false)]);
    assert_eq!(traced.operators[0].part, None);
    // The one that saw the panic works again, too.
    let tracing = tracer.start();
    let _ = &x * &x;
    assert_eq!(outline(&tracing.stop()).last(), Some(&("aten::mul", 0, false)));
}

#[test]
fn an_operator_that_fails_is_recorded_and_does_not_disturb_the_others() {
    let (a, b) = (Tensor::ones([2, 3], F32), Tensor::ones([2, 3], F32));
    let (_, traced) = trace(|| (a.f_mm(&b).is_err(), &a + &b));
    assert_eq!(outline(&traced), [("aten::mm", 0, false), ("aten::add", 0, false)]);
    assert_eq!(traced.signatures[0].outputs, [], "it made nothing");
}

#[test]
fn operators_nest_and_belong_to_the_part_that_ran() {
    let run = run(&tiny(), &request(16, 3));
    for pass in traced(&run) {
        assert_eq!(pass.cut, None);
        for (operator, parent) in pass.operators.iter().zip(parents(&pass.operators)) {
            let end = operator.start + operator.time;
            assert!(end <= pass.time.unwrap());
            match parent {
                Some(parent) => {
                    let parent = &pass.operators[parent as usize];
                    assert_eq!((operator.depth, operator.part), (parent.depth + 1, parent.part));
                    assert!(parent.start <= operator.start && end <= parent.start + parent.time);
                }
                None => assert_eq!(operator.depth, 0),
            }
            let Some(part) = operator.part else { continue };
            let span = pass.spans.iter().find(|span| span.part == part).unwrap();
            assert!(span.start <= operator.start && end <= span.start + span.time, "one clock for both");
        }
        let linear_of = |name: &str| -> Vec<_> {
            let of = |o: &&Operator| path(&run, o.part) == name && is_linear(signature(&run, o));
            pass.operators.iter().filter(of).collect()
        };
        assert_eq!(linear_of("blocks.1.attn.qkv").len(), 3);
        assert_eq!(linear_of("blocks.0.mlp.up").len(), 1);
        assert_eq!(linear_of("blocks.0.attn.norm").len(), 0);
    }
}

#[test]
fn bf16_is_traced_as_bf16() {
    let run = run(&open("smollm2", "weights=bf16,compute=bf16"), &request(32, 2));
    let up = |pass: &Pass| {
        let of = |o: &&Operator| path(&run, o.part) == "blocks.29.mlp.up" && is_linear(signature(&run, o));
        signature(&run, pass.operators.iter().find(of).unwrap()).clone()
    };
    let tensor = |sizes: &[u64]| Shape { dtype: Dtype::Bf16, sizes: sizes.to_vec() };
    for (pass, positions) in traced(&run).into_iter().zip([32, 1]) {
        assert_eq!(up(pass).input(0), Some(&tensor(&[1, positions, 576])));
        assert_eq!(up(pass).input(1), Some(&tensor(&[1536, 576])));
        assert_eq!(up(pass).output(0), Some(&tensor(&[1, positions, 1536])));
    }
}

#[test]
fn tracing_changes_no_bit_of_the_logits() {
    let ids = Tensor::from_slice(&(0..64_i64).map(|id| id * 5).collect::<Vec<_>>()).unsqueeze(0);
    for toggles in ["", "attention=eager", "weights=bf16,compute=bf16"] {
        let model = model(toggles);
        let plain = model.logits(&ids);
        let (logits, traced) = trace(|| model.logits(&ids));
        assert!(logits.equal(&plain), "{toggles}");
        assert!(traced.operators.len() > 1000);
    }
}

#[test]
fn repeats_alternate_plain_and_traced_passes() {
    let run = run(&tiny(), &Request { repeats: 2, ..request(4, 2) });
    let watched: Vec<_> = run.passes.iter().map(|pass| (pass.start.repeat, pass.start.watched)).collect();
    let (plain, traced) = (Watched::Plain, Watched::Operators);
    assert_eq!(
        watched,
        [(0, plain), (0, plain), (1, traced), (1, traced), (2, plain), (2, plain), (3, traced), (3, traced)]
    );
    for pass in &run.passes {
        let is_traced = pass.start.watched == traced;
        assert_eq!(!pass.operators.is_empty(), is_traced);
        assert_eq!(pass.memory.is_some(), is_traced);
        assert_eq!(!pass.spans.is_empty(), is_traced);
    }
    let operators = |index: usize| run.passes[index].operators.iter().map(|o| o.signature).collect::<Vec<_>>();
    assert_eq!(operators(2), operators(6), "the same prefill again");
}

#[test]
fn what_tracing_cost_is_known_of_a_single_traced_run_too() {
    let run = run(&tiny(), &request(4, 3));
    let watched: Vec<_> = run.passes.iter().map(|pass| (pass.start.repeat, pass.start.watched)).collect();
    let (plain, traced) = ((0, Watched::Plain), (1, Watched::Operators));
    assert_eq!(watched, [plain, plain, plain, traced, traced, traced]);
    for phase in [Phase::Prefill, Phase::Decode] {
        let overhead = Overhead::of(&run, phase).unwrap();
        assert!(overhead.pairs == 1 && overhead.median > 0.0);
    }
    let ids = |repeat| run.tokens.iter().filter(move |token| token.repeat == repeat).map(|token| token.id);
    assert!(ids(0).eq(ids(1)), "the same text");
    assert_eq!(run.ttft().unwrap().n, 1, "headline times are those of the plain repeat");
}

/// Steps through a traced run.
struct Stepper<'a> {
    control: &'a Control,
    run: Run,
    steps: Vec<Step>,
}

impl Watch for Stepper<'_> {
    fn event(&mut self, event: Event) {
        self.run.apply(event);
    }

    fn halted(&mut self, _halt: Halt) {
        std::thread::sleep(std::time::Duration::from_millis(200));
        match self.steps.pop() {
            Some(step) => self.control.step(step),
            None => self.control.cancel(),
        }
    }
}

#[test]
fn a_halt_is_in_no_record() {
    let session = tiny();
    let control = Control::default();
    let mut stepper =
        Stepper { control: &control, run: Run::default(), steps: vec![Step::Run, Step::Part, Step::Part] };
    session.run(&Request { step: true, ..request(8, 1) }, &control, &mut stepper);
    let free = run(&session, &request(8, 1));
    let (stepped, free) = (&stepper.run.passes[0], traced(&free)[0]);
    assert_eq!(stepper.run.passes.len(), 1, "in single steps there is no plain pass before it");
    let operators = |pass: &Pass| pass.operators.iter().map(|o| (o.signature, o.part, o.depth)).collect::<Vec<_>>();
    let memory = |pass: &Pass| -> Vec<_> {
        let allocations = &pass.memory.as_ref().unwrap().allocations;
        allocations.iter().map(|a| (a.part, a.operator, a.category, a.bytes)).collect()
    };
    assert_eq!((operators(stepped), memory(stepped)), (operators(free), memory(free)));
    assert!(stepped.time.unwrap() < Nanos(500_000_000), "three halts of 200 ms are taken out");
    let longest = stepped.operators.iter().map(|operator| operator.time).max().unwrap();
    assert!(longest < Nanos(200_000_000));
}

#[test]
fn a_cancelled_pass_is_kept_as_far_as_it_came_and_the_next_is_whole() {
    let session = tiny();
    let control = Control::default();
    let mut stepper = Stepper { control: &control, run: Run::default(), steps: vec![Step::Block] };
    let status = session.run(&Request { step: true, ..request(8, 1) }, &control, &mut stepper);
    assert_eq!(status, Status::Cancelled);
    let pass = &stepper.run.passes[0];
    assert_eq!(pass.time, None);
    let last = pass.operators.iter().rev().find_map(|operator| operator.part);
    assert_eq!(path(&stepper.run, last), "blocks.0.mlp_residual");
    assert!(pass.memory.is_some());
    let (first, second) = (run(&session, &request(8, 2)), run(&session, &request(8, 2)));
    assert_eq!(first.signatures, second.signatures);
    assert_eq!(traced(&first)[0].operators.len(), traced(&second)[0].operators.len());
}

#[test]
fn a_cache_that_grows_takes_memory_for_keys_and_values() {
    let model = model("");
    let _no_grad = tch::no_grad_guard();
    let ids = Tensor::from_slice(&[7_i64; 300]).unsqueeze(0);
    let mut cache = model.decoder.new_cache(1, 10);
    let (_, traced) = trace(|| {
        let mut unwatched = Unwatched;
        model.decoder.forward(&ids, Some(&mut cache), Wanted::Last, &mut Forward::new(&mut unwatched)).unwrap()
    });
    let of_cache = traced.memory.allocations.into_iter().filter(|a| a.category == Category::KvCache);
    let (new, old): (Vec<Allocation>, Vec<Allocation>) = of_cache.partition(|a| a.start.is_some());
    let room = |positions: u64| Bytes(positions * 3 * 64 * 4);
    assert_eq!((new.len(), old.len()), (60, 60), "keys and values of 30 blocks");
    assert!(new.iter().all(|a| a.bytes == room(512) && a.end.is_none()), "{:?}", new[0]);
    assert!(old.iter().all(|a| a.bytes == room(256)), "{:?}", old[0]);
}

#[test]
fn fused_attention_takes_linear_and_eager_quadratic_memory() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    let shape = r#"{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 96, "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-5, "rope_theta": 10000, "tie_word_embeddings": true}"#;
    std::fs::write(&config, shape).unwrap();
    let peaks = |attention: &str| -> Vec<f64> {
        let session = open(&format!("random:{}", config.display()), attention);
        let of = |prompt| {
            let run = run(&session, &request(prompt, 1));
            let memory = traced(&run)[0].memory.as_ref().unwrap();
            let made = peak(memory, &[Category::Activations, Category::Temporaries]);
            // What reports say of the peak: the ids of the prompt were there before.
            let (_, reported) = Account::of(&run, Phase::Prefill).unwrap().fullest(&run).unwrap();
            let ids = memory.before.of(Category::Activations);
            assert_eq!(reported.of(Category::Activations) + reported.of(Category::Temporaries), made + ids);
            made.0 as f64
        };
        [256, 512, 1024, 2048].map(of).to_vec()
    };
    let (fused, eager) = (peaks("attention=fused"), peaks("attention=eager"));
    // Twice the prompt takes 2^exponent times the memory.
    let exponents = |peaks: &[f64]| peaks.windows(2).map(|pair| (pair[1] / pair[0]).log2()).collect::<Vec<_>>();
    let (linear, quadratic) = (exponents(&fused), exponents(&eager));
    println!("fused {fused:?}, exponents {linear:?}\neager {eager:?}, exponents {quadratic:?}");
    assert!(linear.iter().all(|exponent| (0.99..1.01).contains(exponent)), "{linear:?}");
    // What is linear in it matters less and less.
    assert!(quadratic.is_sorted() && (1.85..2.0).contains(&quadratic[0]) && quadratic[2] > 1.95, "{quadratic:?}");
    // Of 2048 positions: at least scores and pattern of four heads, in f32, at once.
    assert!(eager[3] >= 2.0 * 4.0 * 4.0 * 2048.0 * 2048.0);
}
