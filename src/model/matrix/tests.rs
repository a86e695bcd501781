use super::*;
use crate::model::toggles::ALL_PRECISIONS;
use tch::Device;

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
    for rows in [1, 5, 100] {
        let x = numbers(rows, 128).view([1, rows, 128]);
        let exact = x.linear(&w, None::<&Tensor>);
        for (precision, bound) in ALL_PRECISIONS.into_iter().zip([1e-6, 0.006, 0.001, 0.012, 0.12]) {
            let made = Matrix::of(&w, precision).unwrap().product(&x, None);
            assert_eq!(made.size(), [1, rows, 192]);
            let error = error(&made, &exact);
            assert!(error < bound, "{} over {rows} rows is off by {error}", precision.name());
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
    for made in [packed.directly(&x), packed.widened(&x)] {
        assert!(made.to_kind(Kind::Float).equal(&w.transpose(0, 1)));
    }
}

#[test]
fn a_matrix_of_any_number_of_rows_can_be_packed() {
    let w = numbers(48, 64); // no whole number of blocks
    let x = numbers(40, 64);
    let made = Matrix::of(&w, Precision::Int4).unwrap().product(&x, None);
    assert!(error(&made, &x.linear(&w, None::<&Tensor>)) < 0.12);
}

#[test]
fn rows_are_those_of_the_matrix() {
    let w = numbers(10, 64);
    let ids = Tensor::from_slice(&[3i64, 3, 9]).view([1, 3]);
    let expected = w.index_select(0, &ids.view([3])).view([1, 3, 64]);
    for (precision, bound) in ALL_PRECISIONS.into_iter().zip([0.0, 0.006, 0.001, 0.012]) {
        let rows = Matrix::of(&w, precision).unwrap().rows(&ids);
        assert!(error(&rows, &expected) <= bound, "{}", precision.name());
    }
}

#[test]
fn a_row_of_zeros_stays_zero() {
    let w = Tensor::zeros([32, 64], (Kind::Float, Device::Cpu));
    for precision in ALL_PRECISIONS {
        let made = Matrix::of(&w, precision).unwrap().product(&numbers(2, 64), None);
        assert_eq!(made.to_kind(Kind::Float).abs().max().double_value(&[]), 0.0, "{}", precision.name());
    }
}
