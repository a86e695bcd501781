//! The timeline of a run: pass → block → part → operator, and the memory beside it.

use super::nest::Nest;
use super::{Curve, Kind, Level, Slice, Stretch, Timeline, Track};
use crate::trace::operator::{Cut, Operator, Signature};
use crate::trace::run::{Pass, Run, median_repeat};
use crate::trace::{ByCategory, Category, PassMemory, Phase, Span};
use crate::units::{Bytes, Flops, Nanos, exactly};
use std::collections::{BTreeMap, HashMap};

/// Work of an operator by its shapes; `None` where it is not known.
pub type Counted<'a> = &'a dyn Fn(&Signature) -> Option<Flops>;

/// Operators lie deeper than any part.
const BELOW_PARTS: u32 = 1 << 16;

/// A timeline of one repeat of a run that grows pass by pass, each as soon as it has ended.
#[derive(Debug, Clone, Default)]
pub struct OfRun {
    timeline: Timeline,
    repeat: u32,
    /// Passes of the run that have been looked at.
    seen: usize,
    texts: Texts,
    /// How the parts and the signatures of the run show, as far as they were needed.
    parts: Vec<Shown>,
    signatures: Vec<Shown>,
    /// The track of each thread, and what is open on it.
    tracks: Vec<(u16, Nest)>,
    cut: Cut,
    moved: usize,
}

/// Names and details, each once.
#[derive(Debug, Clone, Default)]
struct Texts {
    names: HashMap<String, u32>,
    details: HashMap<String, u32>,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    name: u32,
    detail: u32,
    kind: Kind,
    /// How many parts it lies in, for a part.
    level: u32,
    flops: Option<Flops>,
}

impl Timeline {
    /// The timeline of a run that is over: its repeat that shows in tables, of the passes that were
    /// watched most closely. `counted` says what an operator computes.
    pub fn of_run(run: &Run, counted: Counted) -> Self {
        let mut timeline = OfRun::new(shown_repeat(run));
        timeline.add(run, true, counted);
        timeline.into_timeline()
    }
}

/// The repeat with the median wall time of those that were watched most closely.
pub fn shown_repeat(run: &Run) -> u32 {
    let most = run.passes.iter().map(|pass| pass.start.watched).max();
    let mut walls: BTreeMap<u32, Nanos> = BTreeMap::new();
    for pass in run.passes.iter().filter(|pass| Some(pass.start.watched) == most) {
        *walls.entry(pass.start.repeat).or_default() += pass.time.unwrap_or_default();
    }
    median_repeat(walls).map_or(0, |(repeat, _)| repeat)
}

impl OfRun {
    /// A timeline of this repeat, with nothing on it yet.
    pub fn new(repeat: u32) -> Self {
        let mut timeline = Timeline { details: vec![String::new()], ..Timeline::default() };
        timeline.tracks.push(Track { name: "model thread".into(), ..Track::default() });
        Self { timeline, repeat, tracks: vec![(0, Nest::default())], ..Self::default() }
    }

    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    pub fn into_timeline(self) -> Timeline {
        self.timeline
    }

    /// Takes in the passes that have ended since the last time, and, once the run `is_over`, the one that
    /// was cut off. Returns whether there were any. Always give the same run, as far as it has come.
    pub fn add(&mut self, run: &Run, is_over: bool, counted: Counted) -> bool {
        let before = self.timeline.stretches.len();
        while let Some(pass) = run.passes.get(self.seen) {
            if pass.time.is_none() && !is_over && self.seen + 1 == run.passes.len() {
                break;
            }
            self.seen += 1;
            if pass.start.repeat == self.repeat && pass.start.watched.has_parts() {
                self.know(run, counted);
                self.pass(run, pass);
            }
        }
        self.warn();
        self.timeline.stretches.len() > before
    }

