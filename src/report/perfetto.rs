//! A run as a trace in Chrome's format, which Perfetto, PyTorch's readers and Holistic Trace Analysis open.
//!
//! Passes are annotations `ProfilerStep#N`, parts are annotations in them, operators are what PyTorch's profiler
//! calls `cpu_op`, with its names for their arguments. Memory is there twice: as PyTorch's `[memory]` instants,
//! and as a counter by category. Everything is written as it comes; nothing grows with the run but one pass.

mod arguments;
mod ascii;
mod slices;

use super::json;
use crate::record::operator::Scope;
use crate::record::run::Pass;
use crate::record::{ByCategory, Category, Phase, Run};
use crate::units::{Bytes, Nanos};
use ascii::ascii;
use serde::Serialize;
use serde_json::{Map, Value, json};
use slices::{Slice, What, slices};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// One process, and its threads from here on. 0 would be the idle process of the system.
const PROCESS: u32 = 1;

/// Writes `run` to `out`.
///
/// # Errors
/// Those of `out`.
pub fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let name = format!("{} · blockscope", run.header.model.name);
    // Line by line: one reader finds the rank by a regular expression, with the space after the colon.
    writeln!(out, "{{\"schemaVersion\": 1,\n\"deviceProperties\": [],\n\"distributedInfo\": {{\"rank\": 0}},")?;
    write!(out, "\"blockscope\": ")?;
    ascii(out, &json::header(&run.header))?;
    writeln!(out, ",")?;
    writeln!(out, "\"displayTimeUnit\": \"ms\",")?;
    writeln!(out, "\"baseTimeNanoseconds\": {},", run.header.created.saturating_mul(1_000_000_000))?;
    writeln!(out, "\"traceEvents\": [")?;
    let mut events = Events { run, out, written: 0, end: Nanos(0), taken: 0 };
    events.names(&name)?;
    for (number, pass) in run.passes.iter().enumerate() {
        events.pass(number, pass)?;
    }
    write!(out, "\n],\n\"traceName\": ")?;
    ascii(out, &name)?;
    writeln!(out, "}}")
}

/// Writes events, numbered.
struct Events<'a> {
    run: &'a Run,
    out: &'a mut dyn Write,
    /// Events so far; those with a number have this one.
    written: u64,
    /// When the last pass ended.
    end: Nanos,
    /// Allocations so far: their addresses are not known, and only have to differ.
    taken: u64,
}

/// A time in µs.
#[derive(Serialize)]
struct Micros(f64);

impl From<Nanos> for Micros {
    fn from(nanos: Nanos) -> Self {
        // Exact to the nanosecond within the first eleven days of a run.
        Self(nanos.0 as f64 / 1000.0)
    }
}

#[derive(Serialize)]
struct Event<'a> {
    ph: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    name: &'a str,
    pid: u32,
    tid: u32,
    ts: Micros,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<Micros>,
    args: Value,
}

