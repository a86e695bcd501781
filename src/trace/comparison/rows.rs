//! The parts of both arms, with a correction for looking at many of them.

use super::{Both, Figure, Measured, PhaseComparison, Row};
use crate::trace::event::{Part, Phase};
use crate::trace::stats::{LEVEL, holm};
use crate::trace::study::{Sample, Study};
use crate::units::Nanos;
use std::collections::HashMap;

/// Fills in the rows of a phase, from the samples whose parts were timed.
pub(super) fn fill(study: &Study, arms: &Both<u32>, phase: &mut PhaseComparison) {
    let measured = Measured::with(study, *arms, |sample| !sample.parts.is_empty());
    let places: Vec<Place> = study.parts.iter().map(|path| Place::of(path)).collect();
    let mut rows: [Rows; 3] = Default::default();
    // For each part, its row in each of the tables.
    let stands: Vec<(usize, usize)> = places
        .iter()
        .map(|place| match place {
            Place::Block(path) => (0, rows[0].row(path)),
            Place::Inside(path) => (1, rows[1].row(path)),
            Place::Outside(path) => (2, rows[2].row(path)),
        })
        .collect();
    let of = phase.phase;
    let times = Times::of(study, of, &stands, rows.each_ref().map(|rows| rows.paths.len()));
    let fallback = phase.time.floor;
    let [blocks, kinds, outside] =
        [0, 1, 2].map(|table| family(&rows[table], &measured, fallback, |row, sample| times.get(sample, table, row)));
    (phase.blocks, phase.kinds, phase.outside) = (blocks, kinds, outside);
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
        let part = Part { path: path.to_owned(), parent: None };
        match part.in_block().map(str::len) {
            Some(0) => Place::Block(path),
            Some(inside) => Place::Inside(&path[path.len() - inside..]),
            None => Place::Outside(path),
        }
    }
}

/// The rows of a table, each once, in the order in which they were seen.
#[derive(Default)]
struct Rows<'p> {
    paths: Vec<&'p str>,
    known: HashMap<&'p str, usize>,
}

impl<'p> Rows<'p> {
    fn row(&mut self, path: &'p str) -> usize {
        *self.known.entry(path).or_insert_with(|| {
            self.paths.push(path);
            self.paths.len() - 1
        })
    }
}

impl Rows<'_> {
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

/// The times of all rows in all samples of a phase, added up once.
struct Times {
    /// By the sample's address, then by table and row.
    sums: HashMap<*const Sample, [Vec<Option<Nanos>>; 3]>,
}

impl Times {
    fn of(study: &Study, phase: Phase, stands: &[(usize, usize)], lengths: [usize; 3]) -> Self {
        let sums = study.samples.iter().filter(|sample| !sample.parts.is_empty()).map(|sample| {
            let mut sums = lengths.map(|length| vec![None; length]);
            for time in sample.parts.iter().filter(|time| time.phase == phase) {
                let Some(&(table, row)) = stands.get(time.part as usize) else { continue };
                *sums[table][row].get_or_insert(Nanos(0)) += time.time;
            }
            (std::ptr::from_ref(sample), sums)
        });
        Self { sums: sums.collect() }
    }

    fn get(&self, sample: &Sample, table: usize, row: usize) -> Option<Nanos> {
        *self.sums.get(&std::ptr::from_ref(sample))?.get(table)?.get(row)?
    }
}

/// The rows of one table, judged together. `fallback` is the noise floor of those for which none was measured.
fn family(
    rows: &Rows,
    measured: &Measured,
    fallback: Option<f64>,
    time: impl Fn(usize, &Sample) -> Option<Nanos>,
) -> Vec<Row> {
    let samples: Vec<_> = (0..rows.paths.len()).map(|row| measured.samples(|sample| time(row, sample))).collect();
    // Those that only one arm has are nothing to test.
    let tested: Vec<usize> = (0..samples.len()).filter(|&row| samples[row].n() > 0).collect();
    let p: Vec<f64> = tested.iter().map(|&row| samples[row].p()).collect();
    let mut levels = vec![LEVEL; samples.len()];
    tested.iter().zip(holm(&p, LEVEL)).for_each(|(&row, level)| levels[row] = level);
    let row = |(row, path): (usize, &&str)| {
        let of = |sample: &Sample| time(row, sample);
        let sides = measured.sides(of);
        let floor = measured.floor(of).or(fallback);
        let depth = path.match_indices('.').filter(|&(at, _)| rows.known.contains_key(&path[..at])).count();
        let figure = Figure::of(&samples[row], sides, floor, levels[row]);
        (sides != Both::default()).then(|| Row { path: (*path).to_owned(), depth, time: figure })
    };
    rows.ordered().into_iter().map(|row| (row, &rows.paths[row])).filter_map(row).collect()
}