    /// How the parts and signatures that came since the last pass will show.
    fn know(&mut self, run: &Run, counted: Counted) {
        let Self { timeline, texts, .. } = self;
        for part in &run.parts[self.parts.len().min(run.parts.len())..] {
            let (rest, last) = part.path.rsplit_once('.').unwrap_or(("", &part.path));
            let name = if rest == "blocks" { format!("block {last}") } else { last.to_owned() };
            let name = texts.name(timeline, &name);
            let level = part.parent.and_then(|parent| self.parts.get(parent as usize)).map_or(1, |p| p.level + 1);
            self.parts.push(Shown { name, detail: 0, kind: kind_of_part(&part.path), level, flops: None });
        }
        for signature in &run.signatures[self.signatures.len().min(run.signatures.len())..] {
            let name = texts.name(timeline, &signature.name);
            let detail = texts.detail(timeline, &shapes(signature));
            let flops = counted(signature);
            self.signatures.push(Shown { name, detail, kind: Kind::Operator, level: BELOW_PARTS, flops });
        }
    }

    fn pass(&mut self, run: &Run, pass: &Pass) {
        let first = run.passes.iter().find(|pass| pass.start.repeat == self.repeat);
        let zero = first.map_or(Nanos(0), |first| first.start.start);
        let mut at = pass.start.start - zero;
        if at < self.timeline.end {
            // A file that does not say when its passes began, or not rightly.
            at = self.timeline.end;
            self.moved += 1;
        }
        let spans = by_start(&pass.spans, |span| (span.start, self.parts[span.part as usize].level));
        let operators = by_start(&pass.operators, |operator| (operator.start, operator.depth));
        let last = |ends: &mut dyn Iterator<Item = Nanos>| ends.max().unwrap_or_default();
        let time = pass.time.unwrap_or_else(|| {
            let spans = last(&mut pass.spans.iter().map(|span| span.start + span.time));
            spans.max(last(&mut pass.operators.iter().map(|operator| operator.start + operator.time)))
        });
        let name = match pass.start.phase {
            Phase::Prefill => "prefill".to_owned(),
            Phase::Decode => format!("decode {}", pass.start.step),
        };
        let whole = Shown {
            name: self.texts.name(&mut self.timeline, &name),
            detail: self.texts.detail(&mut self.timeline, &positions(pass)),
            kind: Kind::Pass,
            level: 0,
            flops: None,
        };
        let from: Vec<usize> = self.timeline.tracks.iter().map(|track| track.slices.len()).collect();
        self.put(0, whole, at, time, Flops(0));
        let modelled = pass.operators.is_empty();
        let mut spans = spans.into_iter().peekable();
        for operator in operators {
            while let Some(span) = spans.next_if(|span| span.start <= operator.start) {
                self.span(span, at, modelled);
            }
            self.operator(operator, at);
        }
        spans.for_each(|span| self.span(span, at, modelled));
        self.add_work_up(&from);
        self.timeline.end = self.timeline.end.max(at + time);
        self.timeline.stretches.push(Stretch { name, start: at, time });
        if let Some(memory) = &pass.memory {
            self.curve(memory, at);
        }
        if let Some(cut) = pass.cut {
            self.cut.operators = self.cut.operators.saturating_add(cut.operators);
            self.cut.allocations = self.cut.allocations.saturating_add(cut.allocations);
        }
    }

    fn span(&mut self, span: &Span, at: Nanos, modelled: bool) {
        let shown = self.parts[span.part as usize];
        let flops = if modelled { span.flops } else { Flops(0) };
        self.put(0, shown, at + span.start, span.time, flops);
    }

    fn operator(&mut self, operator: &Operator, at: Nanos) {
        let shown = self.signatures[operator.signature as usize];
        let level = BELOW_PARTS + u32::from(operator.depth);
        let flops = shown.flops.unwrap_or_default();
        self.put(operator.thread, Shown { level, ..shown }, at + operator.start, operator.time, flops);
    }

    fn put(&mut self, thread: u16, shown: Shown, start: Nanos, time: Nanos, flops: Flops) {
        let at = self.tracks.iter().position(|(of, _)| *of == thread).unwrap_or_else(|| {
            self.tracks.push((thread, Nest::default()));
            self.timeline.tracks.push(Track { name: format!("thread {thread}"), ..Track::default() });
            self.tracks.len() - 1
        });
        let Shown { name, detail, kind, level, .. } = shown;
        let slice = Slice { name, detail, kind, depth: 0, parent: 0, start, time, own: time, flops };
        self.tracks[at].1.push(&mut self.timeline.tracks[at], slice, Some(level));
    }

