//! A timeline laid out for drawing and for finding things in it.

use crate::analyse::timeline::{Grouped, Rows, Slice, SliceKind, Timeline};
use crate::analyse::work::{Work, work};
use crate::arch::path::{full_name_of, name_of};
use crate::record::{Run, Signature};
use crate::units::Nanos;
use std::cmp::Reverse;
use std::collections::HashMap;

/// How many of the slowest slices one can go through.
const SLOWEST: usize = 100;

/// A slice: which one of which track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct At {
    pub track: usize,
    pub slice: u32,
}

/// A timeline with what is needed to draw any part of it at once.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    pub timeline: Timeline,
    /// Of each track.
    pub rows: Vec<Rows>,
    /// By own time, the longest first.
    pub slowest: Vec<At>,
    /// Of each name, the slice that takes longest.
    longest: Vec<Option<At>>,
    /// Slices by name: all of them, operators and kernels, parts and modules.
    pub all: Vec<Grouped>,
    pub operators: Vec<Grouped>,
    pub modules: Vec<Grouped>,
}

/// A line of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartLine {
    /// The name of a track.
    Title(usize),
    /// A row of a track.
    Row(usize, u16),
}

impl Chart {
    pub fn new(timeline: Timeline) -> Self {
        let rows = timeline.tracks.iter().map(Rows::of).collect();
        let is_operator = |kind| matches!(kind, SliceKind::Operator | SliceKind::Kernel);
        let is_module =
            |kind| matches!(kind, SliceKind::Module | SliceKind::Part | SliceKind::Attention | SliceKind::Mlp);
        Self {
            rows,
            slowest: slowest(&timeline),
            longest: longest(&timeline),
            all: timeline.grouped(|_| true),
            operators: timeline.grouped(is_operator),
            modules: timeline.grouped(is_module),
            timeline,
        }
    }

    /// The repeat of a run that its tables show.
    pub fn of_run(run: &Run) -> Self {
        let counted = |signature: &Signature| match work(signature) {
            Work::Counted(flops) => Some(flops),
            Work::Unknown => None,
        };
        let mut timeline = Timeline::of_run(run, &counted);
        name_parts(&mut timeline, run);
        Self::new(timeline)
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.timeline.tracks.iter().all(|track| track.slices.is_empty())
    }

    pub fn slice(&self, at: At) -> &Slice {
        &self.timeline.tracks[at.track].slices[at.slice as usize]
    }

    pub fn name(&self, at: At) -> &str {
        &self.timeline.names[self.slice(at).name as usize]
    }

    /// The slice that it lies in.
    pub fn parent(&self, at: At) -> Option<At> {
        let slice = self.slice(at).parent;
        (slice != Slice::NO_PARENT).then_some(At { slice, ..at })
    }

    /// What it lies in, the nearest first.
    pub fn ancestors(&self, at: At) -> impl Iterator<Item = At> {
        std::iter::successors(self.parent(at), |&at| self.parent(at))
    }

    /// The stage of a block that a slice belongs to, or else its own kind.
    pub fn stage(&self, at: At) -> SliceKind {
        let is_stage = |kind: &SliceKind| matches!(kind, SliceKind::Attention | SliceKind::Mlp);
        let kinds = std::iter::once(at).chain(self.ancestors(at)).map(|at| self.slice(at).kind);
        kinds.take(16).find(is_stage).unwrap_or(self.slice(at).kind)
    }

    /// The lines of the chart from above; a single track needs no title.
    pub fn lines(&self) -> Vec<ChartLine> {
        let tracks = self.timeline.tracks.iter().enumerate().filter(|(_, track)| !track.slices.is_empty());
        let has_titles = tracks.clone().count() > 1;
        let lines = tracks.flat_map(|(index, track)| {
            let title = has_titles.then_some(ChartLine::Title(index));
            title.into_iter().chain((0..track.rows).map(move |depth| ChartLine::Row(index, depth)))
        });
        lines.collect()
    }

    /// The slice inside that is nearest to a moment.
    pub fn inside(&self, at: At, moment: Nanos) -> Option<At> {
        let track = self.timeline.tracks.get(at.track)?;
        let inside = self.rows[at.track].inside(track, at.slice);
        let away = |&slice: &u32| {
            let slice = &track.slices[slice as usize];
            (slice.start - moment).0.max((moment - slice.end()).0)
        };
        inside.min_by_key(away).map(|slice| At { slice, ..at })
    }

    /// The outermost slice of another track, `by` tracks further, that is nearest to a moment.
    pub fn on_track(&self, track: usize, by: isize, moment: Nanos) -> Option<At> {
        let mut track = track;
        loop {
            track = track.checked_add_signed(by)?;
            let (rows, of) = (self.rows.get(track)?, self.timeline.tracks.get(track)?);
            let outermost = rows.slices(0);
            let after = outermost.partition_point(|&slice| of.slices[slice as usize].end() < moment);
            if let Some(&slice) = outermost.get(after).or(outermost.last()) {
                return Some(At { track, slice });
            }
        }
    }

    /// The next slice of a name after one (before it, if not `forward`), by start; then round again.
    pub fn next_named(&self, name: u32, from: At, forward: bool) -> Option<At> {
        let place = |at: At| (self.slice(at).start, at.track, at.slice);
        let here = place(from);
        let named = self.timeline.tracks.iter().enumerate().flat_map(|(track, of)| {
            let named = of.slices.iter().enumerate().filter(|(_, slice)| slice.name == name);
            named.map(move |(slice, _)| At { track, slice: slice as u32 })
        });
        if forward {
            named.min_by_key(|&at| (place(at) <= here, place(at)))
        } else {
            named.max_by_key(|&at| (place(at) < here, place(at)))
        }
    }

