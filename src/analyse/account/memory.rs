//! What every part of a traced pass did to memory.

use crate::record::memory::PassMemory;
use crate::record::run::{Pass, Run};
use crate::units::{Bytes, Nanos};

/// What a part did to memory, parts inside included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartMemory {
    pub allocated: Bytes,
    /// Given back while it ran, whoever had taken it.
    pub freed: Bytes,
    /// The highest that live memory rose above its level when the part began, in any one call.
    pub peak: Bytes,
    /// Of what it took, what was still alive when it ended.
    pub alive: Bytes,
}

impl PartMemory {
    /// Takes in another pass: amounts add up, of peaks the highest stays.
    pub fn add(&mut self, other: Self) {
        self.allocated += other.allocated;
        self.freed += other.freed;
        self.alive += other.alive;
        self.peak = self.peak.max(other.peak);
    }
}

/// What each part did in one pass, by part.
pub fn of(run: &Run, pass: &Pass) -> Vec<PartMemory> {
    let mut parts = vec![PartMemory::default(); run.parts.len()];
    let Some(memory) = &pass.memory else { return parts };
    let levels = Levels::of(memory);
    for span in &pass.spans {
        let (from, to) = (span.start, span.start + span.time);
        let part = &mut parts[span.part as usize];
        part.peak = part.peak.max(levels.peak_above(from, to));
        part.freed += levels.freed_between(from, to);
    }
    let calls = Calls::of(pass, run.parts.len());
    for allocation in &memory.allocations {
        let (Some(taken), Some(inner)) = (allocation.start, allocation.part) else { continue };
        for part in run.with_containers(inner) {
            parts[part as usize].allocated += allocation.bytes;
            let end = calls.end(part, taken);
            if end.is_some_and(|end| allocation.end.is_none_or(|freed| freed > end)) {
                parts[part as usize].alive += allocation.bytes;
            }
        }
    }
    parts
}

/// Live bytes over a pass, ready to be asked about any stretch of it.
struct Levels {
    /// By time: the level from then on.
    points: Vec<(Nanos, u64)>,
    /// By time: bytes given back so far.
    freed: Vec<(Nanos, u64)>,
}

impl Levels {
    fn of(memory: &PassMemory) -> Self {
        let mut freed: Vec<(Nanos, u64)> =
            memory.allocations.iter().filter_map(|a| Some((a.end?, a.bytes.0))).collect();
        freed.sort_unstable();
        let mut sum = 0u64;
        for (_, bytes) in &mut freed {
            sum = sum.saturating_add(*bytes);
            *bytes = sum;
        }
        let points = memory.levels().into_iter().map(|(at, level)| (at, level.total().0)).collect();
        Self { points, freed }
    }

    fn peak_above(&self, from: Nanos, to: Nanos) -> Bytes {
        let first = self.points.partition_point(|&(at, _)| at < from);
        let last = self.points.partition_point(|&(at, _)| at <= to);
        let base = first.checked_sub(1).map_or(0, |before| self.points[before].1);
        let highest = self.points[first..last.max(first)].iter().map(|&(_, level)| level).max().unwrap_or(base);
        Bytes(highest.saturating_sub(base))
    }

    fn freed_between(&self, from: Nanos, to: Nanos) -> Bytes {
        let until = |at: usize| at.checked_sub(1).map_or(0, |last| self.freed[last].1);
        let first = self.freed.partition_point(|&(at, _)| at < from);
        let last = self.freed.partition_point(|&(at, _)| at <= to);
        Bytes(until(last).saturating_sub(until(first)))
    }
}

/// When each call of each part began and ended.
struct Calls {
    /// By part, by start.
    spans: Vec<Vec<(Nanos, Nanos)>>,
}

impl Calls {
    fn of(pass: &Pass, parts: usize) -> Self {
        let mut spans = vec![Vec::new(); parts];
        for span in &pass.spans {
            spans[span.part as usize].push((span.start, span.start + span.time));
        }
        spans.iter_mut().for_each(|calls| calls.sort_unstable());
        Self { spans }
    }

    /// When the call of `part` that was going on at `at` ended.
    fn end(&self, part: u32, at: Nanos) -> Option<Nanos> {
        let calls = &self.spans[part as usize];
        let (_, end) = *calls.get(calls.partition_point(|&(start, _)| start <= at).checked_sub(1)?)?;
        (at <= end).then_some(end)
    }
}
