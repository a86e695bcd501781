//! Two arms of a study side by side: what the candidate takes in place of the baseline, and what can be said of it.

mod rounds;
mod rows;
mod runs;
#[cfg(test)]
mod tests;
pub mod words;

pub use runs::{Incomparable, of_runs};

use rounds::{Role, Rounds};

use crate::analyse::statistics::{LEVEL, Ratio, Samples, Verdict, holm};
use crate::record::event::{Part, Phase, Watched};
use crate::record::memory::{ByCategory, Category};
use crate::record::quartiles::Quartiles;
use crate::record::study::{Arm, Pairing, PhaseResources, Quality, Resources, Sample, Study};
use crate::units::{Bytes, Nanos};

/// The candidate against the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Their numbers in the study.
    pub arms: Both<u32>,
    pub names: Both<String>,
    pub pairing: Pairing,
    /// Pairs of executions behind the headline numbers; of runs, repeats of the one with fewer.
    pub pairs: usize,
    /// Whether nobody timed the parts while the headline numbers were measured.
    pub plain: bool,
    /// Settings in which the arms differ.
    pub differ: Vec<Setting>,
    pub prefill: PhaseComparison,
    pub decode: PhaseComparison,
    pub resources: Both<Option<Resources>>,
    /// Decode steps of an execution; the first of the new tokens comes out of the prefill.
    steps: Both<u32>,
    pub quality: Both<Option<Quality>>,
}

/// Something of the baseline, and the same of the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Both<T> {
    pub baseline: T,
    pub candidate: T,
}

/// A setting in which the arms differ. A value is empty where an arm does not know the setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    pub value: Both<String>,
}

/// One phase of both arms.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseComparison {
    pub phase: Phase,
    /// TTFT of a prefill, TPOT when decoding.
    pub time: Figure,
    /// The time of one token, of which [`PhaseComparison::rates`] are made: TTFT ÷ prompt tokens; all further tokens
    /// over all their time. Seconds.
    pace: Pace,
    /// `blocks.0`, `blocks.1`, …: one family for Holm's correction.
    pub blocks: Vec<Row>,
    /// Parts inside blocks, added up over all blocks: `attn`, `attn.qkv`. Another family.
    pub kinds: Vec<Row>,
    /// Parts outside of blocks: `embed`, `lm_head`. Another one.
    pub outside: Vec<Row>,
}

/// The time of one part.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// `blocks.3`, `attn.qkv`, `lm_head`.
    pub path: String,
    /// How many parts of the same table it lies inside.
    pub depth: usize,
    pub time: Figure,
}

/// A time of both arms. Measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figure {
    /// One-sided where only one arm has it, as the scores of eager attention.
    pub sides: Both<Option<Quartiles>>,
    /// Candidate ÷ baseline.
    pub ratio: Option<Ratio>,
    /// How far the baseline is from itself, as a factor less one: 0.014 for ±1.4%.
    pub floor: Option<f64>,
    pub verdict: Option<Verdict>,
}

/// Tokens per second of both arms. Measured; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    pub sides: Both<Option<Rate>>,
    /// Candidate ÷ baseline: above 1 where the candidate is faster.
    pub ratio: Option<Ratio>,
}

/// Quartiles of tokens per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub q1: f64,
    pub median: f64,
    pub q3: f64,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Pace {
    sides: Both<Option<Rate>>,
    ratio: Option<Ratio>,
}

impl Comparison {
    /// Compares two arms of a study, by their numbers, in all their parts. `None` where there are no such arms.
    pub fn of(study: &Study, baseline: u32, candidate: u32) -> Option<Self> {
        let mut comparison = Self::headline(study, baseline, candidate)?;
        for phase in [Phase::Prefill, Phase::Decode] {
            let arms = comparison.arms;
            rows::fill(study, arms, comparison.phase_mut(phase));
        }
        Some(comparison)
    }

    /// Every arm against the first, without the parts. They are a family: the more arms there are, the more is asked of
    /// each difference (Holm), in each phase by itself.
    pub fn all(study: &Study) -> Vec<Self> {
        let candidates = 1..study.arms.len() as u32;
        let mut all: Vec<Self> = candidates.filter_map(|candidate| Self::headline(study, 0, candidate)).collect();
        for phase in [Phase::Prefill, Phase::Decode] {
            let tested: Vec<usize> = (0..all.len()).filter(|&at| all[at].phase(phase).time.ratio.is_some()).collect();
            let p: Vec<f64> = tested.iter().filter_map(|&at| Some(all[at].phase(phase).time.ratio?.p)).collect();
            for (&at, level) in tested.iter().zip(holm(&p, LEVEL)) {
                let (rounds, _) = Rounds::headline(study, all[at].arms);
                let times = match phase {
                    Phase::Prefill => rounds.times(Sample::ttft),
                    Phase::Decode => rounds.times(Sample::tpot),
                };
                let time = &mut all[at].phase_mut(phase).time;
                *time = Figure::of(&times.samples(), time.sides, time.floor, level);
            }
        }
        all
    }

