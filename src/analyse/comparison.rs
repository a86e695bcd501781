//! Two arms of a study side by side: what the candidate takes in place of the baseline, and what can be said of it.

mod both;
mod figure;
mod phase;
mod rounds;
mod rows;
mod runs;
#[cfg(test)]
mod tests;
pub mod words;

pub use both::Both;
pub use figure::{Figure, Rate, Rates};
pub use phase::{PhaseComparison, Row};
pub use runs::{Incomparable, of_runs};

use crate::analyse::statistics::{LEVEL, holm};
use crate::record::event::Phase;
use crate::record::memory::{ByCategory, Category};
use crate::record::study::{Arm, Pairing, PhaseResources, Quality, Resources, Sample, Study};
use crate::units::Bytes;
use rounds::Rounds;

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

/// A setting in which the arms differ. A value is empty where an arm does not know the setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    pub value: Both<String>,
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
                    Phase::Prefill => rounds.times(|sample| Some(sample.ttft)),
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
            pairs: rounds.times(|sample| Some(sample.ttft)).samples().n(),
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
