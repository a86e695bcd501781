//! A sweep: times along a setting that is a number, and the law that they follow.

mod fit;
#[cfg(test)]
mod tests;

pub use fit::{Line, Power};

use crate::analyse::statistics::{LEVEL, bootstrap, fewest};
use crate::record::event::Watched;
use crate::record::quartiles::Quartiles;
use crate::record::study::{Arm, Sample, Study, StudyKind};
use crate::units::Nanos;

/// The points of a sweep, in series that differ in other settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sweep {
    /// The setting along which it goes: `prompt_tokens`.
    pub over: String,
    pub series: Vec<Series>,
}

/// Arms that differ in nothing but the setting of the sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What tells it from the other series: `attention=eager`; empty where there is only one.
    pub name: String,
    /// By x. An arm that was not measured yet has a point without times.
    pub points: Vec<Point>,
    /// t = c · xᵏ on the upper part of the range, where what does not grow counts least.
    pub ttft: Option<Power>,
    pub tpot: Option<Power>,
    /// TPOT = a + b · x: what does not depend on the setting, and what each unit of it adds.
    pub tpot_line: Option<Line>,
}

/// Names and values.
type Settings = Vec<(String, String)>;

/// One arm of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its number in the study.
    pub arm: u32,
    pub x: f64,
    pub ttft: Option<Measured>,
    pub tpot: Option<Measured>,
    /// The least that the measured limits of the machine allow. Modelled.
    pub ttft_floor: Option<Nanos>,
    /// Of one step.
    pub tpot_floor: Option<Nanos>,
    /// Why it was not measured, where it was not.
    pub refused: Option<String>,
}

/// A time at one point. Measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub quartiles: Quartiles,
    /// The 95% bootstrap interval of the median; `None` of fewer samples than such an interval takes: six, since the
    /// median lies outside of all of n with a chance of 2 in 2ⁿ.
    pub interval: Option<(Nanos, Nanos)>,
}

impl Sweep {
    /// The sweep as far as it was measured. Arms whose setting is no number are left out; of a study that is no
    /// sweep there is nothing.
    pub fn of(study: &Study) -> Self {
        let StudyKind::Sweep { over } = &study.header.kind else { return Self::default() };
        // By what the arms of a series share: all their other settings.
        let mut groups: Vec<(Settings, Vec<(f64, u32)>)> = Vec::new();
        for (number, arm) in (0..).zip(&study.arms) {
            let x = arm.setting(over).and_then(|value| value.parse::<f64>().ok()).filter(|x| x.is_finite());
            let (Some(x), shared) = (x, others(arm, over)) else { continue };
            match groups.iter_mut().find(|(settings, _)| *settings == shared) {
                Some((_, arms)) => arms.push((x, number)),
                None => groups.push((shared, vec![(x, number)])),
            }
        }
        let common: Settings = groups.first().map_or(Vec::new(), |(first, _)| {
            first.iter().filter(|setting| groups.iter().all(|(other, _)| other.contains(setting))).cloned().collect()
        });
        let mut samples: Vec<Vec<&Sample>> = vec![Vec::new(); study.arms.len()];
        for sample in study.samples.iter().filter(|sample| sample.watched == Watched::Plain) {
            samples.get_mut(sample.arm as usize).into_iter().for_each(|samples| samples.push(sample));
        }
        // A series of which nothing can be had is no line; why, its arms say.
        groups.retain(|(_, arms)| arms.iter().any(|&(_, arm)| study.arms[arm as usize].refused.is_none()));
        let series = groups.into_iter().map(|(settings, mut arms)| {
            let own: Vec<String> = settings
                .iter()
                .filter(|setting| !common.contains(setting))
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            arms.sort_by(|a, b| a.0.total_cmp(&b.0));
            let columns: Vec<Times> = arms.iter().map(|&(x, arm)| Times::of(x, &samples[arm as usize])).collect();
            let points = arms.iter().zip(&columns);
            Series {
                name: own.join(","),
                points: points
                    .map(|(&(x, arm), column)| Point::of(x, arm, &study.arms[arm as usize], column))
                    .collect(),
                ttft: Power::fit(&columns.iter().map(|column| (column.x, &column.ttft[..])).collect::<Vec<_>>()),
                tpot: Power::fit(&columns.iter().map(|column| (column.x, &column.tpot[..])).collect::<Vec<_>>()),
                tpot_line: Line::fit(&columns.iter().map(|column| (column.x, &column.tpot[..])).collect::<Vec<_>>()),
            }
        });
        Self { over: over.clone(), series: series.collect() }
    }
}

/// All settings of an arm but the one of the sweep.
fn others(arm: &Arm, over: &str) -> Settings {
    let lengths = ["prompt_tokens", "new_tokens"].map(|name| (name.to_owned(), arm.setting(name).unwrap_or_default()));
    lengths.into_iter().chain(arm.toggles.iter().cloned()).filter(|(name, _)| name != over).collect()
}

/// All that was measured at one x, in seconds.
struct Times {
    x: f64,
    ttft: Vec<f64>,
    tpot: Vec<f64>,
}

impl Times {
    fn of(x: f64, samples: &[&Sample]) -> Self {
        let ttft = samples.iter().map(|sample| sample.ttft.seconds()).collect();
        let tpot = samples.iter().filter_map(|sample| sample.tpot()).map(Nanos::seconds).collect();
        Self { x, ttft, tpot }
    }
}

impl Point {
    fn of(x: f64, number: u32, arm: &Arm, column: &Times) -> Self {
        let resources = arm.resources.as_deref();
        // The prefill chooses the first of the new tokens.
        let steps = u64::from(arm.new_tokens.saturating_sub(1));
        let step = |all: Nanos| (steps > 0).then(|| Nanos(all.0 / steps));
        Self {
            arm: number,
            x,
            ttft: Measured::of(&column.ttft),
            tpot: Measured::of(&column.tpot),
            ttft_floor: resources.and_then(|resources| resources.prefill.floor),
            tpot_floor: resources.and_then(|resources| resources.decode.floor).and_then(step),
            refused: arm.refused.clone(),
        }
    }
}

impl Measured {
    fn of(seconds: &[f64]) -> Option<Self> {
        let times: Vec<Nanos> = seconds.iter().map(|&seconds| Nanos::from_seconds(seconds)).collect();
        let enough = seconds.len() >= fewest(LEVEL, true);
        let interval = bootstrap::of_median(seconds, LEVEL).filter(|_| enough);
        let interval = interval.map(|(low, high)| (Nanos::from_seconds(low), Nanos::from_seconds(high)));
        Some(Self { quartiles: Quartiles::of(&times)?, interval })
    }
}
