//! A run: everything that was measured about it, and the table of parts that it adds up to.

use super::event::{Event, Part, PassStart, Phase, Span, Status, Token, Watched};
use super::header::Header;
use super::memory::PassMemory;
use super::operator::{Cut, Operator, Signature};
use super::peaks::Peaks;
use crate::record::quartiles::Quartiles;
use crate::units::{Bytes, Flops, Nanos};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A run as far as it is known: complete, still going on, or cut off.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    pub header: Header,
    /// Every part seen, parents before children, in the order in which the model runs them.
    pub parts: Vec<Part>,
    /// What the machine can do at most, where it was measured.
    pub peaks: Option<Box<Peaks>>,
    /// Every operator seen in a traced pass, with its shapes.
    pub signatures: Vec<Signature>,
    pub passes: Vec<Pass>,
    pub tokens: Vec<Token>,
    /// `None` while it goes on, or for a run that was killed.
    pub status: Option<Status>,
    /// Lines of a newer version that this one does not understand; written back as they are.
    pub unknown: Vec<serde_json::Value>,
}

/// One forward pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    pub start: PassStart,
    pub spans: Vec<Span>,
    /// By start; only of a traced pass.
    pub operators: Vec<Operator>,
    pub memory: Option<Box<PassMemory>>,
    /// What was left out of a traced pass, if anything was.
    pub cut: Option<Cut>,
    /// Wall time; `None` while it goes on.
    pub time: Option<Nanos>,
}

impl Pass {
    /// A pass that has just begun.
    pub fn new(start: PassStart) -> Self {
        Self { start, spans: Vec::new(), operators: Vec::new(), memory: None, cut: None, time: None }
    }
}

/// One row of the table of parts: a part, over the passes that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Index into [`Run::parts`].
    pub part: u32,
    /// How often it ran, over all passes and repeats.
    pub calls: u32,
    /// Time per repeat: its executions in one repeat added up.
    pub time: Quartiles,
    /// Its time in the repeat whose wall time is the median one. Medians of parts add up to nothing in
    /// particular; these add up to that wall time.
    pub typical: Nanos,
    /// Work of one repeat.
    pub flops: Flops,
    /// Compulsory traffic of one repeat.
    pub bytes: Bytes,
}

impl Row {
    /// How often it ran in one repeat, to which its time, work and traffic belong too.
    pub fn calls_of_one_repeat(&self) -> u32 {
        // Only a last, cut repeat has fewer calls than the others.
        self.calls.div_ceil(u32::try_from(self.time.n).unwrap_or(u32::MAX).max(1))
    }
}

