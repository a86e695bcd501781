//! What a study of many arms amounts to, worked out for the Matrix screen, and how its table is read.

use crate::analyse::comparison::{Comparison, Figure};
use crate::analyse::pareto::{self, Standing};
use crate::record::study::{Quality, Study};
use crate::record::{Phase, study};
use crate::units::Bytes;
use std::cmp::Ordering;

/// An arm among the others.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// Its number in the study; 0 is the baseline.
    pub arm: u32,
    /// What tells it apart from the others.
    pub name: String,
    /// Why it was not measured, where it was not.
    pub refused: Option<String>,
    /// By phase.
    pub phases: [Speed; 2],
    pub quality: Option<Quality>,
    /// At its peak. Counted.
    pub memory: Option<Bytes>,
}

/// How fast an arm is in one phase.
#[derive(Debug, Clone, Default)]
pub struct Speed {
    /// Tokens per second: the median.
    pub rate: Option<f64>,
    /// Its time beside the baseline's; of the baseline nothing.
    pub figure: Option<Figure>,
    /// Among all in time and KL.
    pub standing: Option<Standing>,
}

/// How the table is read.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    pub column: RankingColumn,
    pub reversed: bool,
    /// Whether speed is plotted against quality instead.
    pub plot: bool,
    /// The number of the selected arm.
    pub selected: u32,
}

/// What the table can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RankingColumn {
    /// In the order of the study.
    #[default]
    Name,
    Prefill,
    Decode,
    Ratio,
    Kl,
    Top1,
    Memory,
}

impl RankingColumn {
    pub const ALL: [RankingColumn; 7] = [
        RankingColumn::Name,
        RankingColumn::Prefill,
        RankingColumn::Decode,
        RankingColumn::Ratio,
        RankingColumn::Kl,
        RankingColumn::Top1,
        RankingColumn::Memory,
    ];

    /// What an arm has there, so that the better is the smaller.
    fn key(self, ranked: &Ranked, phase: Phase) -> Option<f64> {
        let rate = |phase: Phase| ranked.phases[phase as usize].rate.map(|rate| -rate);
        match self {
            RankingColumn::Name => Some(f64::from(ranked.arm)),
            RankingColumn::Prefill => rate(Phase::Prefill),
            RankingColumn::Decode => rate(Phase::Decode),
            RankingColumn::Ratio => match &ranked.phases[phase as usize].figure {
                Some(figure) => figure.ratio.map(|ratio| ratio.ratio),
                None => ranked.refused.is_none().then_some(1.0),
            },
            RankingColumn::Kl => ranked.quality.map(|quality| quality.kl_mean),
            RankingColumn::Top1 => ranked.quality.map(|quality| -quality.top1),
            RankingColumn::Memory => ranked.memory.map(|memory| memory.0 as f64),
        }
    }
}

impl Ranking {
    /// Sorts by the next column, or the one before.
    pub fn turn(&mut self, forwards: bool) {
        let n = RankingColumn::ALL.len();
        self.column = RankingColumn::ALL[(self.column as usize + if forwards { 1 } else { n - 1 }) % n];
    }

    /// The arms in the order asked for; what has no value there comes after, what was refused last of all.
    pub fn order<'r>(&self, ranked: &'r [Ranked], phase: Phase) -> Vec<&'r Ranked> {
        let mut rows: Vec<&Ranked> = ranked.iter().collect();
        rows.sort_by(|a, b| {
            let keys = [a, b].map(|row| self.column.key(row, phase));
            let refused = a.refused.is_some().cmp(&b.refused.is_some());
            let by_key = match keys {
                [Some(a), Some(b)] if self.reversed => b.total_cmp(&a),
                [Some(a), Some(b)] => a.total_cmp(&b),
                [Some(_), None] => Ordering::Less,
                [None, Some(_)] => Ordering::Greater,
                [None, None] => Ordering::Equal,
            };
            refused.then(by_key).then(a.arm.cmp(&b.arm))
        });
        rows
    }
}

/// More arms than this are no table; a file may hold them.
const MOST: usize = 512;

/// Every arm beside the first.
pub fn ranked(study: &Study) -> Vec<Ranked> {
    let standings = [Phase::Prefill, Phase::Decode].map(|phase| pareto::of_study(study, phase));
    let names = study.short_names();
    // Judged together, as in a report; the baseline is beside itself.
    let mut comparisons: Vec<Option<Comparison>> = vec![Comparison::headline(study, 0, 0)];
    comparisons.extend(Comparison::all(study).into_iter().map(Some));
    let one = |(number, arm): (u32, &study::Arm)| {
        let comparison = comparisons.get(number as usize).and_then(Option::as_ref);
        let speed = |phase: Phase| {
            let compared = comparison.map(|comparison| comparison.phase(phase));
            Speed {
                rate: compared.and_then(|compared| compared.rates().sides.candidate).map(|rate| rate.median),
                figure: compared.map(|compared| compared.time).filter(|_| number > 0),
                standing: standings[phase as usize].get(number as usize).copied(),
            }
        };
        Ranked {
            arm: number,
            name: names[number as usize].clone(),
            refused: arm.refused.clone(),
            phases: [Phase::Prefill, Phase::Decode].map(speed),
            quality: arm.quality,
            memory: arm.resources.as_ref().map(|resources| resources.peak.total()),
        }
    };
    (0..).zip(study.arms.iter().take(MOST)).map(one).collect()
}
