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
    tch::manual_seed(5);
    for kind in [Kind::Float, Kind::BFloat16] {
        WIDTHS.iter().for_each(|&width| work(kind, width));
    }
}

#[test]
fn rms_norm_divides_by_the_root_of_the_mean_square() {
    each(|kind, d| {
        let (x, scale) = (numbers(&[2, 5, d], kind), numbers(&[d], kind));
        let x = x.narrow(1, 1, 3); // not contiguous
        let mean = exact(&x).square().mean_dim([-1].as_slice(), true, Kind::Double);
        let expected = exact(&x) / (mean + 1e-5).sqrt() * exact(&scale);
        assert_close(&rms_norm(&x, &scale, 1e-5), &expected, &format!("{kind:?}, {d}"));
    });
}

#[test]
fn a_gate_lets_through_what_silu_says() {
    each(|kind, n| {
        let both = numbers(&[2, 3, 2 * n], kind) * 8.0;
        let [gate, up] = [0, n].map(|start| both.narrow(2, start, n));
        let expected = exact(&gate).silu() * exact(&up);
        assert_close(&silu_mul(&gate, &up), &expected, &format!("{kind:?}, {n}"));
    });
    let extreme = Tensor::from_slice(&[-1e30f32, -100.0, 0.0, 100.0, 1e30]).repeat([8]).view([1, 1, 40]);
    assert_close(&silu_mul(&extreme, &extreme.ones_like()), &exact(&extreme).silu(), "extremes");
}

#[test]
fn what_is_no_number_stays_none() {
    let nan = Tensor::full([1, 1, 40], f64::NAN, (Kind::BFloat16, Device::Cpu));
    let made = [silu_mul(&nan, &nan), rms_norm(&nan, &nan.view([40]), 1e-5)];
    assert!(made.iter().all(|made| made.isnan().all().int64_value(&[]) == 1));
}

#[test]
fn pairs_of_features_are_turned_where_they_lie() {
    each(|kind, half| {
        let joined = numbers(&[2, 3, 4 * 2 * half + 9], kind);
        let x = joined.narrow(2, 9, 4 * 2 * half).unflatten(2, [4, 2 * half]).transpose(1, 2); // [2, 4, 3, 2 · half]
        let angles = numbers(&[3, half], Kind::Float);
        let (cos, sin) = (angles.cos(), angles.sin());
        let (before, halves) = (joined.copy(), exact(&x).chunk(2, -1));
        let (a, b) = (&halves[0], &halves[1]);
        let (c, s) = (exact(&cos), exact(&sin));
        let expected = Tensor::cat(&[a * &c - b * &s, b * &c + a * &s], -1);
        assert_close(&rotated(&x, (&cos, &sin)), &expected, &format!("{kind:?}, {half}"));
        assert!(joined.narrow(2, 0, 9).equal(&before.narrow(2, 0, 9)), "what lies beside it stays");
        assert_close(&x, &expected, "in place");
    });
}

#[test]
fn new_positions_are_written_where_they_belong() {
    each(|kind, d| {
        let store = numbers(&[2, 3, 10, d], kind);
        let (before, new) = (store.copy(), numbers(&[2, 4, 3, d], kind).transpose(1, 2));
        let read = cache_written(&store, &new, 2, 7);
        assert_eq!(read.size(), [2, 3, 7, d]);
        assert!(read.narrow(2, 2, 4).equal(&new) && read.narrow(2, 0, 2).equal(&before.narrow(2, 0, 2)));
        assert!(store.narrow(2, 6, 4).equal(&before.narrow(2, 6, 4)));
        assert_eq!(read.data_ptr(), store.data_ptr(), "a view");
    });
}

#[test]
fn attention_is_the_softmax_of_scores_over_the_values() {
    each(|kind, d| {
        // One query; fewer and more than a tile of them and of keys; with and without a past.
        for (queries, keys) in [(1, 1), (1, 300), (5, 5), (3, 200), (33, 129), (140, 260)] {
            let q = numbers(&[2, queries, 6, d], kind).transpose(1, 2) * 3.0;
            let [k, v] = [(); 2].map(|()| numbers(&[2, 2, keys + 4, d], kind).narrow(2, 0, keys));
            let wide = |x: &Tensor| exact(x).repeat_interleave_self_int(3, 1, None);
            let hidden = Tensor::full([queries, keys], f64::NEG_INFINITY, (Kind::Double, Device::Cpu));
            let scores = exact(&q).matmul(&wide(&k).transpose(2, 3)) / (d as f64).sqrt();
            let pattern = (scores + hidden.triu(keys - queries + 1)).softmax(-1, Kind::Double);
            let expected = pattern.matmul(&wide(&v));
            assert_close(&attention(&q, &k, &v), &expected, &format!("{kind:?}, {queries} × {keys} × {d}"));
        }
    });
}