    /// Gives every new slice whose own work is not known the work of what lies in it.
    fn add_work_up(&mut self, from: &[usize]) {
        for (at, track) in self.timeline.tracks.iter_mut().enumerate() {
            let first = from.get(at).copied().unwrap_or(0);
            let known: Vec<bool> = track.slices[first..].iter().map(|slice| slice.flops.0 > 0).collect();
            for index in (first..track.slices.len()).rev() {
                let Slice { parent, flops, .. } = track.slices[index];
                if let Some(parent) = (parent as usize).checked_sub(first)
                    && known.get(parent) == Some(&false)
                {
                    track.slices[first + parent].flops += flops;
                }
            }
        }
    }

    /// A level at the beginning of the pass, and at every allocation and free.
    fn curve(&mut self, memory: &PassMemory, at: Nanos) {
        if self.timeline.memory.is_empty() {
            self.timeline.memory.push(Curve { name: "memory".into(), points: Vec::new() });
        }
        let mut changes: Vec<(Nanos, bool, Category, Bytes)> = Vec::with_capacity(2 * memory.allocations.len());
        for piece in &memory.allocations {
            changes.extend(piece.start.map(|start| (start, false, piece.category, piece.bytes)));
            changes.extend(piece.end.map(|end| (end, true, piece.category, piece.bytes)));
        }
        // Stable, and what is taken comes before what is given back: a peak is not lost.
        changes.sort_by_key(|&(time, is_freed, ..)| (time, is_freed));
        let points = &mut self.timeline.memory[0].points;
        points.push((at, Level::Split(memory.before)));
        // Signed and wide: a file may free what was never taken.
        let mut levels = memory.before.0.map(|bytes| i128::from(bytes.0));
        for (time, is_freed, category, bytes) in changes {
            let bytes = i128::from(bytes.0);
            levels[category as usize] += if is_freed { -bytes } else { bytes };
            let level = levels.map(|level| Bytes(u64::try_from(level.max(0)).unwrap_or(u64::MAX)));
            points.push((at + time, Level::Split(ByCategory(level))));
        }
    }

    fn warn(&mut self) {
        let Cut { operators, allocations } = self.cut;
        let shortened: u64 = self.tracks.iter().map(|(_, nest)| nest.shortened).sum();
        let said = |n: u64, one: &str, many: &str, what: &str| {
            (n > 0).then(|| format!("{} {} {what}", exactly(n), if n == 1 { one } else { many }))
        };
        let cut = [
            said(operators, "operator", "operators", "did not fit").map(|text| format!("cut: {text}")),
            said(allocations, "allocation", "allocations", "did not fit").map(|text| format!("cut: {text}")),
            said(shortened, "slice", "slices", "overlapped and shown shorter"),
            said(self.moved as u64, "pass", "passes", "without a known beginning: put behind the one before"),
        ];
        self.timeline.warnings = cut.into_iter().flatten().collect();
    }
}

impl Texts {
    fn name(&mut self, timeline: &mut Timeline, text: &str) -> u32 {
        once(&mut self.names, &mut timeline.names, text)
    }

    fn detail(&mut self, timeline: &mut Timeline, text: &str) -> u32 {
        if text.is_empty() { 0 } else { once(&mut self.details, &mut timeline.details, text) }
    }
}

fn once(known: &mut HashMap<String, u32>, all: &mut Vec<String>, text: &str) -> u32 {
    if let Some(&index) = known.get(text) {
        return index;
    }
    all.push(text.to_owned());
    known.insert(text.to_owned(), all.len() as u32 - 1);
    all.len() as u32 - 1
}

/// What came, by a key; it mostly is so already.
fn by_start<T, K: Ord>(all: &[T], key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut sorted: Vec<&T> = all.iter().collect();
    if !sorted.is_sorted_by_key(|item| key(item)) {
        sorted.sort_by_key(|item| key(item));
    }
    sorted
}

fn kind_of_part(path: &str) -> Kind {
    let stage = path.strip_prefix("blocks.").and_then(|rest| rest.split_once('.')).map_or("", |(_, inside)| inside);
    match stage.split(['.', '_']).next() {
        Some("attn") => Kind::Attention,
        Some("mlp") => Kind::Mlp,
        _ => Kind::Part,
    }
}

