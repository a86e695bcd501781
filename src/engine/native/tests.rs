//! Each operator against LibTorch's plain ones in f64.

use super::*;
use tch::Device;

const WIDTHS: [i64; 4] = [7, 16, 64, 100];

fn numbers(shape: &[i64], kind: Kind) -> Tensor {
    Tensor::randn(shape, (Kind::Float, Device::Cpu)).to_kind(kind)
}

fn exact(x: &Tensor) -> Tensor {
    x.to_kind(Kind::Double)
}

/// What is left of a difference after rounding: f32 computes (an exponential of 50 magnifies its error as often), and a
/// result in bf16 is rounded once.
fn assert_close(found: &Tensor, expected: &Tensor, what: &str) {
    let bound = if found.kind() == Kind::BFloat16 { 1.0 / 256.0 } else { 1e-5 };
    let error = (exact(found) - expected).abs() / (expected.abs() + 1.0);
    let error = error.max().double_value(&[]);
    assert!(found.size() == expected.size() && error < bound, "{what}: {:?}, off by {error}", found.size());
}

fn each(work: impl Fn(Kind, i64)) {
    each_of(&WIDTHS, work);
}

fn each_of(widths: &[i64], work: impl Fn(Kind, i64)) {
    tch::manual_seed(5);
    for kind in [Kind::Float, Kind::BFloat16] {
        widths.iter().for_each(|&width| work(kind, width));
    }
}

mod attention;
mod pointwise;