impl Run {
    /// Takes in what happened next. Events that make no sense at this point are ignored: a file may
    /// have been cut or written by hand.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Header(header) => self.header = *header,
            Event::Part(part) => {
                if part.parent.is_none_or(|parent| (parent as usize) < self.parts.len()) {
                    self.parts.push(part);
                }
            }
            Event::Peaks(peaks) => self.peaks = Some(peaks),
            Event::Signature(signature) => self.signatures.push(*signature),
            Event::PassStart(start) => self.passes.push(Pass::new(start)),
            Event::Spans(spans) => {
                let parts = self.parts.len();
                if let Some(pass) = self.passes.last_mut() {
                    pass.spans.extend(spans.into_iter().filter(|span| (span.part as usize) < parts));
                }
            }
            Event::Operators(operators) => {
                let (parts, signatures) = (self.parts.len(), self.signatures.len());
                let known = |operator: &Operator| {
                    (operator.signature as usize) < signatures
                        && operator.part.is_none_or(|part| (part as usize) < parts)
                };
                if let Some(pass) = self.passes.last_mut() {
                    pass.operators.extend(operators.into_iter().filter(known));
                }
            }
            Event::Memory(mut memory) => {
                let parts = self.parts.len();
                memory.allocations.retain(|made| made.part.is_none_or(|part| (part as usize) < parts));
                if let Some(pass) = self.passes.last_mut() {
                    pass.memory = Some(memory);
                }
            }
            Event::Cut(cut) => {
                if let Some(pass) = self.passes.last_mut() {
                    pass.cut = Some(cut);
                }
            }
            Event::PassEnd { time } => {
                if let Some(pass) = self.passes.last_mut() {
                    pass.time = Some(time);
                }
            }
            Event::Token(token) => self.tokens.push(token),
            Event::End(status) => self.status = Some(status),
            Event::Unknown(line) => self.unknown.push(line),
        }
    }

    /// The events that rebuild this run when they are applied in order.
    pub fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::Header(Box::new(self.header.clone()))];
        events.extend(self.peaks.clone().map(Event::Peaks));
        events.extend(self.parts.iter().cloned().map(Event::Part));
        events.extend(self.signatures.iter().cloned().map(Box::new).map(Event::Signature));
        let mut tokens = self.tokens.iter().peekable();
        for pass in &self.passes {
            let start = pass.start;
            events.push(Event::PassStart(start));
            if !pass.spans.is_empty() {
                events.push(Event::Spans(pass.spans.clone()));
            }
            if !pass.operators.is_empty() {
                events.push(Event::Operators(pass.operators.clone()));
            }
            events.extend(pass.memory.clone().map(Event::Memory));
            events.extend(pass.cut.map(Event::Cut));
            events.extend(pass.time.map(|time| Event::PassEnd { time }));
            // The prefill chooses token 0, decode step n chooses token n + 1.
            let made = u64::from(start.step) + u64::from(start.phase == Phase::Decode);
            let of_this_pass = |token: &&Token| token.repeat == start.repeat && u64::from(token.step) == made;
            events.extend(std::iter::from_fn(|| tokens.next_if(of_this_pass)).cloned().map(Event::Token));
        }
        events.extend(tokens.cloned().map(Event::Token));
        events.extend(self.unknown.iter().cloned().map(Event::Unknown));
        events.extend(self.status.clone().map(Event::End));
        events
    }

    /// The table of parts over the recorded passes of `phase` (`None`: prefill and decode together).
    /// A row for every part that ran, in the model's order.
    pub fn rows(&self, phase: Option<Phase>) -> Vec<Row> {
        self.rows_by(phase, |part| part)
    }

    /// The same with several parts added up in one row: `row` says, for a part, which part stands for
    /// its row. A part and one inside it must not share a row, or time would be counted twice.
    pub fn rows_by(&self, phase: Option<Phase>, row: impl Fn(u32) -> u32) -> Vec<Row> {
        // By part, then by repeat. The repeats are numbers out of a file: nothing may be as long as they are large.
        let mut sums: Vec<Vec<(u32, Sum)>> = vec![Vec::new(); self.parts.len()];
        // Half a decode step beside whole ones would give every part another number of steps. A prefill
        // that goes on, or was cut off, shows as far as it came.
        let counts = |pass: &&Pass| pass.start.phase == Phase::Prefill || pass.time.is_some();
        let wanted = |pass: &&Pass| phase.is_none_or(|phase| pass.start.phase == phase);
        for pass in self.passes.iter().filter(wanted).filter(counts) {
            let repeat = pass.start.repeat;
            for span in &pass.spans {
                let Some(sums) = sums.get_mut(row(span.part) as usize) else { continue };
                match sums.last_mut() {
                    Some((last, sum)) if *last == repeat => sum.add(Sum::of(span)),
                    _ => sums.push((repeat, Sum::of(span))),
                }
            }
        }
        let typical = self.typical_repeat(phase).map(|(repeat, _)| repeat);
        let row = |(part, mut repeats): (usize, Vec<(u32, Sum)>)| {
            repeats.sort_by_key(|(repeat, _)| *repeat);
            repeats.dedup_by(|(later, more), (first, sum)| {
                let same = later == first;
                if same {
                    sum.add(*more);
                }
                same
            });
            let times: Vec<Nanos> = repeats.iter().map(|(_, sum)| sum.time).collect();
            // Work does not vary between repeats of one configuration; a last, cut one would be short.
            let (_, most) = repeats.iter().max_by_key(|(_, sum)| (sum.flops, sum.bytes))?;
            let time = Quartiles::of(&times)?;
            let typical = repeats.iter().find(|(repeat, _)| Some(*repeat) == typical);
            Some(Row {
                part: part as u32,
                calls: repeats.iter().map(|(_, sum)| sum.calls).sum(),
                typical: typical.map_or(time.median, |(_, sum)| sum.time),
                time,
                flops: most.flops,
                bytes: most.bytes,
            })
        };
        sums.into_iter().enumerate().filter_map(row).collect()
    }

    /// Wall time of the recorded passes of `phase`, per repeat.
    pub fn wall(&self, phase: Option<Phase>) -> Option<Quartiles> {
        self.wall_where(phase, |start| start.watched.has_parts())
    }

    /// The recorded repeat of `phase` that shows in tables, and its wall time: the one with the median.
    pub fn typical_repeat(&self, phase: Option<Phase>) -> Option<(u32, Nanos)> {
        median_repeat(self.walls(phase, |start| start.watched.has_parts()))
    }

    /// Time to the first token: median over the repeats, from the passes whose parts were not timed
    /// where there are such, else from the recorded ones.
    pub fn ttft(&self) -> Option<Quartiles> {
        let times: Vec<Nanos> = self.headline_tokens().filter(|t| t.step == 0).map(|t| t.latency).collect();
        Quartiles::of(&times)
    }

    /// Time per further token, over all further tokens of all headline repeats.
    pub fn tpot(&self) -> Option<Quartiles> {
        let times: Vec<Nanos> = self.headline_tokens().filter(|t| t.step > 0).map(|t| t.latency).collect();
        Quartiles::of(&times)
    }

    /// Prompt tokens per second, of all sequences together: positions of a prefill over its median wall time.
    pub fn prefill_tokens_per_s(&self) -> Option<f64> {
        let time = self.headline_wall(Phase::Prefill)?.median;
        let tokens = f64::from(self.header.prompt_tokens) * f64::from(self.header.batch());
        (time.0 > 0).then(|| tokens / time.seconds())
    }

    /// Wall time of the passes of `phase` in each headline repeat.
    pub fn headline_wall(&self, phase: Phase) -> Option<Quartiles> {
        let plain = self.has_plain_passes();
        self.wall_where(Some(phase), |start| start.watched.has_parts() != plain)
    }

    /// New tokens per second while decoding, of all sequences together: a token of each over the mean time per
    /// further token.
    pub fn decode_tokens_per_s(&self) -> Option<f64> {
        let (mut n, mut time) = (0u32, Nanos(0));
        for token in self.headline_tokens().filter(|token| token.step > 0) {
            n += 1;
            time += token.latency;
        }
        (time.0 > 0).then(|| f64::from(n) * f64::from(self.header.batch()) / time.seconds())
    }

    /// Mean time per further token in each headline repeat: how much the decode rate varies.
    pub fn decode_pace(&self) -> Option<Quartiles> {
        let mut repeats: BTreeMap<u32, (u64, Nanos)> = BTreeMap::new();
        for token in self.headline_tokens().filter(|token| token.step > 0) {
            let (n, time) = repeats.entry(token.repeat).or_default();
            *n += 1;
            *time += token.latency;
        }
        Quartiles::of(&repeats.into_values().map(|(n, time)| Nanos(time.0 / n)).collect::<Vec<_>>())
    }

    /// The parts directly inside `parent` (`None`: the top level), in the model's order.
    pub fn children(&self, parent: Option<u32>) -> impl Iterator<Item = u32> + '_ {
        self.parts.iter().enumerate().filter(move |(_, part)| part.parent == parent).map(|(id, _)| id as u32)
    }

    /// A part and those that contain it, the innermost first.
    pub fn with_containers(&self, part: u32) -> impl Iterator<Item = u32> + '_ {
        // A parent always has a smaller number, so this ends.
        std::iter::successors(Some(part), |&part| self.parts[part as usize].parent)
    }

    /// For each part its like in the first block; outside of blocks, the part itself.
    pub fn likes(&self) -> Vec<u32> {
        let mut first: HashMap<&str, u32> = HashMap::new();
        let like = |(part, id)| Part::in_block(part).map_or(id, |inside| *first.entry(inside).or_insert(id));
        self.parts.iter().zip(0..).map(like).collect()
    }

    /// Whether some repeats ran without a recorder: then the headline numbers come from them alone.
    pub fn has_plain_passes(&self) -> bool {
        self.passes.iter().any(|pass| !pass.start.watched.has_parts())
    }

    /// Number of repeats whose parts were, or were not, timed.
    pub fn repeats(&self, timed_parts: bool) -> usize {
        let passes = self.passes.iter().filter(|pass| pass.start.watched.has_parts() == timed_parts);
        passes.map(|pass| pass.start.repeat).collect::<BTreeSet<u32>>().len()
    }

    /// Whether operators and memory were recorded.
    pub fn is_traced(&self) -> bool {
        self.passes.iter().any(|pass| pass.start.watched == Watched::Operators)
    }

    fn wall_where(&self, phase: Option<Phase>, wanted: impl Fn(&PassStart) -> bool) -> Option<Quartiles> {
        Quartiles::of(&self.walls(phase, wanted).into_values().collect::<Vec<_>>())
    }

    /// Wall time of the ended passes that are wanted, by repeat.
    fn walls(&self, phase: Option<Phase>, wanted: impl Fn(&PassStart) -> bool) -> BTreeMap<u32, Nanos> {
        let mut walls = BTreeMap::new();
        for pass in &self.passes {
            let Some(time) = pass.time else { continue };
            if wanted(&pass.start) && phase.is_none_or(|phase| phase == pass.start.phase) {
                *walls.entry(pass.start.repeat).or_default() += time;
            }
        }
        walls
    }

    /// The tokens of the repeats whose times may be quoted.
    fn headline_tokens(&self) -> impl Iterator<Item = &Token> {
        let plain = self.has_plain_passes();
        let repeats: BTreeSet<u32> = self
            .passes
            .iter()
            .filter(|pass| pass.start.watched.has_parts() != plain)
            .map(|pass| pass.start.repeat)
            .collect();
        self.tokens.iter().filter(move |token| repeats.contains(&token.repeat))
    }
}

