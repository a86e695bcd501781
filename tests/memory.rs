//! What the whole process holds, to the byte. A program of its own, and one test at a time: what another
//! test allocates would be counted too.

use blockscope::arch::Toggles;
use blockscope::arch::formats::Precision;
use blockscope::engine::allocator::{Live, Tag, live, tagged};
use blockscope::measure::{Bounds, Control, Prompt, Request, Session, Tracer};
use blockscope::record::{Category, Event, Run, Status, Watched};
use blockscope::units::Bytes;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tch::{Device, Kind, Tensor};

fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(toggles: &str) -> Session {
    let toggles = Toggles::default().with("threads=1").unwrap().with(toggles).unwrap();
    Session::open("smollm2", &toggles, &mut |_, _, _| true).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn live_bytes_follow_each_tensor_under_its_tag() {
    let _alone = alone();
    let before = live();
    let cache = {
        let _tagged = tagged(Tag::KvCache);
        Tensor::zeros([100], (Kind::Float, Device::Cpu))
    };
    let work = Tensor::zeros([7], (Kind::Double, Device::Cpu));
    let expected = Live { work: before.work + Bytes(56), kv_cache: before.kv_cache + Bytes(400), ..before };
    assert_eq!(live(), expected);
    // On another thread as well, with a tag of its own.
    std::thread::spawn(move || drop(cache)).join().unwrap();
    assert_eq!(live(), Live { work: before.work + Bytes(56), ..before });
    drop(work);
    assert_eq!(live(), before);
}

#[test]
#[cfg(target_os = "linux")]
fn weights_lie_one_behind_another_and_go_back_to_the_system_with_the_last_of_them() {
    let _alone = alone();
    let resident = || {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        4096 * pages.split(' ').nth(1).unwrap().parse::<i64>().unwrap()
    };
    let weights = |bytes: i64| {
        let _tagged = tagged(Tag::Weights);
        Tensor::ones([bytes], (Kind::Int8, Device::Cpu))
    };
    let before = resident();
    // Two in one region, and one that is larger than a region is.
    let (first, second, large) = (weights(1 << 20), weights(15 << 20), weights(50 << 20));
    let address = |tensor: &Tensor| tensor.data_ptr() as usize;
    assert_eq!(address(&second) - address(&first), (1 << 20) + 64, "a header lies before each");
    assert!([&first, &second, &large].iter().all(|tensor| address(tensor) % 64 == 0));
    assert!(resident() - before > 60 << 20);
    drop((first, large));
    let all: i64 = second.sum(Kind::Int64).int64_value(&[]);
    assert_eq!(all, 15 << 20, "what is alive stays");
    drop(second);
    assert!(resident() - before < 4 << 20, "{} more than before", Bytes((resident() - before) as u64));
}

#[test]
fn a_model_holds_its_weights_and_its_rotary_frequencies_and_a_run_its_cache() {
    let _alone = alone();
    let empty = live();
    for (toggles, precision) in [("", Precision::F32), ("weights=bf16,compute=bf16", Precision::Bf16)] {
        let session = open(toggles);
        let model = &session.card().model;
        let frequencies = 4 * model.d_head() as u64 / 2; // f32, one for each pair that rotates
        let expected = session.card().info.weight_bytes + Bytes(frequencies);
        assert_eq!(session.card().info.weight_bytes, Bytes(134_515_008 * precision.row_bytes(1)));
        assert_eq!(live(), Live { weights: empty.weights + expected, ..empty }, "{toggles}");

        let mut run = Run::default();
        let request = Request {
            prompt: Prompt::Synthetic(500),
            new_tokens: 13,
            stop: false,
            watched: Watched::Operators,
            ..Request::default()
        };
        let status = session.run(&request, &Control::default(), &mut |event: Event| run.apply(event));
        assert_eq!(status, Status::Done);
        // 500 + 13 positions, and room is made in steps of 256: 2 · L · B · T · G · h · bytes.
        let cache = Bytes(2 * 30 * 768 * 3 * 64 * precision.row_bytes(1));
        let traced: Vec<_> = run.passes.iter().filter_map(|pass| pass.memory.as_ref()).collect();
        assert_eq!((traced.len(), run.passes.len()), (13, 26), "a plain pass for every traced one");
        for memory in traced {
            assert_eq!(memory.before.of(Category::Weights), empty.weights + expected);
            assert_eq!(memory.before.of(Category::KvCache), empty.kv_cache + cache);
            assert_eq!(memory.before.of(Category::Temporaries), Bytes(0));
            assert!(memory.before.of(Category::Activations) < empty.work + Bytes(8192), "the ids of the prompt");
            let is_work = |a: &blockscope::record::Allocation| {
                matches!(a.category, Category::Activations | Category::Temporaries)
            };
            assert!(memory.allocations.iter().all(is_work), "room for the cache was made before");
        }
        assert_eq!(live(), Live { weights: empty.weights + expected, ..empty }, "a run leaves nothing");
        drop(session);
        assert_eq!(live(), empty, "nor does a model");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_high_water_mark_of_the_process_agrees_with_what_was_allocated() {
    let _alone = alone();
    let mut tracer = Tracer::new(Bounds::default());
    let tracing = tracer.start();
    drop(Tensor::ones([32 << 20], (Kind::Float, Device::Cpu)));
    let traced = tracing.stop();
    assert_eq!(traced.memory.allocations[0].bytes, Bytes(128 << 20));
    let resident = traced.memory.resident.unwrap();
    let grown = resident.peak - resident.before;
    assert!(grown > Bytes(120 << 20), "{resident:?}");
    if resident.is_of_pass {
        assert!(grown < Bytes(136 << 20), "{resident:?}");
        // A mark of its own for each pass.
        let later = tracer.start().stop().memory.resident.unwrap();
        assert!(later.peak < later.before + Bytes(16 << 20), "{later:?} after {resident:?}");
    }
}