    /// The slice of a name that takes longest.
    pub fn longest_named(&self, name: u32) -> Option<At> {
        self.longest.get(name as usize).copied().flatten()
    }
}

/// Parts are called on the Timeline what they are called on the other screens.
fn name_parts(timeline: &mut Timeline, run: &Run) {
    let mut shown: HashMap<String, String> = HashMap::new();
    for part in &run.parts {
        let (plain, name) = (part.name(), name_of(&part.path));
        // Two parts that are not the same are not added up under one name.
        let is_taken = shown.iter().any(|(other, taken)| *other != plain && *taken == name);
        shown.entry(plain).or_insert_with(|| if is_taken { full_name_of(&part.path) } else { name });
    }
    for name in &mut timeline.names {
        if let Some(shown) = shown.get(name.as_str()) {
            name.clone_from(shown);
        }
    }
}

/// Of each name the slice that takes longest; of several the first.
fn longest(timeline: &Timeline) -> Vec<Option<At>> {
    let mut longest: Vec<Option<(Nanos, At)>> = vec![None; timeline.names.len()];
    for (track, of) in timeline.tracks.iter().enumerate() {
        for (slice, of) in of.slices.iter().enumerate() {
            let Some(best) = longest.get_mut(of.name as usize) else { continue };
            if best.is_none_or(|(time, _)| of.time > time) {
                *best = Some((of.time, At { track, slice: slice as u32 }));
            }
        }
    }
    longest.into_iter().map(|best| best.map(|(_, at)| at)).collect()
}

/// What takes longest itself. A pass, a step or a named region only holds what happens in it.
fn slowest(timeline: &Timeline) -> Vec<At> {
    let mut all: Vec<(Reverse<Nanos>, usize, u32)> = Vec::new();
    for (track, of) in timeline.tracks.iter().enumerate() {
        let does_work =
            |slice: &Slice| !matches!(slice.kind, SliceKind::Pass | SliceKind::Annotation | SliceKind::Module);
        let own = of.slices.iter().enumerate().filter(|(_, slice)| does_work(slice) && slice.own.0 > 0);
        all.extend(own.map(|(index, slice)| (Reverse(slice.own), track, index as u32)));
    }
    if all.len() > SLOWEST {
        all.select_nth_unstable(SLOWEST);
        all.truncate(SLOWEST);
    }
    all.sort_unstable();
    all.into_iter().map(|(_, track, slice)| At { track, slice }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixture::traced_run;

    fn named<'a>(chart: &'a Chart, name: &str) -> &'a Grouped {
        let named = |group: &&Grouped| chart.timeline.names[group.name as usize] == name;
        chart.all.iter().find(named).unwrap()
    }

    #[test]
    fn a_run_has_its_passes_its_parts_and_its_operators() {
        let chart = Chart::of_run(&traced_run());
        let sections: Vec<_> = chart.timeline.sections.iter().map(|stretch| stretch.name.as_str()).collect();
        assert_eq!(sections, ["prefill", "decode 1", "decode 2", "decode 3", "decode 4"]);
        assert_eq!(named(&chart, "block 1").calls, 5);
        assert!(chart.operators.iter().all(|group| chart.timeline.names[group.name as usize].contains("::")));
        assert!(!chart.operators.is_empty() && !chart.modules.is_empty() && !chart.is_empty());
        let lines = chart.lines();
        assert_eq!(lines[0], ChartLine::Row(0, 0), "a single track needs no title");
        assert!(lines.len() >= 5, "pass, block, stage, part, operator");
    }

    #[test]
    fn going_in_and_out_ends_where_it_began() {
        let chart = Chart::of_run(&traced_run());
        let pass = At::default();
        let block = chart.inside(pass, Nanos(0)).unwrap();
        assert_eq!(chart.parent(block), Some(pass));
        assert_eq!(chart.name(chart.inside(pass, chart.slice(pass).end()).unwrap()), "LM head");
        let deepest = std::iter::successors(Some(pass), |&at| chart.inside(at, Nanos(0))).last().unwrap();
        assert!(chart.name(deepest).contains("::"));
        assert_eq!(chart.ancestors(deepest).last(), Some(pass));
    }

    #[test]
    fn names_are_gone_through_in_a_circle() {
        let chart = Chart::of_run(&traced_run());
        let name = named(&chart, "block 1").name;
        let mut at = chart.longest_named(name).unwrap();
        assert_eq!(chart.name(at), "block 1");
        let begin = at;
        let mut starts = Vec::new();
        for _ in 0..5 {
            starts.push(chart.slice(at).start);
            at = chart.next_named(name, at, true).unwrap();
        }
        assert_eq!(at, begin);
        starts.sort_unstable();
        starts.dedup();
        assert_eq!(starts.len(), 5);
        assert_eq!(chart.next_named(name, chart.next_named(name, at, false).unwrap(), true), Some(begin));
    }

    #[test]
    fn the_slowest_come_by_their_own_time() {
        let chart = Chart::of_run(&traced_run());
        let own: Vec<_> = chart.slowest.iter().map(|&at| chart.slice(at).own).collect();
        assert!(own.is_sorted_by(|a, b| a >= b) && own.len() > 20);
        let most = chart.timeline.tracks[0].slices.iter().filter(|slice| slice.kind != SliceKind::Pass);
        assert_eq!(own.first().copied(), most.map(|slice| slice.own).max());
    }
}