impl Events<'_> {
    fn write(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.written > 0 {
            self.out.write_all(b",\n")?;
        }
        self.written += 1;
        ascii(self.out, event)
    }

    /// What the process and its threads are called.
    fn names(&mut self, name: &str) -> io::Result<()> {
        let device = self.run.header.device.as_str();
        for (what, args) in [
            ("process_name", json!({ "name": name })),
            ("process_labels", json!({ "labels": if device == "cpu" { "CPU" } else { device } })),
            ("process_sort_index", json!({ "sort_index": PROCESS })),
        ] {
            self.about(what, PROCESS, args)?;
        }
        let operators = self.run.passes.iter().flat_map(|pass| &pass.operators);
        let threads: BTreeSet<u16> = operators.map(|operator| operator.thread).chain([0]).collect();
        for thread in threads {
            let name = if thread == 0 { "model thread".to_owned() } else { format!("thread {thread}") };
            self.about("thread_name", tid(thread), json!({ "name": name }))?;
            self.about("thread_sort_index", tid(thread), json!({ "sort_index": thread }))?;
        }
        Ok(())
    }

    fn about(&mut self, what: &str, tid: u32, args: Value) -> io::Result<()> {
        self.write(&Event {
            ph: "M",
            cat: None,
            s: None,
            name: what,
            pid: PROCESS,
            tid,
            ts: Micros(0.0),
            dur: None,
            args,
        })
    }

    fn pass(&mut self, number: usize, pass: &Pass) -> io::Result<()> {
        // Passes follow one another, whatever a file says.
        let begin = pass.start.start.max(self.end);
        let slices = slices(self.run, pass, begin);
        self.end = slices.first().map_or(begin, |step| step.end);
        for slice in &slices {
            self.slice(number, pass, slice)?;
        }
        self.memory(pass, begin)
    }

    fn slice(&mut self, number: usize, pass: &Pass, slice: &Slice) -> io::Result<()> {
        let mut args = Map::from_iter([
            ("External id".to_owned(), json!(self.written + 1)),
            ("Ev Idx".to_owned(), json!(self.written)),
        ]);
        let mut cat = "user_annotation";
        let name = match slice.what {
            What::Step => format!("ProfilerStep#{number}"),
            What::Phase => {
                arguments::of_pass(pass, &mut args);
                match pass.start.phase {
                    Phase::Prefill => "prefill".to_owned(),
                    Phase::Decode => format!("decode {}", pass.start.step.saturating_add(1)),
                }
            }
            What::Part(span) => {
                let span = &pass.spans[span];
                let part = &self.run.parts[span.part as usize];
                arguments::of_part(part, span, &mut args);
                part.name()
            }
            What::Operator(operator) => {
                let operator = &pass.operators[operator];
                let signature = &self.run.signatures[operator.signature as usize];
                if signature.scope != Scope::User {
                    cat = "cpu_op";
                    arguments::of_operator(signature, &mut args);
                    args.extend(operator.sequence.map(|sequence| ("Sequence number".to_owned(), sequence.into())));
                }
                signature.name.clone()
            }
        };
        self.write(&Event {
            ph: "X",
            cat: Some(cat),
            s: None,
            name: &name,
            pid: PROCESS,
            tid: tid(slice.thread),
            ts: slice.start.into(),
            dur: Some((slice.end - slice.start).into()),
            args: args.into(),
        })
    }

    /// What was taken and given back, and what was alive by category.
    fn memory(&mut self, pass: &Pass, begin: Nanos) -> io::Result<()> {
        let Some(memory) = &pass.memory else { return Ok(()) };
        // Index of the allocation, and whether it was taken or given back.
        let mut changes: Vec<(Nanos, u64, bool)> = Vec::with_capacity(2 * memory.allocations.len());
        for (index, allocation) in memory.allocations.iter().enumerate() {
            changes.extend(allocation.start.map(|at| (at, index as u64, true)));
            changes.extend(allocation.end.map(|at| (at, index as u64, false)));
        }
        // Of what happens at one moment, taking comes first: the level never seems lower than it was.
        changes.sort_by_key(|&(at, _, is_taken)| (at, !is_taken));
        let mut level = memory.before;
        self.level(begin, &level)?;
        for (at, index, is_taken) in changes {
            let allocation = &memory.allocations[index as usize];
            let of = level.of_mut(allocation.category);
            *of = if is_taken { *of + allocation.bytes } else { *of - allocation.bytes };
            let at = (begin + at).min(self.end);
            self.allocation(at, allocation.bytes, is_taken, self.taken + index, level.total())?;
            self.level(at, &level)?;
        }
        self.taken += memory.allocations.len() as u64;
        Ok(())
    }

    fn allocation(&mut self, at: Nanos, bytes: Bytes, is_taken: bool, piece: u64, alive: Bytes) -> io::Result<()> {
        let bytes = i64::try_from(bytes.0).unwrap_or(i64::MAX);
        // The numbers of `c10::DeviceType`.
        let (device_type, device) = match self.run.header.device.strip_prefix("cuda:") {
            Some(index) => (1, index.parse().unwrap_or(0)),
            None => (0, -1),
        };
        let args = json!({
            "Total Reserved": 0,
            "Total Allocated": alive.0,
            "Bytes": if is_taken { bytes } else { -bytes },
            "Device Id": device,
            "Device Type": device_type,
            "Addr": piece + 1,
            "Ev Idx": self.written,
        });
        let (cat, s) = (Some("cpu_instant_event"), Some("t"));
        let (name, ts) = ("[memory]", at.into());
        self.write(&Event { ph: "i", cat, s, name, pid: PROCESS, tid: tid(0), ts, dur: None, args })
    }

    fn level(&mut self, at: Nanos, level: &ByCategory) -> io::Result<()> {
        let of = |category: Category| (category.name().to_owned(), level.of(category).0.into());
        let args = Value::Object(Category::ALL.into_iter().map(of).collect());
        let (cat, name, ts) = (Some("memory"), "memory", at.into());
        self.write(&Event { ph: "C", cat, s: None, name, pid: PROCESS, tid: tid(0), ts, dur: None, args })
    }
}

fn tid(thread: u16) -> u32 {
    PROCESS + u32::from(thread)
}
