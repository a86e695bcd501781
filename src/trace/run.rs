//! A run: everything that was measured about it, and the table of parts that it adds up to.

use super::event::{Event, Header, Part, PassStart, Phase, Span, Status, Token};
use super::stats::Quartiles;
use crate::units::{Bytes, Flops, Nanos};

/// A run as far as it is known: complete, still going on, or cut off.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    pub header: Header,
    /// Every part seen, parents before children, in the order in which the model runs them.
    pub parts: Vec<Part>,
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
    /// Wall time; `None` while it goes on.
    pub time: Option<Nanos>,
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
    /// Work of one repeat.
    pub flops: Flops,
    /// Compulsory traffic of one repeat.
    pub bytes: Bytes,
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
            Event::PassStart(start) => self.passes.push(Pass { start, spans: Vec::new(), time: None }),
            Event::Spans(spans) => {
                let parts = self.parts.len();
                if let Some(pass) = self.passes.last_mut() {
                    pass.spans.extend(spans.into_iter().filter(|span| (span.part as usize) < parts));
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

    /// The table of parts over the recorded passes of `phase` (`None`: prefill and decode together).
    /// A row for every part that ran, in the model's order.
    pub fn rows(&self, phase: Option<Phase>) -> Vec<Row> {
        let repeats = self.passes.iter().map(|pass| pass.start.repeat as usize + 1).max().unwrap_or(0);
        let mut sums = vec![vec![Sum::default(); repeats]; self.parts.len()];
        for pass in self.passes.iter().filter(|pass| phase.is_none_or(|phase| pass.start.phase == phase)) {
            for span in &pass.spans {
                let sum = &mut sums[span.part as usize][pass.start.repeat as usize];
                sum.calls += 1;
                sum.time += span.time;
                sum.flops += span.flops;
                sum.bytes += span.bytes;
            }
        }
        let row = |(part, repeats): (usize, &Vec<Sum>)| {
            let ran: Vec<&Sum> = repeats.iter().filter(|sum| sum.calls > 0).collect();
            let times: Vec<Nanos> = ran.iter().map(|sum| sum.time).collect();
            // Work does not vary between repeats of one configuration; a last, cut one would be short.
            let most = ran.iter().max_by_key(|sum| (sum.flops, sum.bytes))?;
            Some(Row {
                part: part as u32,
                calls: ran.iter().map(|sum| sum.calls).sum(),
                time: Quartiles::of(&times)?,
                flops: most.flops,
                bytes: most.bytes,
            })
        };
        sums.iter().enumerate().filter_map(row).collect()
    }

    /// Wall time of the recorded passes of `phase`, per repeat.
    pub fn wall(&self, phase: Option<Phase>) -> Option<Quartiles> {
        self.wall_where(phase, |start| start.recorded)
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

    /// Prompt tokens per second: positions of a prefill over its median wall time.
    pub fn prefill_tokens_per_s(&self) -> Option<f64> {
        let plain = self.has_plain_passes();
        let time = self.wall_where(Some(Phase::Prefill), |start| start.recorded != plain)?.median;
        (time.0 > 0).then(|| f64::from(self.header.prompt_tokens) / time.seconds())
    }

    /// New tokens per second while decoding: the reciprocal of the mean time per further token.
    pub fn decode_tokens_per_s(&self) -> Option<f64> {
        let (mut n, mut time) = (0u32, Nanos(0));
        for token in self.headline_tokens().filter(|token| token.step > 0) {
            n += 1;
            time += token.latency;
        }
        (time.0 > 0).then(|| f64::from(n) / time.seconds())
    }

    /// The parts directly inside `parent` (`None`: the top level), in the model's order.
    pub fn children(&self, parent: Option<u32>) -> impl Iterator<Item = u32> + '_ {
        self.parts.iter().enumerate().filter(move |(_, part)| part.parent == parent).map(|(id, _)| id as u32)
    }

    /// Whether some repeats ran without a recorder: then the headline numbers come from them alone.
    pub fn has_plain_passes(&self) -> bool {
        self.passes.iter().any(|pass| !pass.start.recorded)
    }

    fn wall_where(&self, phase: Option<Phase>, wanted: impl Fn(&PassStart) -> bool) -> Option<Quartiles> {
        let mut per_repeat: Vec<(u32, Nanos)> = Vec::new();
        for pass in &self.passes {
            let Some(time) = pass.time else { continue };
            if !wanted(&pass.start) || phase.is_some_and(|phase| phase != pass.start.phase) {
                continue;
            }
            match per_repeat.iter_mut().find(|(repeat, _)| *repeat == pass.start.repeat) {
                Some((_, sum)) => *sum += time,
                None => per_repeat.push((pass.start.repeat, time)),
            }
        }
        Quartiles::of(&per_repeat.into_iter().map(|(_, time)| time).collect::<Vec<_>>())
    }

    /// The tokens of the repeats whose times may be quoted.
    fn headline_tokens(&self) -> impl Iterator<Item = &Token> {
        let plain = self.has_plain_passes();
        let repeats: Vec<u32> =
            self.passes.iter().filter(|pass| pass.start.recorded != plain).map(|pass| pass.start.repeat).collect();
        self.tokens.iter().filter(move |token| repeats.contains(&token.repeat))
    }
}

#[derive(Debug, Clone, Default)]
struct Sum {
    calls: u32,
    time: Nanos,
    flops: Flops,
    bytes: Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(phase: Phase, repeat: u32, step: u32, recorded: bool) -> Event {
        Event::PassStart(PassStart { phase, repeat, step, n_new: 1, n_past: 0, recorded, start: Nanos(0) })
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
            start(Phase::Decode, 0, 1, true),
            Event::Spans(vec![span(1, 3), span(0, 20)]),
            start(Phase::Decode, 1, 0, true),
            Event::Spans(vec![span(1, 4), span(0, 50)]),
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
    fn spans_of_unknown_parts_are_dropped() {
        let run = run(vec![start(Phase::Prefill, 0, 0, true), Event::Spans(vec![span(7, 1)])]);
        assert!(run.passes[0].spans.is_empty());
    }
}
