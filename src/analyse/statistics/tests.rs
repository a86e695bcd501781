//! What the statistics must find, and what they must not, in made-up times.

use super::*;
use crate::record::study::fixture::Noise;
use crate::units::Nanos;

/// Pairs of times around 1 s, the candidate's `shift` times as long, each with noise of its own and both with what the
/// machine does in that round.
fn pairs(n: usize, shift: f64, own: f64, common: f64, seed: u64) -> Vec<(f64, f64)> {
    let mut noise = Noise::new(seed);
    (0..n)
        .map(|_| {
            let both = noise.factor(common);
            (both * noise.factor(own), both * shift * noise.factor(own))
        })
        .collect()
}

/// The verdict on pairs, with a noise floor measured beside them.
fn judged(pairs: Vec<(f64, f64)>, seed: u64) -> (Ratio, Verdict) {
    let mut again = Noise::new(seed ^ 0xffff);
    let same = pairs.iter().map(|(baseline, _)| (*baseline, baseline * again.factor(0.05))).collect();
    let ratio = Ratio::of(&Samples::Paired(pairs), LEVEL).unwrap();
    (ratio, Verdict::of(&ratio, noise_floor(&Samples::Paired(same))))
}

#[test]
fn a_known_shift_is_found_with_its_ratio_inside_the_interval() {
    for shift in [0.4, 0.9, 1.1, 2.5] {
        let mut inside = 0;
        for seed in 0..100 {
            let (ratio, verdict) = judged(pairs(24, shift, 0.05, 0.2, seed), seed);
            assert_eq!(verdict, if shift < 1.0 { Verdict::Faster } else { Verdict::Slower }, "{ratio:?}");
            inside += usize::from(ratio.low <= shift && shift <= ratio.high);
        }
        assert!(inside >= 90, "of 100 intervals of 95%, {inside} hold {shift}");
    }
}

#[test]
fn pure_noise_is_no_difference() {
    // Own noise of ±5% and a machine of ±20%: 400 studies of each length.
    for n in [12, 24, 48] {
        let verdicts: Vec<Verdict> = (0..400).map(|seed| judged(pairs(n, 1.0, 0.05, 0.2, seed), seed).1).collect();
        let changed = verdicts.iter().filter(|verdict| verdict.is_change()).count();
        let none = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::NoDifference { .. })).count();
        assert!(changed <= 12, "{changed} of 400 with {n} pairs: at most 3% are called a difference");
        assert!(none >= 380, "{none} of 400 with {n} pairs");
    }
}

#[test]
fn chance_alone_is_as_rare_as_its_level_says() {
    for n in [8, 20] {
        let by_chance = |level: f64| {
            (0..1000u64).filter(|seed| Samples::Paired(pairs(n, 1.0, 0.1, 0.3, *seed)).p() <= 1.0 - level).count()
        };
        let (often, seldom) = (by_chance(0.9), by_chance(0.99));
        assert!((60..=125).contains(&often) && seldom <= 18, "{often} and {seldom} of 1000 with {n} pairs");
    }
}

#[test]
fn drift_that_both_share_cancels() {
    // The machine becomes twice as slow while it measures.
    let drifting = |shift: f64| -> Vec<(f64, f64)> {
        let mut noise = Noise::new(5);
        (0..24)
            .map(|round| {
                let both = 1.0 + f64::from(round) / 24.0;
                (both * noise.factor(0.02), both * shift * noise.factor(0.02))
            })
            .collect()
    };
    let (same, verdict) = judged(drifting(1.0), 1);
    assert!(matches!(verdict, Verdict::NoDifference { within } if within < 0.03), "{same:?} {verdict:?}");
    let (shifted, verdict) = judged(drifting(1.05), 1);
    assert_eq!(verdict, Verdict::Slower, "{shifted:?}");
    // The same samples without their pairs say less: the interval is as wide as the drift.
    let (baseline, candidate) = drifting(1.05).into_iter().unzip();
    let separate = Ratio::of(&Samples::Separate { baseline, candidate }, LEVEL).unwrap();
    assert!(separate.half_width() > 5.0 * shifted.half_width(), "{separate:?}");
    assert!(!Verdict::of(&separate, None).is_change());
}

#[test]
fn outliers_make_no_verdict() {
    // Of either, one in ten takes ten times as long, as when something else had the cores.
    let (mut changed, mut found) = (0, 0);
    for seed in 0..200 {
        let mut outlier = Noise::new(1000 + seed);
        let mut tail = |time: f64| if outlier.uniform() < 0.1 { 10.0 * time } else { time };
        let mut noisy = pairs(24, 1.0, 0.05, 0.1, seed);
        noisy
            .iter_mut()
            .for_each(|(baseline, candidate)| (*baseline, *candidate) = (tail(*baseline), tail(*candidate)));
        changed += usize::from(judged(noisy.clone(), seed).1.is_change());
        // Nor do they hide a difference.
        noisy.iter_mut().for_each(|(_, candidate)| *candidate *= 0.8);
        found += usize::from(judged(noisy, seed).1 == Verdict::Faster);
    }
    assert!(changed <= 6 && found >= 190, "{changed} and {found} of 200");
}

