//! Made-up studies for tests: seeded noise around times that follow from a few lines.

use super::{
    Arm, Event, Header, Pairing, PartTime, PhaseResources, Quality, Resources, Sample, Study, StudyKind, Text,
};
use crate::record::ModelInfo;
use crate::record::event::{Phase, Status, Watched};
use crate::record::memory::ByCategory;
use crate::units::{Bytes, Flops, Nanos};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const LAYERS: u32 = 4;
const NEW: u32 = 17;
const MILLI: f64 = 1e6;

/// `attention=eager` against `attention=fused`: prefill faster, decode the same; 24 rounds, with the baseline's second
/// executions and the times of all parts.
pub fn compare() -> Study {
    let mut study = begin(StudyKind::Compare, None);
    let arms = [("attention=eager", 100.0, 60.0, true), ("attention=fused", 80.0, 60.0, false)];
    for (number, (name, _, _, eager)) in (0..).zip(arms) {
        apply(&mut study, [Event::Arm(Box::new(arm(name, 256, NEW)))]);
        let (scores, total) = if eager { (30_000_000, 1.3) } else { (0, 1.0) };
        let resources = resources(total, 538_000_000, 11_800_000, 40_000_000 + scores);
        apply(&mut study, [Event::Resources { arm: number, resources: Box::new(resources) }]);
    }
    let reference = Quality { kl_mean: 0.0, kl_p99: 0.0, top1: 1.0, max_logit: 0.0, ..quality(0.0) };
    apply(&mut study, [Event::Quality { arm: 0, quality: reference }]);
    apply(&mut study, [Event::Quality { arm: 1, quality: Quality { top1: 1.0, ..quality(3.1e-9) } }]);
    let mut noise = Noise::new(1);
    for round in 0..24 {
        // What the machine does in a round is in all of its samples.
        let weather = noise.factor(0.03);
        for (number, again) in [(1, false), (0, true), (0, false)] {
            let (_, ttft, tpot, eager) = arms[number as usize];
            let plain = sample(number, round, again, [ttft, tpot].map(|time| time * weather), &mut noise);
            let mut timed = sample(number, round, again, [ttft, tpot].map(|time| time * weather), &mut noise);
            timed.watched = Watched::Parts;
            timed.parts = parts(&mut study, &timed, eager, &mut noise);
            apply(&mut study, [Event::Sample(plain), Event::Sample(timed)]);
        }
    }
    apply(&mut study, [Event::End(Status::Done)]);
    study
}

/// Six formats of the weights with their quality; the last was refused.
pub fn matrix() -> Study {
    let mut study =
        begin(StudyKind::Matrix, Some(Text { name: "the text that comes with Blockscope".into(), tokens: 2048 }));
    let arms = [
        ("weights=f32", 100.0, 60.0, 538, 0.0),
        ("weights=bf16", 60.0, 34.0, 269, 1.3e-3),
        ("weights=f16", 160.0, 70.0, 269, 1.1e-4),
        ("weights=int8", 66.0, 24.0, 140, 4.6e-3),
        ("weights=int4", 68.0, 19.0, 90, 2.2e-2),
        ("weights=int4,lm_head=f32", 0.0, 0.0, 0, 0.0),
    ];
    for (number, (name, ttft, _, megabytes, kl)) in (0..).zip(arms) {
        let refused = (ttft == 0.0).then(|| "lm_head=f32 would take 113 MB more than is free".to_owned());
        apply(&mut study, [Event::Arm(Box::new(Arm { refused, ..arm(name, 256, NEW) }))]);
        if ttft > 0.0 {
            let resources = Box::new(resources(1.0, megabytes * 1_000_000, 11_800_000, 40_000_000));
            let quality = if number == 0 { Quality { top1: 1.0, ..quality(0.0) } } else { quality(kl) };
            apply(&mut study, [Event::Resources { arm: number, resources }, Event::Quality { arm: number, quality }]);
        }
    }
    let mut noise = Noise::new(2);
    for round in 0..12 {
        let weather = noise.factor(0.03);
        for (number, (_, ttft, tpot, ..)) in (0..).zip(arms).filter(|(_, arm)| arm.1 > 0.0) {
            let times = [ttft, tpot].map(|time| time * weather);
            let one = sample(number, round, false, times, &mut noise);
            apply(&mut study, [Event::Sample(one)]);
            if number == 0 {
                let again = sample(number, round, true, times, &mut noise);
                apply(&mut study, [Event::Sample(again)]);
            }
        }
    }
    apply(&mut study, [Event::End(Status::Done)]);
    study
}

