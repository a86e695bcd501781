//! Attention, with each of its options and with all of them.

use super::*;

/// One query; fewer and more than a tile of them and of keys; with and without a past.
const SIZES: [(i64, i64); 7] = [(1, 1), (1, 20), (1, 300), (5, 5), (3, 200), (33, 129), (140, 260)];
const HEADS: i64 = 6;
const KV_HEADS: i64 = 2;

/// [2, n_heads, queries, d] as a projection makes it, and keys and values as a cache keeps them.
fn operands(kind: Kind, (queries, keys): (i64, i64), [d, features]: [i64; 2]) -> [Tensor; 3] {
    let q = numbers(&[2, queries, HEADS, d], kind).transpose(1, 2) * 3.0;
    let [k, v] = [d, features].map(|width| numbers(&[2, KV_HEADS, keys + 4, width], kind).narrow(2, 0, keys));
    [q, k, v]
}

/// The same of LibTorch's plain operators, in f64, with the whole matrix of scores.
fn composed([q, k, v]: &[Tensor; 3], options: &AttentionOptions) -> Tensor {
    let (shape, queries, keys) = (q.size(), q.size()[2], k.size()[2]);
    let wide = |x: &Tensor| exact(x).repeat_interleave_self_int(shape[1] / k.size()[1], 1, None);
    let mut scores = exact(q).matmul(&wide(k).transpose(2, 3)) * options.scale;
    if let Some(cap) = options.softcap {
        scores = (scores / cap).tanh() * cap;
    }
    let positions = |from: i64, to: i64| Tensor::arange_start(from, to, (Kind::Int64, Device::Cpu));
    let distances = positions(0, keys).unsqueeze(0) - positions(keys - queries, keys).unsqueeze(1); // [queries, keys]
    if let Some(slopes) = options.slopes {
        scores += exact(slopes).view([-1, 1, 1]) * exact(&distances);
    }
    let mut hidden = distances.zeros_like().to_kind(Kind::Bool);
    if options.causal {
        hidden = hidden.logical_or(&distances.gt(0));
    }
    if let Some(window) = options.window {
        hidden = hidden.logical_or(&distances.abs().ge(window));
    }
    scores = scores.masked_fill(&hidden, f64::NEG_INFINITY);
    if let Some(sinks) = options.sinks {
        scores = Tensor::cat(&[scores, exact(sinks).view([1, -1, 1, 1]).expand([shape[0], -1, queries, 1], false)], 3);
    }
    scores.softmax(-1, Kind::Double).narrow(3, 0, keys).matmul(&wide(v))
}

fn assert_as_composed(operands: &[Tensor; 3], options: &AttentionOptions, what: &str) {
    let [q, k, v] = operands;
    let what = format!("{what}: {:?} for {:?}, {:?}, {options:?}", q.size(), k.size(), q.kind());
    assert_close(&attention(q, k, v, options), &composed(operands, options), &what);
}

fn of_width(d: i64) -> AttentionOptions<'static> {
    AttentionOptions::causal(1.0 / (d as f64).sqrt())
}

fn by_head() -> Tensor {
    numbers(&[HEADS], Kind::Float)
}

#[test]
fn it_is_the_softmax_of_scores_over_the_values() {
    each_of(&[7, 8, 64, 80, 96, 256], |kind, d| {
        for size in SIZES {
            assert_as_composed(&operands(kind, size, [d, d]), &of_width(d), "plain");
        }
    });
}

#[test]
fn each_option_is_what_it_says() {
    each_of(&[16, 80], |kind, d| {
        let (slopes, sinks) = (by_head() * 0.1, by_head() * 4.0);
        let plain = AttentionOptions { scale: 1.5 / (d as f64).sqrt(), ..of_width(d) };
        for size in SIZES {
            let operands = operands(kind, size, [d, d]);
            let check = |options, what| assert_as_composed(&operands, &options, what);
            check(plain, "scale");
            check(AttentionOptions { softcap: Some(5.0), ..plain }, "cap");
            check(AttentionOptions { slopes: Some(&slopes), ..plain }, "slopes");
            check(AttentionOptions { sinks: Some(&sinks), ..plain }, "sinks");
            check(AttentionOptions { causal: false, ..plain }, "not causal");
        }
    });
}

#[test]
fn a_window_shows_the_last_positions() {
    each_of(&[16, 80], |kind, d| {
        for size in SIZES {
            let operands = operands(kind, size, [d, d]);
            for window in [1, 5, 31, 32, 33, 100, 128, 129, 200, 1000] {
                for causal in [true, false] {
                    assert_as_composed(
                        &operands,
                        &AttentionOptions { window: Some(window), causal, ..of_width(d) },
                        "window",
                    );
                }
            }
        }
    });
}

#[test]
fn options_compose() {
    each_of(&[7, 64], |kind, d| {
        let (slopes, sinks) = (by_head() * 0.1, by_head() * 4.0);
        for size in SIZES {
            for (window, causal) in [(40, true), (40, false), (150, true), (1000, true)] {
                let all = AttentionOptions {
                    scale: 0.2,
                    softcap: Some(8.0),
                    window: Some(window),
                    causal,
                    slopes: Some(&slopes),
                    sinks: Some(&sinks),
                };
                assert_as_composed(&operands(kind, size, [d, d]), &all, "all");
            }
        }
    });
}

