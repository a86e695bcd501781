//! Norms, gates, rotations and the cache.

use super::*;

fn mean(x: &Tensor) -> Tensor {
    x.mean_dim([-1].as_slice(), true, Kind::Double)
}

fn rms_normed(x: &Tensor, scale: &Tensor) -> Tensor {
    exact(x) / (mean(&exact(x).square()) + 1e-5).sqrt() * exact(scale)
}

fn layer_normed(x: &Tensor, scale: &Tensor, shift: Option<&Tensor>) -> Tensor {
    let centred = exact(x) - mean(&exact(x));
    let normed = &centred / (mean(&centred.square()) + 1e-5).sqrt() * exact(scale);
    shift.map_or(normed.shallow_clone(), |shift| &normed + exact(shift))
}

#[test]
fn rms_norm_divides_by_the_root_of_the_mean_square() {
    each(|kind, d| {
        let (x, scale) = (numbers(&[2, 5, d], kind), numbers(&[d], kind));
        let x = x.narrow(1, 1, 3); // not contiguous
        assert_close(&rms_norm(&x, &scale, 1e-5), &rms_normed(&x, &scale), &format!("{kind:?}, {d}"));
        let row = numbers(&[d], kind);
        assert_close(&rms_norm(&row, &scale, 1e-5), &rms_normed(&row, &scale), &format!("one row, {kind:?}, {d}"));
    });
}

#[test]
fn layer_norm_takes_off_the_mean_and_divides_by_the_deviation() {
    each(|kind, d| {
        let [scale, shift] = [(); 2].map(|()| numbers(&[d], kind));
        let x = (numbers(&[2, 5, d], kind) + 20.0).narrow(1, 1, 3);
        for shift in [None, Some(&shift)] {
            let expected = layer_normed(&x, &scale, shift);
            assert_close(&layer_norm(&x, &scale, shift, 1e-5), &expected, &format!("{kind:?}, {d}"));
        }
    });
}

#[test]
fn heads_are_normed_where_they_lie() {
    each(|kind, d| {
        let joined = numbers(&[2, 3, 9 * d], kind).unflatten(2, [9, d]).transpose(1, 2); // [2, 9, 3, d]
        let x = joined.narrow(1, 2, 4);
        let [one, of_each] = [vec![d], vec![4, d]].map(|shape| numbers(&shape, kind));
        for (scale, broadcast) in [(&one, one.shallow_clone()), (&of_each, of_each.unsqueeze(1))] {
            let what = format!("{kind:?}, {d}, scale {:?}", scale.size());
            let made = [rms_norm(&x, scale, 1e-5), layer_norm(&x, scale, Some(scale), 1e-5)];
            assert_close(&made[0], &rms_normed(&x, &broadcast), &what);
            assert_close(&made[1], &layer_normed(&x, &broadcast, Some(&broadcast)), &what);
            // What comes next reads the heads of a position beside each other.
            assert!(made.iter().all(|made| made.transpose(1, 2).is_contiguous()), "{what}");
            let by_head = x.contiguous();
            assert!(rms_norm(&by_head, scale, 1e-5).equal(&made[0]), "{what}: in another order");
        }
    });
}

fn plain(gate: Gate, x: &Tensor) -> Tensor {
    match gate {
        Gate::Silu => x.silu(),
        Gate::Gelu => x.gelu("none"),
        Gate::GeluTanh => x.gelu("tanh"),
    }
}

#[test]
fn a_gate_lets_through_what_its_function_says() {
    each(|kind, n| {
        let both = numbers(&[2, 3, 2 * n], kind) * 8.0;
        let [x, up] = [0, n].map(|start| both.narrow(2, start, n));
        for gate in Gate::ALL {
            let expected = plain(gate, &exact(&x)) * exact(&up);
            assert_close(&gated(gate, &x, &up), &expected, &format!("{gate:?}, {kind:?}, {n}"));
            let [row, up] = [&x, &up].map(|x| x.get(0).get(0));
            assert_close(&gated(gate, &row, &up), &(plain(gate, &exact(&row)) * exact(&up)), "one row");
        }
    });
    let extreme = Tensor::from_slice(&[-1e30f32, -100.0, 0.0, 100.0, 1e30]).repeat([8]).view([1, 1, 40]);
    for gate in Gate::ALL {
        let found = gated(gate, &extreme, &extreme.ones_like());
        assert_close(&found, &plain(gate, &exact(&extreme)), &format!("{gate:?}, extremes"));
    }
}