/// Eager and fused attention over prompts of 64 to 2,048 tokens: TTFT with a square term against one without, TPOT
/// flat with a linear term.
pub fn sweep() -> Study {
    let mut study = begin(StudyKind::Sweep { over: "prompt_tokens".into() }, None);
    let lengths = [64, 128, 256, 512, 1024, 2048];
    let mut arms = Vec::new();
    for attention in ["eager", "fused"] {
        for length in lengths {
            let name = format!("prompt_tokens={length},attention={attention}");
            apply(&mut study, [Event::Arm(Box::new(arm(&name, length, NEW)))]);
            let x = f64::from(length);
            let square = if attention == "eager" { 4e-4 } else { 0.0 };
            let times = [5.0 + 0.3 * x + square * x * x, 30.0 + 0.01 * x];
            let mut resources =
                resources(x / 256.0, 538_000_000, u64::from(length) * 46_080, 100_000 * u64::from(length));
            resources.prefill.floor = Some(nanos(0.2 * x));
            resources.decode.floor = Some(nanos(20.0 * f64::from(NEW - 1)));
            let number = arms.len() as u32;
            apply(&mut study, [Event::Resources { arm: number, resources: Box::new(resources) }]);
            arms.push(times);
        }
    }
    let mut noise = Noise::new(3);
    for round in 0..6 {
        for (number, times) in (0..).zip(&arms) {
            let one = sample(number, round, false, *times, &mut noise);
            apply(&mut study, [Event::Sample(one)]);
        }
    }
    apply(&mut study, [Event::End(Status::Done)]);
    study
}

/// A study of this kind without arms.
pub fn begin(kind: StudyKind, text: Option<Text>) -> Study {
    let header = Header {
        kind,
        blockscope: "0.1.0".into(),
        libtorch: "2.11.0".into(),
        created: 1_767_225_600,
        model: ModelInfo {
            name: "SmolLM2-135M".into(),
            source: "models/smollm2".into(),
            family: "llama".into(),
            n_layers: LAYERS,
            n_heads: 9,
            n_kv_heads: 3,
            d_model: 576,
            d_head: 64,
            d_mlp: 1536,
            d_vocab: 49_152,
            n_ctx: 8192,
            parameters: 134_515_008,
            weight_bytes: Bytes(538_060_032),
            description: None,
        },
        device: "cpu".into(),
        machine: "A processor".into(),
        processors: 2,
        seed: 7,
        pairing: Pairing::Interleaved,
        text,
    };
    let mut study = Study::default();
    study.apply(Event::Header(Box::new(header)));
    study
}

/// An arm whose name says in which toggles it differs from the usual ones.
pub fn arm(name: &str, prompt_tokens: u32, new_tokens: u32) -> Arm {
    let usual = [
        ("attention", "fused"),
        ("kv_cache", "on"),
        ("weights", "f32"),
        ("lm_head", "same"),
        ("compute", "f32"),
        ("threads", "2"),
    ];
    let mut toggles = usual.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    for (own, value) in name.split(',').filter_map(|setting| setting.split_once('=')) {
        if let Some(toggle) = toggles.iter_mut().find(|(known, _)| known == own) {
            toggle.1 = value.to_owned();
        }
    }
    Arm { name: name.to_owned(), toggles, prompt_tokens, new_tokens, ..Arm::default() }
}

/// A plain sample whose TTFT and TPOT are about so many milliseconds.
pub fn sample(arm: u32, round: u32, again: bool, [ttft, tpot]: [f64; 2], noise: &mut Noise) -> Sample {
    Sample {
        arm,
        round,
        again,
        watched: Watched::Plain,
        ttft: nanos(ttft * noise.factor(0.02)),
        steps: (1..NEW).map(|_| nanos(tpot * noise.factor(0.03))).collect(),
        parts: Vec::new(),
    }
}