/// `128 new positions`, `1 new position, 131 before it`.
fn positions(pass: &Pass) -> String {
    let (new, past) = (pass.start.n_new, pass.start.n_past);
    let positions = if new == 1 { "1 new position".to_owned() } else { format!("{new} new positions") };
    if past == 0 { positions } else { format!("{positions}, {past} before") }
}

/// `f32[512,576] f32[576,576] → f32[512,576]`
fn shapes(signature: &Signature) -> String {
    let said = |arguments: &[crate::trace::Argument]| {
        let all: Vec<String> = arguments.iter().map(ToString::to_string).filter(|text| !text.is_empty()).collect();
        all.join(" ")
    };
    match (said(&signature.inputs), said(&signature.outputs)) {
        (inputs, outputs) if outputs.is_empty() => inputs,
        (inputs, outputs) if inputs.is_empty() => format!("→ {outputs}"),
        (inputs, outputs) => format!("{inputs} → {outputs}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Allocation, Event, Part, PassStart, Watched};

    fn operator(signature: u32, depth: u16, start: u64, time: u64) -> Operator {
        let part = Some(1);
        Operator { signature, part, depth, thread: 0, start: Nanos(start), time: Nanos(time), sequence: None }
    }

    fn start(step: u32, start: u64) -> PassStart {
        let phase = if step == 0 { Phase::Prefill } else { Phase::Decode };
        let (step, watched, start) = (step.saturating_sub(1), Watched::Operators, Nanos(start));
        PassStart { phase, repeat: 0, step, n_new: 1, n_past: 0, watched, start }
    }

    fn span(part: u32, start: u64, time: u64) -> Span {
        Span { part, start: Nanos(start), time: Nanos(time), flops: Flops(1000), bytes: Bytes(0) }
    }

    fn signature(name: &str) -> Event {
        Event::Signature(Box::new(Signature { name: name.into(), ..Signature::default() }))
    }

    /// A part in a block, `linear` calling `mm` in it, twice; the first pass begins 500 ns into the run.
    fn run() -> Run {
        let mut run = Run::default();
        let part = |path: &str, parent| Event::Part(Part { path: path.into(), parent });
        let events = [part("blocks.0", None), part("blocks.0.mlp", Some(0)), signature("linear"), signature("mm")];
        events.into_iter().for_each(|event| run.apply(event));
        for (step, at) in [(0, 500), (1, 2000)] {
            run.apply(Event::PassStart(start(step, at)));
            run.apply(Event::Spans(vec![span(1, 20, 70), span(0, 10, 85)]));
            run.apply(Event::Operators(vec![operator(0, 0, 20, 60), operator(1, 1, 30, 40)]));
            run.apply(Event::PassEnd { time: Nanos(100) });
        }
        run
    }

    fn counted(signature: &Signature) -> Option<Flops> {
        (signature.name == "mm").then_some(Flops(7))
    }

    #[test]
    fn operators_lie_in_parts_and_passes_where_they_began() {
        let timeline = Timeline::of_run(&run(), &counted);
        let track = &timeline.tracks[0];
        let seen: Vec<_> = track
            .slices
            .iter()
            .map(|s| (timeline.names[s.name as usize].as_str(), s.depth, s.start.0, s.own.0, s.flops.0))
            .collect();
        let pass = |name, at| {
            [
                (name, 0, at, 15, 7),
                ("block 0", 1, at + 10, 15, 7),
                ("mlp", 2, at + 20, 10, 7),
                ("linear", 3, at + 20, 20, 7),
                ("mm", 4, at + 30, 40, 7),
            ]
        };
        assert_eq!(seen, [pass("prefill", 0), pass("decode 0", 1500)].concat());
        assert_eq!(track.slices[2].kind, Kind::Mlp);
        assert_eq!((timeline.end, timeline.stretches.len()), (Nanos(1600), 2));
        assert!(timeline.warnings.is_empty(), "{:?}", timeline.warnings);
    }

    #[test]
    fn without_operators_there_are_parts_with_their_modelled_work() {
        let mut run = run();
        run.passes.iter_mut().for_each(|pass| pass.operators.clear());
        let timeline = Timeline::of_run(&run, &counted);
        assert_eq!((timeline.tracks[0].rows, timeline.tracks[0].slices.len()), (3, 6));
        assert_eq!(timeline.tracks[0].slices[1].flops, Flops(1000));
    }

    #[test]
    fn a_timeline_that_grows_with_its_run_is_the_timeline_of_the_whole() {
        let whole = run();
        let (mut partial, mut growing) = (Run::default(), OfRun::new(0));
        for event in whole.events() {
            partial.apply(event);
            growing.add(&partial, false, &counted);
        }
        assert_eq!(*growing.timeline(), Timeline::of_run(&whole, &counted));
    }

    #[test]
    fn other_threads_have_tracks_of_their_own() {
        let mut run = run();
        run.passes[0].operators[1].thread = 3;
        let timeline = Timeline::of_run(&run, &counted);
        assert_eq!(timeline.tracks.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["model thread", "thread 3"]);
        assert_eq!((timeline.tracks[1].slices[0].depth, timeline.tracks[1].slices[0].start), (0, Nanos(30)));
    }

    #[test]
    fn the_curve_has_a_level_at_every_change_and_goes_on_over_passes() {
        let mut run = run();
        let piece = |category, start: Option<u64>, end: Option<u64>, bytes| Allocation {
            part: None,
            operator: None,
            category,
            start: start.map(Nanos),
            end: end.map(Nanos),
            bytes: Bytes(bytes),
        };
        let memory = |before: [u64; 4], allocations| {
            Some(Box::new(PassMemory { before: ByCategory(before.map(Bytes)), allocations, resident: None }))
        };
        let (activations, temporaries) = (Category::Activations, Category::Temporaries);
        run.passes[0].memory = memory(
            [1000, 0, 0, 0],
            vec![piece(activations, Some(20), None, 64), piece(temporaries, Some(30), Some(40), 8)],
        );
        run.passes[1].memory = memory([1000, 0, 64, 0], vec![piece(activations, None, Some(5), 64)]);
        let timeline = Timeline::of_run(&run, &counted);
        let totals: Vec<_> = timeline.memory[0].points.iter().map(|(time, level)| (time.0, level.total().0)).collect();
        assert_eq!(totals, [(0, 1000), (20, 1064), (30, 1072), (40, 1064), (1500, 1064), (1505, 1000)]);
    }

    #[test]
    fn what_was_cut_and_what_does_not_fit_is_said() {
        let mut run = run();
        run.passes[0].cut = Some(Cut { operators: 12_345, allocations: 1 });
        run.passes[1].start.start = Nanos(0);
        run.passes[1].operators[0].time = Nanos(1_000_000);
        let warnings = Timeline::of_run(&run, &counted).warnings;
        assert_eq!(warnings[0], "cut: 12,345 operators did not fit");
        assert_eq!(warnings[1], "cut: 1 allocation did not fit");
        assert!(warnings[2].starts_with("1 slice ") && warnings[3].starts_with("1 pass "), "{warnings:?}");
    }

    #[test]
    fn of_several_repeats_the_traced_one_is_shown() {
        let mut run = run();
        let mut parts_only = run.passes[0].clone();
        (parts_only.start.repeat, parts_only.start.watched) = (7, Watched::Parts);
        run.passes.insert(0, parts_only);
        assert_eq!(shown_repeat(&run), 0);
        assert_eq!(Timeline::of_run(&run, &counted).stretches.len(), 2);
    }

    #[test]
    fn shapes_read_from_inputs_to_outputs() {
        use crate::trace::operator::{Argument, Dtype, Tensor};
        let tensor = |sizes: &[u64]| Argument::Tensor(Tensor { dtype: Dtype::F32, sizes: sizes.to_vec() });
        let signature = Signature {
            inputs: vec![tensor(&[2, 3]), Argument::Other, Argument::Int(-1)],
            outputs: vec![tensor(&[3])],
            ..Signature::default()
        };
        assert_eq!(shapes(&signature), "f32[2,3] -1 → f32[3]");
        assert_eq!(shapes(&Signature::default()), "");
    }
}
