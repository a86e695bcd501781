//! Comparisons of made-up studies and runs.

use super::*;
use crate::analyse::statistics::Verdict;
use crate::record::Watched;
use crate::record::fixture as runs;
use crate::record::study::fixture;
use crate::record::study::{Event, PartTime};
use crate::units::Nanos;
use std::time::Instant;

fn compared() -> Comparison {
    Comparison::of(&fixture::compare(), 0, 1).unwrap()
}

fn row<'c>(rows: &'c [Row], path: &str) -> &'c Row {
    rows.iter().find(|row| row.path == path).unwrap_or_else(|| panic!("there is no {path}"))
}

#[test]
fn headline_numbers_come_from_plain_pairs() {
    let comparison = compared();
    assert!(comparison.plain && comparison.pairs == 24);
    assert_eq!(comparison.names.candidate, "attention=fused");
    let differ: Vec<_> = comparison.differ.iter().map(|s| (s.name.as_str(), s.value.baseline.as_str())).collect();
    assert_eq!(differ, [("attention", "eager")]);
    let prefill = &comparison.prefill;
    let ratio = prefill.time.ratio.unwrap();
    assert!(ratio.low < 0.8 && 0.8 < ratio.high && ratio.n == 24, "{ratio:?}");
    assert_eq!(prefill.time.verdict, Some(Verdict::Faster));
    assert!(matches!(comparison.decode.time.verdict, Some(Verdict::NoDifference { .. })));
    assert!(comparison.noise_floor().is_some_and(|floor| floor > 0.0 && floor < 0.02));

    // 256 tokens in 100 ms, and in 80.
    let rates = prefill.rates();
    let [baseline, candidate] = [rates.sides.baseline.unwrap(), rates.sides.candidate.unwrap()];
    assert!((baseline.median - 2560.0).abs() < 30.0 && (candidate.median - 3200.0).abs() < 40.0);
    assert!(baseline.q1 < baseline.median && baseline.median < baseline.q3);
    assert!((rates.ratio.unwrap().ratio * ratio.ratio - 1.0).abs() < 1e-6);
}

#[test]
fn parts_are_added_up_over_blocks_and_told_apart_by_phase() {
    let comparison = compared();
    let names =
        |rows: &[Row]| rows.iter().map(|row| format!("{}{}", "  ".repeat(row.depth), row.name())).collect::<Vec<_>>();
    assert_eq!(names(&comparison.prefill.blocks), ["block 0", "block 1", "block 2", "block 3"]);
    assert_eq!(names(&comparison.prefill.outside), ["embed", "lm head"]);
    let kinds = names(&comparison.prefill.kinds);
    assert!(kinds.contains(&"attn".to_owned()) && kinds.contains(&"  qkv".to_owned()), "{kinds:?}");

    let study = fixture::compare();
    let first = study.samples.iter().find(|sample| !sample.parts.is_empty() && sample.arm == 0 && !sample.again);
    let sum: Nanos = first
        .unwrap()
        .parts
        .iter()
        .filter(|time| time.phase == Phase::Prefill && study.parts[time.part as usize].ends_with("attn.qkv"))
        .map(|time| time.time)
        .sum();
    let qkv = row(&comparison.prefill.kinds, "attn.qkv").time;
    let quartiles = qkv.sides.baseline.unwrap();
    assert!(quartiles.min <= sum && sum <= quartiles.max, "of four blocks: {quartiles:?}, {sum}");
    assert!(!qkv.verdict.unwrap().is_change());
    assert_eq!(row(&comparison.prefill.kinds, "attn").time.verdict, Some(Verdict::Faster));
    assert!(!row(&comparison.decode.kinds, "attn").time.verdict.unwrap().is_change());
    assert!(comparison.prefill.blocks.iter().all(|row| row.time.verdict == Some(Verdict::Faster)));
}

