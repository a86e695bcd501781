//! The timeline of a run: pass → block → part → operator, and the memory beside it.

#[cfg(test)]
mod tests;

use super::names::Names;
use super::nest::Nest;
use super::{Curve, Level, Section, Slice, SliceKind, Timeline, Track};
use crate::record::operator::{Cut, Operator, Signature};
use crate::record::run::{Pass, Run, median_repeat};
use crate::record::{Argument, PassMemory, Phase, Span};
use crate::units::{Flops, Nanos, exactly};
use std::collections::{BTreeMap, HashMap};

/// Work of an operator by its shapes; `None` where it is not known.
pub type Counted<'a> = &'a dyn Fn(&Signature) -> Option<Flops>;

/// Operators lie deeper than any part.
const BELOW_PARTS: u32 = 1 << 16;

impl Timeline {
    /// The timeline of a run, as far as it has come: its repeat that shows in tables, of the passes that were
    /// watched most closely. `counted` says what an operator computes.
    pub fn of_run(run: &Run, counted: Counted) -> Self {
        let repeat = shown_repeat(run);
        let mut shown = run.passes.iter().filter(|pass| pass.start.repeat == repeat).peekable();
        let zero = shown.peek().map_or(Nanos(0), |first| first.start.start);
        let mut building = Building::new(run, counted);
        for pass in shown.filter(|pass| pass.start.watched.has_parts()) {
            building.pass(pass, pass.start.start - zero);
        }
        building.finished()
    }
}

/// The repeat with the median wall time of those that were watched most closely and got furthest.
fn shown_repeat(run: &Run) -> u32 {
    let most = run.passes.iter().map(|pass| pass.start.watched).max();
    let mut repeats: BTreeMap<u32, (usize, Nanos)> = BTreeMap::new();
    for pass in run.passes.iter().filter(|pass| Some(pass.start.watched) == most) {
        let (ended, wall) = repeats.entry(pass.start.repeat).or_default();
        *ended += usize::from(pass.time.is_some());
        *wall += pass.time.unwrap_or_default();
    }
    // One that was cut off is shown only if none got further.
    let furthest = repeats.values().map(|&(ended, _)| ended).max();
    repeats.retain(|_, &mut (ended, _)| Some(ended) == furthest);
    median_repeat(repeats.into_iter().map(|(repeat, (_, wall))| (repeat, wall)).collect())
        .map_or(0, |(repeat, _)| repeat)
}

/// A timeline that passes are added to, one after another.
#[derive(Default)]
struct Building {
    timeline: Timeline,
    names: Names,
    details: Names,
    /// How the parts and the signatures of the run show.
    parts: Vec<Shown>,
    signatures: Vec<Shown>,
    /// The track of each thread, and what is open on every track.
    threads: HashMap<u16, usize>,
    nests: Vec<Nest>,
    cut: Cut,
    moved: u64,
}

#[derive(Clone, Copy)]
struct Shown {
    name: u32,
    detail: u32,
    kind: SliceKind,
    /// How many passes and parts it lies in, for a part.
    level: u32,
    flops: Flops,
}

impl Building {
    fn new(run: &Run, counted: Counted) -> Self {
        let mut building = Self::default();
        building.details.id("");
        building.track(0);
        for part in &run.parts {
            let outer = part.parent.and_then(|parent| building.parts.get(parent as usize));
            let level = outer.map_or(1, |outer| outer.level + 1);
            let (name, kind) = (building.names.id(&part.name()), SliceKind::of_part(&part.path));
            building.parts.push(Shown { name, detail: 0, kind, level, flops: Flops(0) });
        }
        for signature in &run.signatures {
            let (name, detail) = (building.names.id(&signature.name), building.details.id(&shapes(signature)));
            let flops = counted(signature).unwrap_or_default();
            building.signatures.push(Shown { name, detail, kind: SliceKind::Operator, level: BELOW_PARTS, flops });
        }
        building
    }

    /// The index of a thread's track, which is made when it is asked for first.
    fn track(&mut self, thread: u16) -> usize {
        *self.threads.entry(thread).or_insert_with(|| {
            let name = if thread == 0 { "model thread".to_owned() } else { format!("thread {thread}") };
            self.timeline.tracks.push(Track { name, ..Track::default() });
            self.nests.push(Nest::default());
            self.nests.len() - 1
        })
    }