/// Seeded noise.
pub struct Noise(ChaCha8Rng);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Between −1 and 1, the middle likelier: the mean of four uniform numbers has a standard deviation of 0.29.
    pub fn bell(&mut self) -> f64 {
        (0..4).map(|_| self.0.random_range(-1.0..1.0)).sum::<f64>() / 4.0
    }

    /// A factor around 1, up to so much more or less.
    pub fn factor(&mut self, most: f64) -> f64 {
        1.0 + most * self.bell()
    }

    /// Between 0 and 1.
    pub fn uniform(&mut self) -> f64 {
        self.0.random()
    }
}

fn nanos(millis: f64) -> Nanos {
    Nanos((millis * MILLI) as u64)
}

fn apply(study: &mut Study, events: impl IntoIterator<Item = Event>) {
    events.into_iter().for_each(|event| study.apply(event));
}

fn resources(work: f64, weights: u64, kv: u64, activations: u64) -> Resources {
    let phase = |work: f64| PhaseResources {
        flops: Flops((57e9 * work) as u64),
        bytes: Bytes((600e6 * work) as u64),
        moved: Bytes((900e6 * work) as u64),
        floor: Some(nanos(40.0 * work)),
    };
    let peak = ByCategory([weights, kv, activations, 6_000_000].map(Bytes));
    Resources { prefill: phase(work), decode: phase(1.0), peak, kv_formula: Bytes(kv) }
}

fn quality(kl: f64) -> Quality {
    Quality {
        positions: 2047,
        kl_mean: kl,
        kl_p99: 9.0 * kl,
        top1: 1.0 - kl.sqrt() / 2.0,
        nll: 3.021 + kl / 2.0,
        nll_reference: 3.021,
        max_logit: 10.0 * kl.sqrt(),
    }
}

/// The times of the parts of a sample: about a tenth lies outside of the blocks.
fn parts(study: &mut Study, sample: &Sample, eager: bool, noise: &mut Noise) -> Vec<PartTime> {
    let mut parts = Vec::new();
    let mut take = |path: String, phase, time: f64| {
        let known = study.parts.iter().position(|part| *part == path);
        let part = known.unwrap_or_else(|| {
            study.apply(Event::Part(path));
            study.parts.len() - 1
        });
        parts.push(PartTime { part: part as u32, phase, time: Nanos(time as u64) });
    };
    for (phase, time) in [(Phase::Prefill, sample.ttft), (Phase::Decode, sample.decode())] {
        // The scores of one query cost as much either way.
        let eagerly: &[(&str, f64)] = match phase {
            Phase::Prefill => &[("scores", 0.2), ("softmax", 0.1), ("values", 0.1)],
            Phase::Decode => &[("scores", 0.1), ("softmax", 0.05), ("values", 0.05)],
        };
        let attention = if eager { eagerly } else { &[("fused", 0.2)] };
        let whole: f64 = attention.iter().map(|(_, share)| share).sum::<f64>() + 0.6;
        let (time, outside) = (time.0 as f64, 0.8 * time.0 as f64 / whole);
        take("embed".into(), phase, 0.01 * outside * noise.factor(0.1));
        for block in 0..LAYERS {
            let mut own = |share: f64| 0.9 * time / f64::from(LAYERS) * share / whole * noise.factor(0.04);
            let inside: Vec<(String, f64)> =
                [("attn.qkv", 0.15), ("attn.out", 0.05), ("mlp.up", 0.2), ("mlp.down", 0.2)]
                    .into_iter()
                    .map(|(name, share)| (name.to_owned(), own(share)))
                    .collect();
            let kernels: Vec<(String, f64)> =
                attention.iter().map(|(name, share)| (format!("attn.{name}"), own(*share))).collect();
            let all: Vec<(String, f64)> = inside.into_iter().chain(kernels).collect();
            let stage = |name: &str| -> f64 {
                all.iter().filter(|(path, _)| path.starts_with(name)).map(|(_, time)| time).sum()
            };
            let (attn, mlp) = (stage("attn."), stage("mlp."));
            take(format!("blocks.{block}"), phase, attn + mlp);
            take(format!("blocks.{block}.attn"), phase, attn);
            take(format!("blocks.{block}.mlp"), phase, mlp);
            for (path, time) in all {
                take(format!("blocks.{block}.{path}"), phase, time);
            }
        }
        take("lm_head".into(), phase, 0.08 * outside * noise.factor(0.05));
    }
    parts
}
