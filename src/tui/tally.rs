//! The table of parts, kept up to date as the spans arrive, so that a frame costs only the rows it shows.
//!
//! It adds up to what [`Run::rows`](crate::record::Run::rows) would compute from the whole run.

use crate::record::{Event, Part, PassStart, Phase, Quartiles, Row, Span, Sum, median_repeat};
use crate::units::Nanos;
use std::collections::{BTreeMap, HashMap};

/// Sums by part, phase and repeat.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    parts: Vec<PartTally>,
    top: Vec<u32>,
    by_path: HashMap<String, u32>,
    /// Wall time of the recorded passes, by phase and repeat.
    walls: [BTreeMap<u32, Nanos>; 2],
    current: Option<Current>,
    /// What the decode step that goes on has done: it counts when it has ended, as in [`Run::rows_by`](crate::record::Run::rows_by).
    step: Vec<Span>,
}

#[derive(Debug, Clone, Default)]
struct PartTally {
    parent: Option<u32>,
    children: Vec<u32>,
    /// By phase, then by repeat: a number out of a file, so nothing may be as long as it is large.
    sums: [BTreeMap<u32, Sum>; 2],
    /// By phase: every execution, in order.
    times: [Vec<Nanos>; 2],
}

/// The pass that goes on.
#[derive(Debug, Clone, Copy)]
pub struct Current {
    pub start: PassStart,
    /// The part that ended last.
    pub last: Option<u32>,
    /// The part of the top level that ended last.
    pub last_top: Option<u32>,
}

impl Tally {
    /// Takes in what happened next; what [`Run::apply`](crate::record::Run::apply) ignores is ignored here too.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Part(part) => self.part(part),
            Event::PassStart(start) => {
                self.step.clear();
                self.current = Some(Current { start: *start, last: None, last_top: None });
            }
            Event::Spans(spans) => spans.iter().for_each(|span| self.span(span)),
            Event::PassEnd { time } => {
                let Some(Current { start, .. }) = self.current.take() else { return };
                std::mem::take(&mut self.step).into_iter().for_each(|span| self.count(start, span));
                if start.watched.has_parts() {
                    *self.walls[start.phase as usize].entry(start.repeat).or_default() += *time;
                }
            }
            Event::End(_) => self.current = None,
            _ => {}
        }
    }

    fn part(&mut self, part: &Part) {
        let id = self.parts.len() as u32;
        match part.parent {
            Some(parent) => match self.parts.get_mut(parent as usize) {
                Some(parent) => parent.children.push(id),
                None => return,
            },
            None => self.top.push(id),
        }
        self.parts.push(PartTally { parent: part.parent, ..PartTally::default() });
        self.by_path.insert(part.path.clone(), id);
    }

    fn span(&mut self, span: &Span) {
        let (Some(part), Some(current)) = (self.parts.get_mut(span.part as usize), &mut self.current) else { return };
        current.last = Some(span.part);
        if part.parent.is_none() {
            current.last_top = Some(span.part);
        }
        match current.start.phase {
            Phase::Prefill => {
                let start = current.start;
                self.count(start, *span);
            }
            Phase::Decode => self.step.push(*span),
        }
    }

    /// Adds a span up.
    fn count(&mut self, PassStart { phase, repeat, .. }: PassStart, span: Span) {
        let Some(part) = self.parts.get_mut(span.part as usize) else { return };
        part.sums[phase as usize].entry(repeat).or_default().add(Sum::of(&span));
        part.times[phase as usize].push(span.time);
    }

    /// The row of a part over the passes of `phase` (`None`: both together); `None` while it has not run there.
    pub fn row(&self, part: u32, phase: Option<Phase>) -> Option<Row> {
        let tally = self.parts.get(part as usize)?;
        let mut sums: BTreeMap<u32, Sum> = BTreeMap::new();
        for which in both(phase) {
            for (&repeat, &sum) in &tally.sums[which] {
                sums.entry(repeat).or_default().add(sum);
            }
        }
        let times: Vec<Nanos> = sums.values().map(|sum| sum.time).collect();
        let most = sums.values().max_by_key(|sum| (sum.flops, sum.bytes))?;
        let time = Quartiles::of(&times)?;
        let typical = self.typical_repeat(phase).and_then(|(repeat, _)| sums.get(&repeat));
        Some(Row {
            part,
            calls: sums.values().map(|sum| sum.calls).sum(),
            typical: typical.map_or(time.median, |sum| sum.time),
            time,
            flops: most.flops,
            bytes: most.bytes,
        })
    }

    /// The recorded repeat whose times are shown, and its wall time.
    pub fn typical_repeat(&self, phase: Option<Phase>) -> Option<(u32, Nanos)> {
        let mut walls: BTreeMap<u32, Nanos> = BTreeMap::new();
        for which in both(phase) {
            for (&repeat, &wall) in &self.walls[which] {
                *walls.entry(repeat).or_default() += wall;
            }
        }
        median_repeat(walls)
    }

    /// Every execution of a part in `phase`, in order.
    pub fn times(&self, part: u32, phase: Phase) -> &[Nanos] {
        self.parts.get(part as usize).map_or(&[], |tally| &tally.times[phase as usize])
    }

    /// The parts directly inside `parent` (`None`: the top level), in the model's order.
    pub fn children(&self, parent: Option<u32>) -> &[u32] {
        match parent {
            None => &self.top,
            Some(parent) => self.parts.get(parent as usize).map_or(&[], |tally| &tally.children),
        }
    }

    /// The part at a path.
    pub fn part_at(&self, path: &str) -> Option<u32> {
        self.by_path.get(path).copied()
    }

    /// The share of the wall time of `phase` (`None`: both together) that no part accounts for; `None`
    /// before a recorded pass has ended.
    pub fn unaccounted(&self, phase: Option<Phase>) -> Option<f64> {
        let (_, wall) = self.typical_repeat(phase)?;
        let top = self.children(None).iter();
        let accounted: Nanos = top.filter_map(|&part| Some(self.row(part, phase)?.typical)).sum();
        Some((wall - accounted).share_of(wall))
    }

    /// The pass that goes on, if any.
    pub fn current(&self) -> Option<&Current> {
        self.current.as_ref()
    }
}

