//! The parts of both arms, with a correction for looking at many of them.

use super::rounds::{Role, Rounds};
use super::{Both, Figure, PhaseComparison, Row};
use crate::analyse::statistics::{LEVEL, holm};
use crate::arch::path::inside_block;
use crate::record::event::Phase;
use crate::record::study::{Pairing, Study};
use crate::units::Nanos;
use std::collections::HashMap;

/// Fills in the rows of a phase, from the samples whose parts were timed.
pub(super) fn fill(study: &Study, arms: Both<u32>, phase: &mut PhaseComparison) {
    let pairing = study.header.pairing;
    let mut tables: [Rows; 3] = Default::default();
    // For each part, its row in one of the tables.
    let stands: Vec<(usize, usize)> = study
        .parts
        .iter()
        .map(|path| {
            let (table, path) = match Place::of(path) {
                Place::Block(path) => (0, path),
                Place::Inside(path) => (1, path),
                Place::Outside(path) => (2, path),
            };
            (table, tables[table].row(path, pairing))
        })
        .collect();
    for (number, sample) in study.samples.iter().enumerate() {
        for role in Role::all(sample, arms) {
            for time in sample.parts.iter().filter(|time| time.phase == phase.phase) {
                let Some(&(table, row)) = stands.get(time.part as usize) else { continue };
                let sum = tables[table].times[row].of_mut(sample.round, role);
                // What an earlier sample of the same round had is not added to.
                let before = sum.filter(|(of, _)| *of == number).map_or(Nanos(0), |(_, before)| before);
                *sum = Some((number, before + time.time));
            }
        }
    }
    let fallback = phase.time.floor;
    // Of decoding what one step takes, as the time of a token is.
    let of_a_step = |sample: usize, time: Nanos| match phase.phase {
        Phase::Prefill => time,
        Phase::Decode => Nanos(time.0 / study.samples[sample].steps.len().max(1) as u64),
    };
    [phase.blocks, phase.kinds, phase.outside] = tables.map(|table| table.judged(fallback, of_a_step));
}

/// Where a part is counted.
enum Place<'p> {
    Block(&'p str),
    /// By its path inside of its block.
    Inside(&'p str),
    Outside(&'p str),
}

impl<'p> Place<'p> {
    fn of(path: &'p str) -> Self {
        match inside_block(path) {
            Some("") => Place::Block(path),
            Some(inside) => Place::Inside(inside),
            None => Place::Outside(path),
        }
    }
}

/// The rows of a table, each once, in the order in which they were seen.
#[derive(Default)]
struct Rows<'p> {
    paths: Vec<&'p str>,
    /// For each row, the sample and its time in every round.
    times: Vec<Rounds<(usize, Nanos)>>,
    known: HashMap<&'p str, usize>,
}

impl<'p> Rows<'p> {
    fn row(&mut self, path: &'p str, pairing: Pairing) -> usize {
        *self.known.entry(path).or_insert_with(|| {
            self.paths.push(path);
            self.times.push(Rounds::new(pairing));
            self.paths.len() - 1
        })
    }

    /// The rows that were measured, judged together. `fallback` is the noise floor of those for which none was
    /// measured; `share` is what counts of the time of a sample.
    fn judged(&self, fallback: Option<f64>, share: impl Fn(usize, Nanos) -> Nanos) -> Vec<Row> {
        let of = |times: &Rounds<(usize, Nanos)>| times.map(|_, (sample, time)| Some(share(sample, time)));
        let times: Vec<Rounds<Nanos>> = self.times.iter().map(of).collect();
        let samples: Vec<_> = times.iter().map(Rounds::<Nanos>::samples).collect();
        // Those that only one arm has are nothing to test.
        let tested: Vec<usize> = (0..samples.len()).filter(|&row| samples[row].n() > 0).collect();
        let p: Vec<f64> = tested.iter().map(|&row| samples[row].p()).collect();
        let mut levels = vec![LEVEL; samples.len()];
        tested.iter().zip(holm(&p, LEVEL)).for_each(|(&row, level)| levels[row] = level);
        let row = |row: usize| {
            let (path, times) = (self.paths[row], &times[row]);
            let sides = times.sides();
            let depth = path.match_indices('.').filter(|&(at, _)| self.known.contains_key(&path[..at])).count();
            let figure = Figure::of(&samples[row], sides, times.floor().or(fallback), levels[row]);
            (sides != Both::default()).then(|| Row { path: path.to_owned(), depth, time: figure })
        };
        self.ordered().into_iter().filter_map(row).collect()
    }

    /// All rows, each followed by those inside it: what only the candidate has comes late, but not last.
    fn ordered(&self) -> Vec<usize> {
        let mut inside: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
        for (row, path) in self.paths.iter().enumerate() {
            let around = path.rmatch_indices('.').find_map(|(at, _)| self.known.get(&path[..at]).copied());
            inside.entry(around).or_default().push(row);
        }
        let mut ordered = Vec::with_capacity(self.paths.len());
        // The next one is at the end.
        let mut waiting: Vec<usize> = inside.remove(&None).unwrap_or_default().into_iter().rev().collect();
        while let Some(row) = waiting.pop() {
            ordered.push(row);
            waiting.extend(inside.remove(&Some(row)).unwrap_or_default().into_iter().rev());
        }
        ordered
    }
}