    /// Two arms without their parts: quick enough for many.
    pub fn headline(study: &Study, baseline: u32, candidate: u32) -> Option<Self> {
        let arm = |arm: u32| study.arms.get(arm as usize);
        let arms = Both { baseline: arm(baseline)?, candidate: arm(candidate)? };
        let numbers = Both { baseline, candidate };
        let (rounds, plain) = Rounds::headline(study, numbers);
        Some(Self {
            arms: numbers,
            names: arms.map(|arm| arm.name.clone()),
            pairing: study.header.pairing,
            pairs: rounds.times(Sample::ttft).samples().n(),
            plain,
            differ: differ(arms),
            prefill: PhaseComparison::of(Phase::Prefill, &rounds, arms),
            decode: PhaseComparison::of(Phase::Decode, &rounds, arms),
            resources: arms.map(|arm| arm.resources.as_deref().copied()),
            steps: arms.map(|arm| arm.new_tokens.saturating_sub(1)),
            quality: arms.map(|arm| arm.quality),
        })
    }

    pub fn phase(&self, phase: Phase) -> &PhaseComparison {
        match phase {
            Phase::Prefill => &self.prefill,
            Phase::Decode => &self.decode,
        }
    }

    fn phase_mut(&mut self, phase: Phase) -> &mut PhaseComparison {
        match phase {
            Phase::Prefill => &mut self.prefill,
            Phase::Decode => &mut self.decode,
        }
    }

    /// Work and traffic of a prefill, or of one step of decoding, where both arms were traced.
    pub fn work(&self, phase: Phase) -> Option<Both<PhaseResources>> {
        let both = self.resources.both()?;
        Some(match phase {
            Phase::Prefill => both.map(|resources| resources.prefill),
            Phase::Decode => {
                let per_step = |resources: Resources, steps: u32| resources.decode.per(steps);
                let Both { baseline, candidate } = both;
                let Both { baseline: a, candidate: b } = self.steps;
                Both { baseline: per_step(baseline, a), candidate: per_step(candidate, b) }
            }
        })
    }

    /// Memory at its peak, where both arms were traced. Counted.
    pub fn peak(&self) -> Option<Both<ByCategory>> {
        Some(self.resources.both()?.map(|resources| resources.peak))
    }

    /// Memory of one category at the peak. Counted.
    pub fn memory(&self, category: Category) -> Option<Both<Bytes>> {
        Some(self.peak()?.map(|peak| peak.of(category)))
    }

    /// The larger of the noise floors of both phases, as a factor less one.
    pub fn noise_floor(&self) -> Option<f64> {
        let floors = [self.prefill.time.floor, self.decode.time.floor];
        floors.into_iter().flatten().reduce(f64::max)
    }
}

impl<T> Both<T> {
    pub fn map<U>(self, mut of: impl FnMut(T) -> U) -> Both<U> {
        Both { baseline: of(self.baseline), candidate: of(self.candidate) }
    }
}

impl<T> Both<Option<T>> {
    /// Both, where there are both.
    pub fn both(self) -> Option<Both<T>> {
        Some(Both { baseline: self.baseline?, candidate: self.candidate? })
    }
}

impl Both<Bytes> {
    /// Candidate ÷ baseline; `None` where the baseline has none.
    pub fn ratio(&self) -> Option<f64> {
        (self.baseline.0 > 0).then(|| self.candidate.0 as f64 / self.baseline.0 as f64)
    }
}

impl Resources {
    /// What keys and values took at the peak ÷ what they should by formula. Counted ÷ modelled.
    pub fn kv_over_formula(&self) -> Option<f64> {
        let cache = self.peak.of(Category::KvCache);
        (self.kv_formula.0 > 0 && cache.0 > 0).then(|| cache.0 as f64 / self.kv_formula.0 as f64)
    }
}