#[test]
fn few_pairs_say_nothing_however_they_come_out() {
    assert_eq!(Ratio::of(&Samples::Paired(Vec::new()), LEVEL), None);
    assert_eq!(Ratio::of(&Samples::Separate { baseline: vec![1.0], candidate: Vec::new() }, LEVEL), None);
    let of = |n: usize| Ratio::of(&Samples::Paired(pairs(n, 0.5, 0.01, 0.0, 1)), LEVEL).unwrap();
    let one = of(1);
    assert_eq!((one.low, one.high, one.p, one.n), (0.0, f64::INFINITY, 1.0, 1));
    assert_eq!(one.words_of_verdict(), "too noisy to say (about 6 pairs would tell)");
    assert_eq!(Verdict::of(&of(2), None), Verdict::TooNoisy { pairs: 6 });
    assert_eq!(Verdict::of(&of(5), None), Verdict::TooNoisy { pairs: 6 }, "all agree, as in 2 of 32 cases");
    assert_eq!(Verdict::of(&of(6), None), Verdict::Faster);
    let same = Ratio::of(&Samples::Paired(vec![(1.0, 1.0); 3]), LEVEL).unwrap();
    assert_eq!(Verdict::of(&same, None), Verdict::TooNoisy { pairs: 6 }, "nor is it the same after three");
    assert_eq!(noise_floor(&Samples::Paired(vec![(1.0, 1.0)])), None);
}

impl Ratio {
    fn words_of_verdict(&self) -> String {
        Verdict::of(self, None).words(self)
    }
}

#[test]
fn times_of_zero_and_huge_ones_do_no_harm() {
    let of = |pairs: Vec<(f64, f64)>| Ratio::of(&Samples::Paired(pairs), LEVEL);
    assert_eq!(of(vec![(0.0, 1.0); 9]), None, "a baseline that takes no time");
    let nothing = of(vec![(1.0, 0.0); 9]).unwrap();
    assert_eq!((nothing.ratio, nothing.low, nothing.high), (0.0, 0.0, 0.0));
    assert_eq!(Verdict::of(&nothing, None), Verdict::Faster);
    let mixed = of(vec![(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 2.0), (1.0, 2.0)]).unwrap();
    assert!(mixed.low <= mixed.ratio && mixed.ratio <= mixed.high, "{mixed:?}");
    let huge = Samples::paired(vec![(Nanos(u64::MAX), Nanos(u64::MAX)); 8]);
    assert_eq!(Ratio::of(&huge, LEVEL).unwrap().ratio, 1.0);
    let apart = Samples::paired(vec![(Nanos(1), Nanos(u64::MAX)); 8]);
    let ratio = Ratio::of(&apart, LEVEL).unwrap();
    assert!(ratio.ratio > 1e18 && Verdict::of(&ratio, None) == Verdict::Slower);
}

#[test]
fn pairs_needed_grow_with_the_square_of_the_width() {
    let with = |half: f64, n: usize| {
        let (low, high) = (1.0 / (1.0 + half), 1.0 + half);
        let ratio = Ratio { ratio: 1.0, low, high, level: LEVEL, n, paired: true, p: 0.5 };
        match Verdict::of(&ratio, None) {
            Verdict::TooNoisy { pairs } => pairs,
            verdict => panic!("{verdict:?}"),
        }
    };
    let needed: Vec<u32> = [0.06, 0.1, 0.2, 0.5, 1.0].map(|half| with(half, 20)).to_vec();
    assert!(needed.is_sorted_by(|a, b| a < b), "{needed:?}");
    // ln 1.1 ÷ ln 1.05 is 1.95: 20 · 3.8.
    assert_eq!(needed[1], 77);
    assert!(with(0.1, 40) > with(0.1, 20), "the same width from more pairs is noisier");
    assert!(needed.iter().all(|needed| *needed > 20));
}

#[test]
fn a_change_must_exceed_the_noise_floor() {
    let ratio = Ratio { ratio: 1.03, low: 1.02, high: 1.04, level: LEVEL, n: 24, paired: true, p: 1e-5 };
    assert_eq!(Verdict::of(&ratio, None), Verdict::Slower);
    assert_eq!(Verdict::of(&ratio, Some(0.01)), Verdict::Slower);
    let within = Verdict::of(&ratio, Some(0.035));
    assert!(matches!(within, Verdict::NoDifference { within } if (within - 0.04).abs() < 1e-9), "{within:?}");
    assert!(matches!(Verdict::of(&ratio, Some(0.2)), Verdict::TooNoisy { pairs } if pairs > 24));
    // The other way round, where the factor is 1 ÷ 0.97.
    let faster = Ratio { ratio: 0.97, low: 0.96, high: 0.98, ..ratio };
    assert_eq!(Verdict::of(&faster, Some(0.03)), Verdict::Faster);
    assert!(!Verdict::of(&Ratio { p: 0.2, ..ratio }, None).is_change(), "chance is not ruled out");
}