/// The repeat with the median wall time; of an even number, the faster of the middle two.
pub fn median_repeat(walls: BTreeMap<u32, Nanos>) -> Option<(u32, Nanos)> {
    let mut walls: Vec<(u32, Nanos)> = walls.into_iter().collect();
    walls.sort_by_key(|&(repeat, wall)| (wall, repeat));
    walls.get(walls.len().saturating_sub(1) / 2).copied()
}

/// Executions of a part added up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    pub calls: u32,
    pub time: Nanos,
    pub flops: Flops,
    pub bytes: Bytes,
}

impl Sum {
    /// One execution.
    pub fn of(span: &Span) -> Self {
        Self { calls: 1, time: span.time, flops: span.flops, bytes: span.bytes }
    }

    /// Adds further executions.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.time += other.time;
        self.flops += other.flops;
        self.bytes += other.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(phase: Phase, repeat: u32, step: u32, recorded: bool) -> Event {
        let watched = if recorded { Watched::Parts } else { Watched::Plain };
        Event::PassStart(PassStart { phase, repeat, step, n_new: 1, n_past: 0, watched, start: Nanos(0) })
    }

    fn span(part: u32, time: u64) -> Span {
        Span { part, start: Nanos(0), time: Nanos(time), flops: Flops(2 * time), bytes: Bytes(time) }
    }