#[test]
fn what_only_one_arm_has_stands_alone() {
    let comparison = compared();
    let scores = row(&comparison.prefill.kinds, "attn.scores").time;
    assert!(scores.sides.baseline.is_some() && scores.sides.candidate.is_none());
    assert_eq!((scores.ratio, scores.verdict, scores.words()), (None, None, None));
    let fused = row(&comparison.prefill.kinds, "attn.fused").time;
    assert!(fused.sides.baseline.is_none() && fused.sides.candidate.is_some());
}

#[test]
fn of_many_rows_each_is_judged_harder() {
    // Thirty blocks that are all the same: seldom is one of them called different.
    let mut wrong = 0;
    for seed in 0..20 {
        let comparison = Comparison::of(&blocks(30, 12, seed), 0, 1).unwrap();
        assert_eq!(comparison.prefill.blocks.len(), 30);
        let levels: Vec<f64> = comparison.prefill.blocks.iter().map(|row| row.time.ratio.unwrap().level).collect();
        assert!(levels.iter().all(|level| *level > 0.998), "{levels:?}");
        wrong += usize::from(comparison.prefill.blocks.iter().any(|row| row.time.verdict.unwrap().is_change()));
    }
    assert!(wrong <= 2, "in {wrong} of 20 studies");
}

/// Two equal arms of so many blocks with fifteen parts each, both phases.
fn blocks(layers: u32, rounds: u32, seed: u64) -> Study {
    let mut study = fixture::compare();
    (study.parts, study.samples) = Default::default();
    for block in 0..layers {
        study.apply(Event::Part(format!("blocks.{block}")));
        (0..15).for_each(|part| study.apply(Event::Part(format!("blocks.{block}.part{part}"))));
    }
    let mut noise = Noise::new(seed);
    for round in 0..rounds {
        for (arm, again) in [(0, false), (1, false), (0, true)] {
            let mut sample = fixture::sample(arm, round, again, [100.0, 50.0], &mut noise);
            study.apply(Event::Sample(sample.clone()));
            sample.watched = Watched::Parts;
            for phase in [Phase::Prefill, Phase::Decode] {
                let time = |part| PartTime { part, phase, time: Nanos((1e6 * noise.factor(0.1)) as u64) };
                sample.parts.extend((0..16 * layers).map(time));
            }
            study.apply(Event::Sample(sample));
        }
    }
    study
}

use fixture::Noise;

#[test]
fn a_large_study_is_compared_while_one_waits() {
    let study = blocks(30, 60, 1);
    let started = Instant::now();
    let comparison = Comparison::of(&study, 0, 1).unwrap();
    // Far below a second where it is optimised; here only that it does not hang.
    println!("{} rows in {:?}", comparison.prefill.rows().count(), started.elapsed());
    assert_eq!(comparison.decode.kinds.len(), 15);
}

#[test]
fn what_was_not_measured_is_missing_and_nothing_else() {
    let whole = fixture::compare();
    assert_eq!(Comparison::of(&whole, 0, 2), None);
    let mut study = Study { samples: Vec::new(), ..whole.clone() };
    let empty = Comparison::of(&study, 0, 1).unwrap();
    assert_eq!((empty.pairs, empty.prefill.time, empty.prefill.rows().count()), (0, Figure::default(), 0));
    assert_eq!(empty.sentences().len(), 2, "memory and quality");
    study.arms.iter_mut().for_each(|arm| (arm.resources, arm.quality) = (None, None));
    assert_eq!(Comparison::of(&study, 0, 1).unwrap().verdict_sentence(), "nothing was measured in both");

    // Without plain samples those with parts are the headline, and it says so.
    study.samples = whole.samples.iter().filter(|sample| sample.watched == Watched::Parts).cloned().collect();
    let watched = Comparison::of(&study, 0, 1).unwrap();
    assert!(!watched.plain && watched.pairs == 24);
}