    /// Adds a pass that began `at`, or as soon as the one before it had ended: a file may say neither, or wrongly.
    fn pass(&mut self, pass: &Pass, at: Nanos) {
        self.moved += u64::from(at < self.timeline.end);
        let at = at.max(self.timeline.end);
        let time = pass.time.unwrap_or_else(|| {
            let spans = pass.spans.iter().map(|span| span.start + span.time);
            spans.chain(pass.operators.iter().map(|operator| operator.start + operator.time)).max().unwrap_or_default()
        });
        let name = match pass.start.phase {
            Phase::Prefill => "prefill".to_owned(),
            Phase::Decode => format!("decode {}", pass.start.step.saturating_add(1)),
        };
        let (id, detail) = (self.names.id(&name), self.details.id(&positions(pass)));
        self.put(0, Shown { name: id, detail, kind: SliceKind::Pass, level: 0, flops: Flops(0) }, at, time);
        let spans = by_start(&pass.spans, |span| (span.start, self.parts[span.part as usize].level));
        let modelled = pass.operators.is_empty();
        let mut spans = spans.into_iter().peekable();
        for operator in by_start(&pass.operators, |operator| (operator.start, operator.depth)) {
            while let Some(span) = spans.next_if(|span| span.start <= operator.start) {
                self.span(span, at, modelled);
            }
            self.operator(operator, at);
        }
        spans.for_each(|span| self.span(span, at, modelled));
        self.timeline.end = at + time;
        self.timeline.sections.push(Section { name, start: at, time });
        if let Some(memory) = &pass.memory {
            self.curve(memory, at);
        }
        if let Some(cut) = pass.cut {
            self.cut.operators = self.cut.operators.saturating_add(cut.operators);
            self.cut.allocations = self.cut.allocations.saturating_add(cut.allocations);
        }
    }

    fn span(&mut self, span: &Span, at: Nanos, modelled: bool) {
        let flops = if modelled { span.flops } else { Flops(0) };
        let shown = Shown { flops, ..self.parts[span.part as usize] };
        self.put(0, shown, at + span.start, span.time);
    }

    fn operator(&mut self, operator: &Operator, at: Nanos) {
        let shown = self.signatures[operator.signature as usize];
        let level = BELOW_PARTS + u32::from(operator.depth);
        self.put(operator.thread, Shown { level, ..shown }, at + operator.start, operator.time);
    }

    fn put(&mut self, thread: u16, shown: Shown, start: Nanos, time: Nanos) {
        let track = self.track(thread);
        let Shown { name, detail, kind, level, flops } = shown;
        let slice = Slice { name, detail, kind, depth: 0, parent: 0, start, time, own: time, flops };
        self.nests[track].push(&mut self.timeline.tracks[track], slice, Some(level));
    }

    fn curve(&mut self, memory: &PassMemory, at: Nanos) {
        if self.timeline.memory.is_empty() {
            self.timeline.memory.push(Curve { name: "memory".into(), points: Vec::new() });
        }
        let levels = memory.levels().into_iter().map(|(time, level)| (at + time, Level::Split(level)));
        self.timeline.memory[0].points.extend(levels);
    }

    fn finished(mut self) -> Timeline {
        self.timeline.tracks.iter_mut().for_each(add_work_up);
        self.timeline.warnings = self.warnings();
        self.timeline.names = self.names.into_list();
        self.timeline.details = self.details.into_list();
        self.timeline
    }

    fn warnings(&self) -> Vec<String> {
        let shortened = self.nests.iter().map(|nest| nest.shortened).sum();
        let said = |n: u64, one: &str, many: &str, what: &str| {
            (n > 0).then(|| format!("{} {} {what}", exactly(n), if n == 1 { one } else { many }))
        };
        let Cut { operators, allocations } = self.cut;
        let all = [
            said(operators, "operator", "operators", "did not fit").map(|text| format!("cut: {text}")),
            said(allocations, "allocation", "allocations", "did not fit").map(|text| format!("cut: {text}")),
            said(shortened, "slice", "slices", "overlapped and shown shorter"),
            said(self.moved, "pass", "passes", "without a known beginning: put behind the one before"),
        ];
        all.into_iter().flatten().collect()
    }
}

/// Gives every slice whose own work is not known the work of what lies in it.
fn add_work_up(track: &mut Track) {
    let known: Vec<bool> = track.slices.iter().map(|slice| slice.flops.0 > 0).collect();
    for index in (0..track.slices.len()).rev() {
        let Slice { parent, flops, .. } = track.slices[index];
        if known.get(parent as usize) == Some(&false) {
            track.slices[parent as usize].flops += flops;
        }
    }
}

/// What came, by a key; it mostly is so already.
fn by_start<T, K: Ord>(all: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut sorted: Vec<&T> = all.iter().collect();
    if !sorted.is_sorted_by_key(|item| key(item)) {
        sorted.sort_by_key(|item| key(item));
    }
    sorted
}

/// `128 new positions`, `1 new position, 131 before it`.
fn positions(pass: &Pass) -> String {
    let (new, past) = (pass.start.n_new, pass.start.n_past);
    let positions = if new == 1 { "1 new position".to_owned() } else { format!("{new} new positions") };
    if past == 0 { positions } else { format!("{positions}, {past} before") }
}

/// `f32[512,576] f32[576,576] → f32[512,576]`
fn shapes(signature: &Signature) -> String {
    let said = |arguments: &[Argument]| {
        let all: Vec<String> = arguments.iter().map(ToString::to_string).filter(|text| !text.is_empty()).collect();
        all.join(" ")
    };
    match (said(&signature.inputs), said(&signature.outputs)) {
        (inputs, outputs) if outputs.is_empty() => inputs,
        (inputs, outputs) if inputs.is_empty() => format!("→ {outputs}"),
        (inputs, outputs) => format!("{inputs} → {outputs}"),
    }
}