    fn run(events: Vec<Event>) -> Run {
        let mut run = Run::default();
        for event in events {
            run.apply(event);
        }
        run
    }

    #[test]
    fn decode_steps_of_one_repeat_add_up_and_repeats_spread() {
        let part = |path: &str, parent| Event::Part(Part { path: path.into(), parent });
        let run = run(vec![
            part("blocks.0", None),
            part("blocks.0.attn", Some(0)),
            start(Phase::Prefill, 0, 0, true),
            Event::Spans(vec![span(1, 70), span(0, 100)]),
            start(Phase::Decode, 0, 0, true),
            Event::Spans(vec![span(1, 3), span(0, 10)]),
            Event::PassEnd { time: Nanos(100) },
            start(Phase::Decode, 0, 1, true),
            Event::Spans(vec![span(1, 3), span(0, 20)]),
            Event::PassEnd { time: Nanos(100) },
            start(Phase::Decode, 1, 0, true),
            Event::Spans(vec![span(1, 4), span(0, 50)]),
            Event::PassEnd { time: Nanos(100) },
            // A step that goes on is not a step yet.
            start(Phase::Decode, 1, 1, true),
            Event::Spans(vec![span(1, 7)]),
        ]);
        let rows = run.rows(Some(Phase::Decode));
        assert_eq!((rows[0].calls, rows[0].time.min, rows[0].time.max), (3, Nanos(30), Nanos(50)));
        assert_eq!(rows[0].flops, Flops(100));
        assert_eq!(run.rows(Some(Phase::Prefill))[1].time.median, Nanos(70));
        assert_eq!(run.rows(None)[0].time.max, Nanos(130));
        assert_eq!(run.children(None).collect::<Vec<_>>(), [0]);
        assert_eq!(run.children(Some(0)).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn the_times_of_the_typical_repeat_add_up_where_medians_do_not() {
        let part = |path: &str| Event::Part(Part { path: path.into(), parent: None });
        let mut events = vec![part("embed"), part("lm_head")];
        for (repeat, first, second, wall) in [(0, 10, 60, 75), (1, 40, 20, 61), (2, 44, 21, 70)] {
            events.push(start(Phase::Prefill, repeat, 0, true));
            events.push(Event::Spans(vec![span(0, first), span(1, second)]));
            events.push(Event::PassEnd { time: Nanos(wall) });
        }
        let run = run(events);
        assert_eq!(run.typical_repeat(Some(Phase::Prefill)), Some((2, Nanos(70))));
        let rows = run.rows(Some(Phase::Prefill));
        assert_eq!((rows[0].typical, rows[1].typical), (Nanos(44), Nanos(21)));
        assert_eq!((rows[0].time.median, rows[1].time.median), (Nanos(40), Nanos(21)));
    }

    #[test]
    fn headline_numbers_come_from_unrecorded_repeats() {
        let token = |repeat, step, latency| {
            Event::Token(Token {
                repeat,
                step,
                id: 0,
                text: String::new(),
                p: 1.0,
                latency: Nanos(latency),
                top: Vec::new(),
            })
        };
        let run = run(vec![
            start(Phase::Prefill, 0, 0, true),
            token(0, 0, 900),
            start(Phase::Prefill, 1, 0, false),
            token(1, 0, 500),
            start(Phase::Decode, 1, 0, false),
            token(1, 1, 50),
        ]);
        assert_eq!(run.ttft().unwrap().median, Nanos(500));
        assert_eq!(run.decode_tokens_per_s(), Some(2e7));
    }

    #[test]
    fn rows_of_several_blocks_add_up_before_they_spread() {
        let part = |path: &str| Event::Part(Part { path: path.into(), parent: None });
        let run = run(vec![
            part("blocks.0"),
            part("blocks.1"),
            start(Phase::Decode, 0, 0, true),
            Event::Spans(vec![span(0, 10), span(1, 30)]),
            Event::PassEnd { time: Nanos(100) },
            start(Phase::Decode, 2, 0, true),
            Event::Spans(vec![span(0, 30), span(1, 10)]),
            Event::PassEnd { time: Nanos(100) },
            // A repeat that goes on after another: its parts still add up in one.
            start(Phase::Decode, 0, 1, true),
            Event::Spans(vec![span(0, 5)]),
            Event::PassEnd { time: Nanos(100) },
        ]);
        let rows = run.rows_by(None, |_| 0);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].calls, rows[0].time.min, rows[0].time.max), (5, Nanos(40), Nanos(45)));
    }

    #[test]
    fn a_repeat_with_a_huge_number_costs_no_memory() {
        let run = run(vec![
            Event::Part(Part { path: "embed".into(), parent: None }),
            start(Phase::Prefill, u32::MAX, 0, true),
            Event::Spans(vec![span(0, 7)]),
        ]);
        assert_eq!(run.rows(None)[0].time.median, Nanos(7));
    }

    #[test]
    fn spans_of_unknown_parts_are_dropped() {
        let run = run(vec![start(Phase::Prefill, 0, 0, true), Event::Spans(vec![span(7, 1)])]);
        assert!(run.passes[0].spans.is_empty());
    }
}
