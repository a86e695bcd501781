//! Two runs from different times as a study of two arms.

use crate::analyse::account::Account;
use crate::record::event::{Phase, Watched};
use crate::record::memory::{ByCategory, kv_by_formula};
use crate::record::run::{Pass, Run};
use crate::record::study::{self, Arm, Pairing, PartTime, PhaseResources, Resources, Sample, Study, StudyKind};
use crate::record::{Header, ModelInfo};
use crate::units::Nanos;
use std::collections::{BTreeMap, HashMap};

/// Why two runs cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("these runs cannot be compared: {0}")]
pub struct Incomparable(pub String);

/// The runs as arms, the first as the baseline, with warnings of what else differs between them. They do not pair:
/// what the machine did between them is in the difference.
///
/// # Errors
/// Models of different shape, prompts of different length, or a run without a measured token.
pub fn of_runs(baseline: &Run, candidate: &Run) -> Result<(Study, Vec<String>), Incomparable> {
    let headers = [&baseline.header, &candidate.header];
    check(headers)?;
    let header = &baseline.header;
    let mut study = Study {
        header: study::Header {
            kind: StudyKind::Compare,
            blockscope: header.blockscope.clone(),
            libtorch: header.libtorch.clone(),
            created: header.created,
            model: header.model.clone(),
            device: header.device.clone(),
            machine: header.machine.clone(),
            processors: header.processors,
            seed: 0,
            pairing: Pairing::Separate,
            text: None,
        },
        status: baseline.status.clone(),
        ..Study::default()
    };
    let mut parts = HashMap::new();
    for (arm, run) in [baseline, candidate].into_iter().enumerate() {
        study.arms.push(Arm {
            name: name(headers, arm),
            toggles: run.header.toggles.clone(),
            prompt_tokens: run.header.prompt_tokens,
            new_tokens: run.header.new_tokens,
            refused: None,
            resources: resources(run).map(Box::new),
            quality: None,
        });
        let numbers: Vec<u32> = run
            .parts
            .iter()
            .map(|part| {
                *parts.entry(part.path.clone()).or_insert_with(|| {
                    study.parts.push(part.path.clone());
                    study.parts.len() as u32 - 1
                })
            })
            .collect();
        let samples = samples(run, arm as u32, &numbers);
        if samples.is_empty() {
            let which = ["first", "second"][arm];
            return Err(Incomparable(format!(
                "nothing was measured in the {which}: it has no complete pass with a token"
            )));
        }
        study.samples.extend(samples);
    }
    Ok((study, warnings(headers)))
}

/// Refuses what has nothing in common.
fn check([one, other]: [&Header; 2]) -> Result<(), Incomparable> {
    let shape = |model: &ModelInfo| {
        [
            ("blocks", model.n_layers),
            ("heads", model.n_heads),
            ("key/value heads", model.n_kv_heads),
            ("d_model", model.d_model),
            ("d_head", model.d_head),
            ("d_mlp", model.d_mlp),
            ("d_vocab", model.d_vocab),
        ]
    };
    let differing = shape(&one.model).into_iter().zip(shape(&other.model)).find(|(a, b)| a != b);
    if let Some(((what, a), (_, b))) = differing {
        let names = [&one.model.name, &other.model.name];
        return Err(Incomparable(format!(
            "they are of different models, {} and {}: {a} and {b} {what}",
            names[0], names[1]
        )));
    }
    if one.prompt_tokens != other.prompt_tokens {
        let (a, b) = (one.prompt_tokens, other.prompt_tokens);
        return Err(Incomparable(format!(
            "their prompts have {a} and {b} tokens; measure both with the same --prompt-tokens"
        )));
    }
    Ok(())
}

