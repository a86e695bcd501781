use super::*;
use crate::arch::formats::ALL_PRECISIONS;
use crate::arch::toggles::Kernels;
use tch::Device;

const KERNELS: [Kernels; 2] = [Kernels::LibTorch, Kernels::Native];

fn numbers(out: i64, inner: i64) -> Tensor {
    tch::manual_seed(7);
    Tensor::randn([out, inner], (Kind::Float, Device::Cpu))
}

/// The Frobenius norm of the difference, as a share of the expected one.
fn error(found: &Tensor, expected: &Tensor) -> f64 {
    let (found, expected) = (found.to_kind(Kind::Double), expected.to_kind(Kind::Double));
    ((found - &expected).norm() / expected.norm()).double_value(&[])
}

#[test]
fn every_format_multiplies_as_f32_does_within_its_rounding() {
    let w = numbers(192, 128);
    // One new token, a few, and so many that packed weights are widened first.
    for (rows, kernels) in [1, 5, 100].into_iter().flat_map(|rows| KERNELS.map(|kernels| (rows, kernels))) {
        let x = numbers(rows, 128).view([1, rows, 128]);
        let exact = x.linear(&w, None::<&Tensor>);
        for (precision, bound) in ALL_PRECISIONS.into_iter().zip([1e-6, 0.006, 0.001, 0.012, 0.12]) {
            let made = Matrix::of(&w, precision).unwrap().product(&x, None, kernels, Kind::Float);
            assert_eq!(made.size(), [1, rows, 192]);
            let error = error(&made, &exact);
            assert!(error < bound, "{} over {rows} rows by {kernels:?} is off by {error}", precision.name());
        }
    }
}

#[test]
fn our_product_of_few_rows_is_the_sum_over_the_numbers_as_they_rest() {
    // Rows that end within a step of the kernels, and rows of many steps; a bias; activations of both formats.
    for (rows, inner) in [(1, 32), (3, 96), (4, 160), (1, 576), (11, 224)] {
        let (x, bias) = (numbers(rows, inner), numbers(1, 70).view([70]));
        for precision in [Precision::F32, Precision::Bf16, Precision::F16, Precision::Int4] {
            let matrix = Matrix::of(&numbers(70, inner), precision).unwrap();
            let as_it_rests = matrix.rows(&Tensor::arange(70, (Kind::Int64, Device::Cpu))).to_kind(Kind::Double);
            for kind in [Kind::Float, Kind::BFloat16] {
                let x = x.to_kind(kind);
                let exact = x.to_kind(Kind::Double).matmul(&as_it_rests.tr()) + bias.to_kind(Kind::Double);
                let made = matrix.directly(&x, Some(&bias), Kernels::Native, Kind::Float);
                let error = error(&made, &exact);
                assert!(error < 1e-6, "{}, {rows} rows of {inner} in {kind:?}: off by {error}", precision.name());
                let rounded = matrix.directly(&x, Some(&bias), Kernels::Native, Kind::BFloat16);
                assert!(rounded.equal(&made.to_kind(Kind::BFloat16)), "one rounding, to the nearest");
            }
        }
    }
}

#[test]
fn numbers_that_are_sixteen_steps_stay_what_they_are() {
    let q = Tensor::randint(16, [64, 96], (Kind::Float, Device::Cpu));
    // Powers of two: nothing is rounded anywhere.
    let scale = Tensor::full([64, 3], 0.25, (Kind::Float, Device::Cpu));
    let least = Tensor::full([64, 3], -2.0, (Kind::Float, Device::Cpu));
    let w = &q * 0.25 - 2.0;
    let packed = Matrix::Int4(Int4::pack(&Groups { q: q.to_kind(Kind::Uint8), scale, least }).unwrap());
    let x = Tensor::eye(96, (Kind::BFloat16, Device::Cpu));
    for made in [
        packed.directly(&x, None, Kernels::Native, Kind::Float),
        packed.widened(&x, None, Kernels::Native, Kind::Float),
    ] {
        assert!(made.to_kind(Kind::Float).equal(&w.transpose(0, 1)));
    }
}

#[test]
fn a_matrix_of_any_number_of_rows_can_be_packed() {
    let w = numbers(45, 64);
    let x = numbers(40, 64);
    let made = Matrix::of(&w, Precision::Int4).unwrap().product(&x, None, Kernels::Native, Kind::Float);
    assert!(error(&made, &x.linear(&w, None::<&Tensor>)) < 0.12);
}

#[test]
fn rows_are_those_of_the_matrix() {
    let w = numbers(10, 64);
    let ids = Tensor::from_slice(&[3i64, 3, 9]).view([1, 3]);
    let expected = w.index_select(0, &ids.view([3])).view([1, 3, 64]);
    for (precision, bound) in ALL_PRECISIONS.into_iter().zip([0.0, 0.006, 0.001, 0.012, 0.12]) {
        let rows = Matrix::of(&w, precision).unwrap().rows(&ids);
        assert!(error(&rows, &expected) <= bound, "{}", precision.name());
    }
}

#[test]
fn a_row_of_zeros_stays_zero() {
    let w = Tensor::zeros([32, 64], (Kind::Float, Device::Cpu));
    for precision in ALL_PRECISIONS {
        let made = Matrix::of(&w, precision).unwrap().product(&numbers(2, 64), None, Kernels::Native, Kind::Float);
        assert_eq!(made.to_kind(Kind::Float).abs().max().double_value(&[]), 0.0, "{}", precision.name());
    }
}