#[test]
fn memory_work_and_quality_stand_beside_it() {
    let comparison = compared();
    let weights = comparison.memory(Category::Weights).unwrap();
    assert_eq!((weights.ratio(), words::difference(weights)), (Some(1.0), "the same".to_owned()));
    let peak = comparison.peak().unwrap().map(|peak| peak.total());
    assert_eq!(words::difference(peak), "−30.0 MB");
    assert_eq!(comparison.resources.candidate.unwrap().kv_over_formula(), Some(1.0));
    let flops = comparison.work(Phase::Prefill).unwrap();
    assert_eq!((flops.baseline.flops.0, flops.candidate.flops.0), (74_100_000_000, 57_000_000_000));
    let sentences = comparison.sentences();
    assert!(sentences[0].starts_with("decode: TPOT 1.00×, no difference seen (within ±"), "{sentences:?}");
    assert!(
        sentences[1].starts_with("prefill: TTFT 0.80") && sentences[1].contains("×, faster (95%: 0."),
        "{sentences:?}"
    );
    assert_eq!(sentences[2], "peak memory: −30.0 MB");
    assert!(sentences[3].starts_with("quality: KL 3.1e-9 (p99 2.8e-8) · top-1 100.0%"), "{sentences:?}");
}

#[test]
fn two_runs_become_a_study_whose_samples_do_not_pair() {
    let (one, mut other) = (runs::traced(), runs::traced());
    runs::set(&mut other, "weights", "bf16");
    other.tokens.iter_mut().for_each(|token| token.latency = Nanos(token.latency.0 / 2));
    let (study, warnings) = of_runs(&one, &other).unwrap();
    assert_eq!(warnings, [] as [&str; 0]);
    assert_eq!(study.arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>(), ["weights=f32", "weights=bf16"]);
    assert_eq!((study.header.pairing, study.samples.len()), (Pairing::Separate, 8));

    let comparison = Comparison::of(&study, 0, 1).unwrap();
    let ratio = comparison.prefill.time.ratio.unwrap();
    assert!((ratio.ratio - 0.5).abs() < 1e-3 && !ratio.paired && ratio.n == 2, "{ratio:?}");
    assert!(matches!(comparison.prefill.time.verdict, Some(Verdict::TooNoisy { .. })), "two repeats are too few");
    let block = row(&comparison.prefill.blocks, "blocks.1").time;
    assert_eq!(block.sides.baseline, block.sides.candidate);
    let resources = comparison.resources.baseline.unwrap();
    let account = crate::analyse::Account::of(&one, Phase::Prefill).unwrap();
    assert_eq!(resources.prefill.flops, account.flops);
    assert_eq!(resources.prefill.moved, account.whole(&one).moved);
    assert!(resources.prefill.floor.is_some_and(|floor| floor > Nanos(0) && floor < account.wall));
    // 2 layers · 2 heads · 16 · 102 positions · keys and values · 4 bytes.
    assert_eq!(resources.kv_formula, Bytes(2 * 2 * 2 * 16 * 102 * 4));
}

#[test]
fn runs_with_nothing_in_common_are_refused_and_other_differences_told() {
    let one = runs::traced();
    let refused = |change: &dyn Fn(&mut crate::record::Run)| {
        let mut other = one.clone();
        change(&mut other);
        of_runs(&one, &other).unwrap_err().to_string()
    };
    assert_eq!(
        refused(&|run| run.header.model.n_layers = 30),
        "these runs cannot be compared: they are of different models, tiny and tiny: 2 and 30 blocks"
    );
    assert_eq!(
        refused(&|run| run.header.prompt_tokens = 7),
        "these runs cannot be compared: their prompts have 100 and 7 tokens; measure both with the same --prompt-tokens"
    );
    assert!(refused(&|run| run.tokens.clear()).contains("nothing was measured in the second"));
    let mut other = one.clone();
    other.header.machine = "Another".into();
    other.header.threads = 8;
    other.header.libtorch = "2.12.0".into();
    let (study, warnings) = of_runs(&one, &other).unwrap();
    assert_eq!(warnings[0], "the machine differs, and is in the difference: A processor and Another");
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert_eq!(study.arms[1].name, "second", "no toggle tells them apart");
}