/// What else differs, and is then in the difference too.
fn warnings([one, other]: [&Header; 2]) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut differs = |what: &str, a: String, b: String| {
        if a != b {
            warnings.push(format!("the {what} differs, and is in the difference: {a} and {b}"));
        }
    };
    differs("machine", one.machine.clone(), other.machine.clone());
    differs("device", one.device.clone(), other.device.clone());
    differs("number of threads", one.threads.to_string(), other.threads.to_string());
    differs("version of LibTorch", one.libtorch.clone(), other.libtorch.clone());
    differs("version of Blockscope", one.blockscope.clone(), other.blockscope.clone());
    differs("number of new tokens", one.new_tokens.to_string(), other.new_tokens.to_string());
    differs("name of the model", one.model.name.clone(), other.model.name.clone());
    warnings
}

/// The toggles in which an arm differs from the other; `first` and `second` where there are none.
fn name(headers: [&Header; 2], arm: usize) -> String {
    let (own, other) = (headers[arm], headers[1 - arm]);
    let differing: Vec<String> = own
        .toggles
        .iter()
        .filter(|toggle| !other.toggles.contains(toggle))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if differing.is_empty() { ["first", "second"][arm].to_owned() } else { differing.join(",") }
}

/// A sample for each repeat of a run; `numbers` are those of its parts in the study.
fn samples(run: &Run, arm: u32, numbers: &[u32]) -> Vec<Sample> {
    let mut repeats: BTreeMap<u32, Vec<&Pass>> = BTreeMap::new();
    for pass in run.passes.iter().filter(|pass| pass.time.is_some()) {
        repeats.entry(pass.start.repeat).or_default().push(pass);
    }
    let mut tokens: HashMap<u32, Vec<(u32, Nanos)>> = HashMap::new();
    for token in &run.tokens {
        tokens.entry(token.repeat).or_default().push((token.step, token.latency));
    }
    let sample = |(repeat, passes): (u32, Vec<&Pass>)| {
        let tokens = tokens.get(&repeat)?;
        let watched = passes.iter().map(|pass| pass.start.watched).max()?;
        let mut parts: BTreeMap<(u32, Phase), Nanos> = BTreeMap::new();
        for pass in passes.iter().filter(|_| watched.has_parts()) {
            for span in &pass.spans {
                *parts.entry((numbers[span.part as usize], pass.start.phase)).or_default() += span.time;
            }
        }
        Some(Sample {
            arm,
            round: repeat,
            again: false,
            watched: if watched.has_parts() { Watched::Parts } else { Watched::Plain },
            ttft: tokens.iter().find(|(step, _)| *step == 0)?.1,
            steps: tokens.iter().filter(|(step, _)| *step > 0).map(|(_, latency)| *latency).collect(),
            parts: parts.into_iter().map(|((part, phase), time)| PartTime { part, phase, time }).collect(),
        })
    };
    repeats.into_iter().filter_map(sample).collect()
}

/// What a traced run took; `None` where it was not traced.
fn resources(run: &Run) -> Option<Resources> {
    let of = |phase: Phase| Account::of(run, phase);
    let accounts = [of(Phase::Prefill), of(Phase::Decode)];
    let peak = accounts.iter().flatten().filter_map(|account| account.fullest(run)).map(|(_, peak)| peak);
    let peak = peak.max_by_key(ByCategory::total)?;
    let phase = |account: &Option<Account>| {
        account.as_ref().map_or(PhaseResources::default(), |account| PhaseResources {
            flops: account.flops,
            bytes: account.bytes(run),
            moved: account.whole(run).moved,
            floor: floor(run, account),
        })
    };
    let positions = run.passes.iter().map(|pass| u64::from(pass.start.n_past) + u64::from(pass.start.n_new)).max();
    Some(Resources {
        prefill: phase(&accounts[0]),
        decode: phase(&accounts[1]),
        peak,
        kv_formula: positions.and_then(|positions| kv_by_formula(&run.header, positions)).unwrap_or_default(),
    })
}

/// The least time of a phase: the parts at the top one after the other, each at its roof. Modelled.
fn floor(run: &Run, account: &Account) -> Option<Nanos> {
    let peaks = run.peaks.as_deref()?;
    let top = run.children(None).filter_map(|part| account.part(part));
    top.map(|part| part.standing(peaks).map(|standing| standing.least)).sum()
}