#[test]
fn values_may_have_another_width_than_keys() {
    each_of(&[24, 100], |kind, d| {
        for (size, features) in SIZES.into_iter().zip([16, 17, 100, 128, 7, 64, 33]) {
            assert_as_composed(&operands(kind, size, [d, features]), &of_width(d), "another width");
        }
    });
}

#[test]
fn without_an_order_there_may_be_more_queries_than_keys() {
    each_of(&[16, 80], |kind, d| {
        for size in [(1, 300), (40, 7), (300, 129), (129, 300)] {
            let operands = operands(kind, size, [d, d]);
            let sinks = by_head();
            let options = AttentionOptions { causal: false, sinks: Some(&sinks), ..of_width(d) };
            assert_as_composed(&operands, &options, "across");
        }
    });
}

#[test]
fn what_an_option_does_not_change_is_the_same_to_the_bit() {
    each_of(&[64], |kind, d| {
        for size in SIZES {
            let [q, k, v] = &operands(kind, size, [d, d]);
            let plain = attention(q, k, v, &of_width(d));
            let same = |options: AttentionOptions| attention(q, k, v, &options).equal(&plain);
            assert!(same(AttentionOptions { window: Some(size.1), ..of_width(d) }), "a window over all");
            assert!(same(AttentionOptions { window: Some(i64::MAX), ..of_width(d) }), "a window over more");
            assert!(size.0 > 1 || same(AttentionOptions { causal: false, ..of_width(d) }), "one query sees all");
            // In a batch, and alone.
            let [q, k, v] = [q, k, v].map(|x| x.narrow(0, 1, 1));
            assert!(attention(&q, &k, &v, &of_width(d)).equal(&plain.narrow(0, 1, 1)));
        }
    });
}

#[test]
fn one_query_does_not_ask_in_which_order_keys_lie() {
    each_of(&[64], |kind, d| {
        let [q, k, v] = operands(kind, (1, 200), [d, d]);
        let sinks = by_head();
        let options = AttentionOptions { softcap: Some(9.0), window: Some(200), sinks: Some(&sinks), ..of_width(d) };
        let ring = |x: &Tensor| x.roll([77], [2]);
        let expected = composed(&[q.shallow_clone(), k.shallow_clone(), v.shallow_clone()], &options);
        assert_close(&attention(&q, &ring(&k), &ring(&v), &options), &expected, "from a ring");
    });
}

/// What is no number shows whatever is read.
#[test]
fn what_lies_wholly_outside_a_window_is_not_read() {
    each_of(&[64], |kind, d| {
        let options = AttentionOptions { window: Some(20), ..of_width(d) };
        let none_before = |numbers: &Tensor, key: i64| {
            let made = numbers.copy();
            let _ = made.narrow(2, 0, key).fill_(f64::NAN);
            made
        };
        for (queries, keys, seen) in [(1, 300, 280), (10, 300, 271), (400, 400, 128)] {
            let [q, k, v] = operands(kind, (queries, keys), [d, d]);
            let expected = composed(&[q.shallow_clone(), k.shallow_clone(), v.shallow_clone()], &options);
            let found = attention(&q, &none_before(&k, seen), &none_before(&v, seen), &options);
            // The first tile of queries none of which sees a key before `seen`.
            let first = if queries == keys { 160 } else { 0 };
            let rows = |x: &Tensor| x.narrow(2, first, queries - first);
            assert_close(&rows(&found), &rows(&expected), &format!("{queries} of {keys}"));
        }
    });
}

#[test]
fn the_heads_of_a_position_lie_beside_each_other_in_the_result() {
    let [q, k, v] = operands(Kind::Float, (5, 9), [16, 24]);
    let z = attention(&q, &k, &v, &of_width(16));
    assert!(z.size() == [2, HEADS, 5, 24] && z.transpose(1, 2).is_contiguous());
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let operands = operands(Kind::Float, (3, 9), [16, 16]);
    let three = numbers(&[3], Kind::Float);
    let wide = by_head().to_kind(Kind::Double);
    for (options, words) in [
        (AttentionOptions { window: Some(0), ..of_width(16) }, "a window of 0"),
        (AttentionOptions { softcap: Some(0.0), ..of_width(16) }, "a cap of 0"),
        (AttentionOptions { slopes: Some(&three), ..of_width(16) }, "one f32 number a head"),
        (AttentionOptions { sinks: Some(&wide), ..of_width(16) }, "one f32 number a head"),
    ] {
        let refusal = std::panic::catch_unwind(|| {
            let [q, k, v] = &operands;
            attention(q, k, v, &options)
        });
        let said = *refusal.err().and_then(|panic| panic.downcast::<String>().ok()).expect("a panic with words");
        assert!(said.contains(words), "{said}");
    }
    let refusal = std::panic::catch_unwind(|| {
        let [q, k, v] = &operands;
        attention(k, q, v, &of_width(16))
    });
    assert!(refusal.is_err(), "more queries than positions");
}