#[test]
fn enough_is_asked_of_the_width_alone() {
    let ratio = |ratio: f64, factor: f64, n| {
        let (low, high) = (ratio / factor, ratio * factor);
        Ratio { ratio, low, high, level: LEVEL, n, paired: true, p: 0.5 }
    };
    for centre in [0.4, 0.99, 1.0, 1.3] {
        assert!(precise_enough(&ratio(centre, 1.02, 10), Some(0.01), RESOLUTION));
        assert!(!precise_enough(&ratio(centre, 1.04, 10), Some(0.01), RESOLUTION));
        assert!(!precise_enough(&ratio(centre, 1.02, 5), Some(0.01), RESOLUTION), "too few to rule out chance");
        assert!(!precise_enough(&ratio(centre, 1.02, 10), Some(0.06), RESOLUTION));
    }
    let one = Ratio { low: 0.0, high: f64::INFINITY, ..ratio(1.0, 1.0, 1) };
    assert!(!precise_enough(&one, None, RESOLUTION));
    // What is precise enough and holds 1 is no difference.
    let barely = ratio(1.02, 1.0245, 10);
    assert!(precise_enough(&barely, None, RESOLUTION));
    assert!(matches!(Verdict::of(&barely, None), Verdict::NoDifference { .. }));
}

#[test]
fn the_fewest_pairs_are_those_that_can_rule_out_chance() {
    assert_eq!((fewest(0.95, true), fewest(0.95, false)), (6, 4));
    assert_eq!(fewest(1.0 - 0.05 / 30.0, true), 11, "with a row for each of 30 blocks");
    assert_eq!(fewest(0.0, true), 1);
    assert!(fewest(1.0, true) < 100);
    for n in [fewest(0.95, true), fewest(0.999, true)] {
        let level = if n == 6 { 0.95 } else { 0.999 };
        assert!(Samples::Paired(pairs(n, 0.5, 0.01, 0.0, 1)).p() <= 1.0 - level);
        assert!(Samples::Paired(pairs(n - 1, 0.5, 0.01, 0.0, 1)).p() > 1.0 - level);
    }
}

#[test]
fn a_wider_level_gives_a_wider_interval_and_rates_turn_it_round() {
    let samples = Samples::Paired(pairs(24, 0.5, 0.05, 0.1, 3));
    let [narrow, wide] = [0.95, 0.998].map(|level| Ratio::of(&samples, level).unwrap());
    assert!(wide.low < narrow.low && narrow.high < wide.high && wide.ratio == narrow.ratio);
    assert_eq!(Ratio::of(&samples, 0.95), Some(narrow), "seeded");
    let rate = narrow.inverse();
    assert!((rate.ratio * narrow.ratio - 1.0).abs() < 1e-12 && rate.low < rate.ratio && rate.ratio < rate.high);
}

#[test]
fn verdicts_in_words() {
    let ratio = Ratio { ratio: 0.397, low: 0.391, high: 0.4049, level: LEVEL, n: 24, paired: true, p: 1e-7 };
    assert_eq!(Verdict::of(&ratio, Some(0.014)).words(&ratio), "faster (95%: 0.391 – 0.405)");
    assert_eq!(ratio.times(), "0.397×");
    let row = Ratio { ratio: 12.34, low: 11.0, high: 140.0, level: 1.0 - 0.05 / 30.0, ..ratio };
    assert_eq!(Verdict::of(&row, None).words(&row), "slower (99.83%: 11.0 – 140)");
    let none = Ratio { ratio: 1.001, low: 0.98, high: 1.02, p: 0.7, ..ratio };
    assert_eq!(Verdict::of(&none, None).words(&none), "no difference seen (within ±2.0%)");
    let noisy = Ratio { low: 0.5, high: 2.0, paired: false, ..none };
    assert_eq!(Verdict::of(&noisy, None).to_string(), "too noisy to say");
    assert!(Verdict::of(&noisy, None).words(&noisy).ends_with("(not to be told on this machine)"));
    let nearly = Ratio { low: 0.93, high: 1.08, paired: false, ..none };
    assert!(Verdict::of(&nearly, None).words(&nearly).ends_with("repeats would tell)"));
    // Clear of 1, but three pairs agree by chance once in four times.
    let few = Ratio { n: 3, p: 0.25, ..ratio };
    assert_eq!(Verdict::of(&few, None).words(&few), "too few pairs to say (0.391× – 0.405×; 6 could tell)");
}
