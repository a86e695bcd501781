//! Laws that are found again in times made from them.

use super::*;
use crate::record::study::fixture;
use crate::record::study::fixture::Noise;

/// Five noisy times at each x.
fn noisy(of: impl Fn(f64) -> f64, xs: &[f64]) -> Vec<(f64, Vec<f64>)> {
    let mut noise = Noise::new(9);
    xs.iter().map(|&x| (x, (0..6).map(|_| of(x) * noise.factor(0.05)).collect())).collect()
}

fn at(points: &[(f64, Vec<f64>)]) -> Vec<(f64, &[f64])> {
    points.iter().map(|(x, times)| (*x, &times[..])).collect()
}

const LENGTHS: [f64; 6] = [64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0];

#[test]
fn a_power_is_found_with_its_interval() {
    for exponent in [0.0, 1.0, 2.0] {
        let points = noisy(|x| 1e-4 * x.powf(exponent), &LENGTHS);
        let power = Power::fit(&at(&points)).unwrap();
        let (low, high) = power.interval.unwrap();
        assert!(low < exponent && exponent < high && high - low < 0.1, "{power:?}");
        assert_eq!((power.from, power.to, power.points), (512.0, 2048.0, 3), "the upper part");
        assert!((power.at(1024.0) / (1e-4 * 1024f64.powf(exponent)) - 1.0).abs() < 0.05);
    }
}

#[test]
fn what_does_not_grow_counts_little_at_the_upper_end() {
    // A constant of 10 ms beside a square that is 400 times as much at the end.
    let points = noisy(|x| 1e-2 + 1e-6 * x * x, &LENGTHS);
    let power = Power::fit(&at(&points)).unwrap();
    assert!(power.exponent > 1.85 && power.exponent < 2.0, "{power:?}");
}

#[test]
fn a_line_is_found_over_the_whole_range() {
    let points = noisy(|x| 0.03 + 1e-5 * x, &LENGTHS);
    let line = Line::fit(&at(&points)).unwrap();
    let (low, high) = line.interval.unwrap();
    assert!(low < 1e-5 && 1e-5 < high && (line.a - 0.03).abs() < 2e-3, "{line:?}");
    assert!((line.at(1000.0) - 0.04).abs() < 2e-3);
    // Flat: the slope's interval holds zero.
    let flat = Line::fit(&at(&noisy(|_| 0.03, &LENGTHS))).unwrap().interval.unwrap();
    assert!(flat.0 < 0.0 && 0.0 < flat.1, "{flat:?}");
}

#[test]
fn too_little_is_not_fitted() {
    assert_eq!(Power::fit(&[]), None);
    assert_eq!(Power::fit(&[(64.0, &[1.0])]), None);
    assert_eq!(Power::fit(&[(64.0, &[1.0]), (64.0, &[2.0])]), None, "one x");
    assert_eq!(Power::fit(&[(0.0, &[1.0]), (64.0, &[0.0]), (128.0, &[])]), None, "no logarithm");
    let two = Power::fit(&[(64.0, &[1.0]), (128.0, &[4.0])]).unwrap();
    assert!((two.exponent - 2.0).abs() < 1e-9 && two.interval.is_none(), "{two:?}");
    assert_eq!(Line::fit(&[(1.0, &[1.0]), (2.0, &[2.0])]), None);
}

#[test]
fn series_share_their_other_settings() {
    let sweep = Sweep::of(&fixture::sweep());
    assert_eq!(
        sweep.series.iter().map(|series| series.name.as_str()).collect::<Vec<_>>(),
        ["attention=eager", "attention=fused"]
    );
    let [eager, fused] = &sweep.series[..] else { panic!() };
    assert_eq!(eager.points.iter().map(|point| point.x).collect::<Vec<_>>(), LENGTHS);
    assert!(eager.ttft.unwrap().interval.unwrap().0 > fused.ttft.unwrap().interval.unwrap().1, "the slopes differ");
    let line = fused.tpot_line.unwrap();
    assert!((line.a - 0.03).abs() < 1e-3 && (line.b - 1e-5).abs() < 1e-6, "{line:?}");
    let point = &eager.points[2];
    let ttft = point.ttft.unwrap();
    let (low, high) = ttft.interval.unwrap();
    assert!(low <= ttft.quartiles.median && ttft.quartiles.median <= high && ttft.quartiles.n == 6);
    // 20 ms a step, of 16 steps that stand in the study together.
    assert_eq!((point.ttft_floor, point.tpot_floor), (Some(Nanos(51_200_000)), Some(Nanos(20_000_000))));
}

#[test]
fn a_sweep_shows_what_it_has() {
    let whole = fixture::sweep();
    let mut study = Study { samples: Vec::new(), ..whole.clone() };
    let sweep = Sweep::of(&study);
    assert!(sweep.series.iter().all(|series| series.points.len() == 6 && series.ttft.is_none()));
    study.samples.extend(whole.samples[..4].to_vec());
    study.arms[5].refused = Some("it would not fit".into());
    let sweep = Sweep::of(&study);
    assert!(sweep.series[0].ttft.is_some() && sweep.series[0].ttft.unwrap().interval.is_none());
    assert_eq!(sweep.series[0].points[5].refused.as_deref(), Some("it would not fit"));
    assert_eq!(sweep.series[0].points[0].ttft.unwrap().interval, None, "one sample");

    // One series has no name; an arm whose setting is no number is left out; what is no sweep has no series.
    study.arms.truncate(6);
    study.samples.clear();
    study.arms[0].toggles[0].1 = "eager".into();
    assert_eq!(Sweep::of(&study).series[0].name, "");
    study.header.kind = StudyKind::Sweep { over: "attention".into() };
    assert_eq!(Sweep::of(&study).series, []);
    assert_eq!(Sweep::of(&fixture::compare()), Sweep::default());
}