/// Of small results, too, but not far below zero: there the argument of an exponential has no more digits.
#[test]
fn a_gate_has_all_digits_that_a_float_can_have() {
    let x = Tensor::linspace(-2.5, 12.0, 100_003, (Kind::Float, Device::Cpu));
    for gate in Gate::ALL {
        let (found, expected) = (gated(gate, &x, &x.ones_like()), plain(gate, &exact(&x)));
        let error = (exact(&found) - &expected).abs() / (expected.abs() + 1e-30);
        let error = error.max().double_value(&[]);
        assert!(error < 1e-6, "{gate:?}: off by {error} of itself");
    }
}

#[test]
fn what_is_no_number_stays_none() {
    for kind in [Kind::Float, Kind::BFloat16] {
        let nan = Tensor::full([1, 1, 40], f64::NAN, (kind, Device::Cpu));
        let scale = nan.ones_like().view([40]);
        let mut made = Vec::from(Gate::ALL.map(|gate| gated(gate, &nan, &nan.ones_like())));
        made.extend([rms_norm(&nan, &scale, 1e-5), layer_norm(&nan, &scale, None, 1e-5)]);
        assert!(made.iter().all(|made| made.isnan().all().int64_value(&[]) == 1));
    }
}

#[test]
fn pairs_of_features_are_turned_where_they_lie() {
    each(|kind, pairs| {
        for rest in [0, 5] {
            let d = 2 * pairs + rest;
            for pairing in [Pairing::Halves, Pairing::Interleaved] {
                let joined = numbers(&[2, 3, 4 * d + 9], kind);
                let x = joined.narrow(2, 9, 4 * d).unflatten(2, [4, d]).transpose(1, 2); // [2, 4, 3, d]
                let angles = numbers(&[3, pairs], Kind::Float);
                let (cos, sin) = (angles.cos(), angles.sin());
                let before = joined.copy();
                let turning = exact(&x.narrow(3, 0, 2 * pairs));
                let (a, b) = match pairing {
                    Pairing::Halves => (turning.narrow(3, 0, pairs), turning.narrow(3, pairs, pairs)),
                    Pairing::Interleaved => (turning.slice(3, 0, None, 2), turning.slice(3, 1, None, 2)),
                };
                let (c, s) = (exact(&cos), exact(&sin));
                let turned = [&a * &c - &b * &s, &b * &c + &a * &s];
                let turned = match pairing {
                    Pairing::Halves => Tensor::cat(&turned, -1),
                    Pairing::Interleaved => Tensor::stack(&turned, -1).flatten(3, 4),
                };
                let expected = Tensor::cat(&[turned, exact(&x.narrow(3, 2 * pairs, rest))], -1);
                let what = format!("{pairing:?}, {kind:?}, {pairs} pairs and {rest} features");
                assert_close(&rotated(&x, Angles { cos: &cos, sin: &sin }, pairing), &expected, &what);
                assert_close(&x, &expected, "in place");
                assert!(joined.narrow(2, 0, 9).equal(&before.narrow(2, 0, 9)), "{what}: what lies beside it stays");
                let untouched = before.narrow(2, 9, 4 * d).unflatten(2, [4, d]).transpose(1, 2);
                assert!(
                    x.narrow(3, 2 * pairs, rest).equal(&untouched.narrow(3, 2 * pairs, rest)),
                    "{what}: the rest stays"
                );
            }
        }
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
#[should_panic(expected = "a scale [8]")]
fn a_scale_of_another_width_is_refused_in_words() {
    let _ = rms_norm(&numbers(&[2, 3, 7], Kind::Float), &numbers(&[8], Kind::Float), 1e-5);
}

#[test]
#[should_panic(expected = "for angles [3, 4]")]
fn more_pairs_than_features_are_refused_in_words() {
    let (x, angles) = (numbers(&[1, 2, 3, 7], Kind::Float), numbers(&[3, 4], Kind::Float));
    let _ = rotated(&x, Angles { cos: &angles, sin: &angles }, Pairing::Interleaved);
}
