//! From how many rows of activations on a matrix is better widened than multiplied as it rests, and whose product is
//! faster: the limits in `engine::matrix` are read off this table. Shapes are SmolLM2's; times are the best of many, on
//! all processors.

use blockscope::arch::formats::{ALL_PRECISIONS, Precision};
use blockscope::arch::toggles::{Kernels, processors};
use blockscope::engine::matrix::Matrix;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

const SHAPES: [(&str, i64, i64); 3] = [("qkv", 960, 576), ("gate_up", 3072, 576), ("down", 576, 1536)];
const ROWS: [i64; 10] = [1, 2, 4, 8, 16, 24, 32, 64, 128, 512];
const REPEATS: usize = 60;
/// A product that takes longer than this is not repeated so often.
const LONG: f64 = 0.02;

/// The least time of a call, in microseconds.
fn best(call: impl Fn() -> Tensor) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..REPEATS {
        let began = Instant::now();
        let made = call();
        let took = began.elapsed().as_secs_f64();
        drop(made);
        best = best.min(took);
        if took > LONG {
            break;
        }
    }
    best * 1e6
}

fn main() {
    tch::set_num_threads(processors() as i32);
    let _no_grad = tch::no_grad_guard();
    println!(
        "microseconds of x·Wᵀ, {} threads: LibTorch's product · ours · widened, with its conversion",
        processors()
    );
    for (name, out, inner) in SHAPES {
        let numbers = Tensor::randn([out, inner], (Kind::Float, Device::Cpu)) * 0.02;
        let matrices = ALL_PRECISIONS.map(|precision| (precision, Matrix::of(&numbers, precision).unwrap()));
        println!("\n{name} [{out}, {inner}]");
        let heads: String = ALL_PRECISIONS.iter().map(|precision| format!("{:>24}", precision.name())).collect();
        println!("{:>5}{heads}", "rows");
        for rows in ROWS {
            let x = Tensor::randn([rows, inner], (Kind::Float, Device::Cpu));
            let mut line = format!("{rows:>5}");
            for (precision, matrix) in &matrices {
                let x = if *precision == Precision::F32 { x.shallow_clone() } else { x.to_kind(Kind::BFloat16) };
                let directly = |kernels, has_one: bool| match has_one {
                    true => format!("{:.0}", best(|| matrix.directly(&x, None, kernels, x.kind()))),
                    false => "–".to_owned(),
                };
                let libtorch = directly(Kernels::LibTorch, *precision != Precision::Int4);
                let ours = directly(Kernels::Native, *precision != Precision::Int8);
                let widened = best(|| matrix.widened(&x, None, Kernels::Native, x.kind()));
                line += &format!("{libtorch:>8} ·{ours:>5} ·{widened:>6.0}");
            }
            println!("{line}");
        }
    }
}