impl PhaseComparison {
    fn of(phase: Phase, rounds: &Rounds<&Sample>, arms: Both<&Arm>) -> Self {
        let time = |sample: &Sample| match phase {
            Phase::Prefill => sample.ttft(),
            Phase::Decode => sample.tpot(),
        };
        let pace = |arm: &Arm, sample: &Sample| match phase {
            Phase::Prefill => (arm.prompt_tokens > 0).then(|| sample.ttft.seconds() / f64::from(arm.prompt_tokens)),
            Phase::Decode => (!sample.steps.is_empty()).then(|| sample.decode().seconds() / sample.steps.len() as f64),
        };
        Self {
            phase,
            time: rounds.times(time).figure(),
            pace: rounds.pace(arms, pace),
            blocks: Vec::new(),
            kinds: Vec::new(),
            outside: Vec::new(),
        }
    }

    /// Tokens per second: of a prefill the prompt tokens ÷ TTFT, when decoding all further tokens ÷ all their time.
    pub fn rates(&self) -> Rates {
        Rates { sides: self.pace.sides, ratio: self.pace.ratio }
    }

    /// All rows: blocks, kinds of parts, parts outside of blocks.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.blocks.iter().chain(&self.kinds).chain(&self.outside)
    }
}

impl Row {
    /// What it is called below what contains it: `block 3`, `qkv`, `lm head`.
    pub fn name(&self) -> String {
        Part { path: self.path.clone(), parent: None }.name()
    }
}

impl Figure {
    /// Judges samples of both arms at `level`.
    fn of(samples: &Samples, sides: Both<Option<Quartiles>>, floor: Option<f64>, level: f64) -> Self {
        let ratio = Ratio::of(samples, level);
        Self { sides, ratio, floor, verdict: ratio.map(|ratio| Verdict::of(&ratio, floor)) }
    }

    /// `faster (95%: 0.39 – 0.41)`; nothing where there is nothing to compare.
    pub fn words(&self) -> Option<String> {
        Some(self.verdict?.words(&self.ratio?))
    }
}

impl Sample {
    fn ttft(&self) -> Option<Nanos> {
        Some(self.ttft)
    }
}

impl<'s> Rounds<&'s Sample> {
    /// The samples that headline numbers come from: plain ones where both arms have some, else those whose parts were
    /// timed; and whether they are plain.
    fn headline(study: &'s Study, arms: Both<u32>) -> (Self, bool) {
        let has_plain = |arm: u32| study.samples.iter().any(|s| s.arm == arm && s.watched == Watched::Plain);
        let plain = has_plain(arms.baseline) && has_plain(arms.candidate);
        let mut rounds = Self::new(study.header.pairing);
        for sample in study.samples.iter().filter(|sample| (sample.watched == Watched::Plain) == plain) {
            Role::all(sample, arms).for_each(|role| *rounds.of_mut(sample.round, role) = Some(sample));
        }
        (rounds, plain)
    }

    fn times(&self, of: impl Fn(&Sample) -> Option<Nanos>) -> Rounds<Nanos> {
        self.map(|_, sample| of(sample))
    }

    fn pace(&self, arms: Both<&Arm>, of: impl Fn(&Arm, &Sample) -> Option<f64>) -> Pace {
        let paces = self.map(|role, sample| match role {
            Role::Baseline | Role::Again => of(arms.baseline, sample),
            Role::Candidate => of(arms.candidate, sample),
        });
        let rate = |role: Role| Rate::of(paces.side(role).filter(|pace| *pace > 0.0).map(|pace| 1.0 / pace).collect());
        Pace {
            sides: Both { baseline: rate(Role::Baseline), candidate: rate(Role::Candidate) },
            ratio: Ratio::of(&paces.samples(), LEVEL).map(|ratio| ratio.inverse()),
        }
    }
}

impl Rate {
    fn of(mut rates: Vec<f64>) -> Option<Self> {
        use crate::analyse::statistics::bootstrap::quantile;
        rates.sort_unstable_by(f64::total_cmp);
        Some(Self { q1: quantile(&rates, 0.25)?, median: quantile(&rates, 0.5)?, q3: quantile(&rates, 0.75)? })
    }
}

/// Toggles and lengths that are not the same, in the baseline's order, then those that only the candidate knows.
fn differ(arms: Both<&Arm>) -> Vec<Setting> {
    let mut names: Vec<&str> = vec!["prompt_tokens", "new_tokens"];
    for (name, _) in arms.baseline.toggles.iter().chain(&arms.candidate.toggles) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let settings = names
        .into_iter()
        .map(|name| Setting { name: name.to_owned(), value: arms.map(|arm| arm.setting(name).unwrap_or_default()) });
    settings.filter(|setting| setting.value.baseline != setting.value.candidate).collect()
}