/// The indices of a phase, or of both.
fn both(phase: Option<Phase>) -> std::ops::Range<usize> {
    phase.map_or(0..2, |phase| phase as usize..phase as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Run;
    use crate::tui::fixture;
    use crate::units::{Bytes, Flops};

    #[test]
    fn adding_up_live_gives_the_rows_of_the_whole_run() {
        let (mut run, mut tally) = (Run::default(), Tally::default());
        let mut events = fixture::events(12, 5);
        // A second repeat, slower, and cut off in the middle of its decoding.
        events.extend(fixture::repeat(1, 12, 3));
        for event in events {
            tally.take(&event);
            run.apply(event);
        }
        for phase in [None, Some(Phase::Prefill), Some(Phase::Decode)] {
            let rows: Vec<Row> = (0..run.parts.len() as u32).filter_map(|part| tally.row(part, phase)).collect();
            assert_eq!(rows, run.rows(phase));
        }
        assert_eq!(tally.children(None), run.children(None).collect::<Vec<_>>());
        assert_eq!(tally.children(Some(1)), run.children(Some(1)).collect::<Vec<_>>());
    }

    #[test]
    fn what_a_run_ignores_is_ignored() {
        let mut tally = Tally::default();
        tally.take(&Event::Part(Part { path: "orphan".into(), parent: Some(9) }));
        let span = Span { part: 0, start: Nanos(0), time: Nanos(5), flops: Flops(0), bytes: Bytes(0) };
        tally.take(&Event::Spans(vec![span]));
        assert_eq!(tally.row(0, None), None);
        assert!(tally.children(None).is_empty());
    }

    #[test]
    fn the_wall_time_is_the_parts_and_an_unaccounted_rest() {
        let mut tally = Tally::default();
        fixture::events(12, 5).iter().for_each(|event| tally.take(event));
        let rest = tally.unaccounted(Some(Phase::Prefill)).unwrap();
        assert!(rest > 0.0 && rest < 0.05, "{rest}");
        let wall = |phase| tally.typical_repeat(phase).unwrap().1;
        assert_eq!(wall(None), wall(Some(Phase::Prefill)) + wall(Some(Phase::Decode)));
        assert_eq!(Tally::default().unaccounted(None), None);
    }
}
