//! A run as a trace in Chrome's format, which Perfetto, PyTorch's readers and Holistic Trace Analysis open.
//!
//! Passes are annotations `ProfilerStep#N`, parts are annotations in them, operators are what PyTorch's profiler
//! calls `cpu_op`, with its names for their arguments. Memory is there twice: as PyTorch's `[memory]` instants,
//! and as a counter by category. Everything is written as it comes; nothing grows with the run but one pass.
//!
//! Readers expect slices of a thread to nest strictly. Those that reach over an edge by the few nanoseconds
//! between two readings of the clock are shortened to it.

use super::json;
use crate::trace::chrome::shapes;
use crate::trace::operator::{Argument, Scope, Signature, Tensor};
use crate::trace::run::Pass;
use crate::trace::{ByCategory, Category, Phase, Run};
use crate::units::{Bytes, Nanos};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

/// One process, and its threads from here on. 0 would be the idle process of the system.
const PROCESS: u32 = 1;
/// Operators lie deeper than any part.
const BELOW_PARTS: u32 = 1 << 16;

/// Writes `run` to `out`.
///
/// # Errors
/// Those of `out`.
pub fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let name = format!("{} · blockscope", run.header.model.name);
    // Line by line: one reader finds the rank by a regular expression, with the space after the colon.
    writeln!(out, "{{\"schemaVersion\": 1,\n\"deviceProperties\": [],\n\"distributedInfo\": {{\"rank\": 0}},")?;
    writeln!(out, "\"blockscope\": {},", json::header(&run.header))?;
    writeln!(out, "\"displayTimeUnit\": \"ms\",")?;
    writeln!(out, "\"baseTimeNanoseconds\": {},", run.header.created.saturating_mul(1_000_000_000))?;
    writeln!(out, "\"traceEvents\": [")?;
    let mut events = Events { run, out, written: 0, end: Nanos(0), taken: 0 };
    events.names(&name)?;
    for (number, pass) in run.passes.iter().enumerate() {
        events.pass(number, pass)?;
    }
    writeln!(out, "\n],\n\"traceName\": {}}}", Value::from(name))
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

/// A slice of a pass, times since the run began.
struct Slice {
    start: Nanos,
    end: Nanos,
    thread: u16,
    /// Nothing lies in a slice of its own level or a deeper one.
    level: u32,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Step,
    Phase,
    Part(usize),
    Operator(usize),
}

impl Events<'_> {
    fn write(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.written > 0 {
            self.out.write_all(b",\n")?;
        }
        self.written += 1;
        serde_json::to_writer(&mut *self.out, event).map_err(io::Error::from)
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
                about_pass(pass, &mut args);
                match pass.start.phase {
                    Phase::Prefill => "prefill".to_owned(),
                    Phase::Decode => format!("decode {}", pass.start.step),
                }
            }
            What::Part(span) => {
                let span = &pass.spans[span];
                let part = &self.run.parts[span.part as usize];
                args.insert("part".into(), part.path.clone().into());
                args.insert("FLOPs (modelled)".into(), span.flops.0.into());
                args.insert("bytes (modelled)".into(), span.bytes.0.into());
                part.name()
            }
            What::Operator(operator) => {
                let operator = &pass.operators[operator];
                let signature = &self.run.signatures[operator.signature as usize];
                if signature.scope != Scope::User {
                    cat = "cpu_op";
                    about_operator(signature, &mut args);
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
        // Stable: a piece that lived no time is taken before it is given back.
        changes.sort_by_key(|&(at, ..)| at);
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

/// The slices of a pass by start, outer ones first, nesting strictly on every thread.
fn slices(run: &Run, pass: &Pass, begin: Nanos) -> Vec<Slice> {
    let ends_of_spans = pass.spans.iter().map(|span| span.start + span.time);
    let ends_of_operators = pass.operators.iter().map(|operator| operator.start + operator.time);
    // A pass that was cut off has no time of its own.
    let time = pass.time.or_else(|| ends_of_spans.chain(ends_of_operators).max()).unwrap_or_default();
    let end = begin + time;
    let slice = |start: Nanos, time: Nanos, thread, level, what| {
        let start = (begin + start).min(end);
        Slice { start, end: (start + time).min(end), thread, level, what }
    };
    let mut slices = vec![slice(Nanos(0), time, 0, 0, What::Step), slice(Nanos(0), time, 0, 1, What::Phase)];
    let depths = depths(run);
    slices.extend(
        pass.spans
            .iter()
            .enumerate()
            .map(|(index, span)| slice(span.start, span.time, 0, 2 + depths[span.part as usize], What::Part(index))),
    );
    slices.extend(pass.operators.iter().enumerate().map(|(index, operator)| {
        let level = BELOW_PARTS + u32::from(operator.depth);
        slice(operator.start, operator.time, operator.thread, level, What::Operator(index))
    }));
    slices.sort_by_key(|slice| (slice.start, slice.level));
    nest(&mut slices);
    slices
}

/// How many parts each part lies in.
fn depths(run: &Run) -> Vec<u32> {
    let mut depths: Vec<u32> = Vec::with_capacity(run.parts.len());
    for part in &run.parts {
        let depth = part.parent.and_then(|parent| depths.get(parent as usize)).map_or(0, |depth| depth + 1);
        depths.push(depth.min(BELOW_PARTS - 3));
    }
    depths
}

/// Shortens what reaches over the end of the slice that it lies in, or into the one after it.
fn nest(slices: &mut [Slice]) {
    // What has begun on each thread and not ended, outermost first.
    let mut open: HashMap<u16, Vec<usize>> = HashMap::new();
    for index in 0..slices.len() {
        let Slice { start, level, thread, .. } = slices[index];
        let open = open.entry(thread).or_default();
        while let Some(&outer) = open.last() {
            let contains = slices[outer].level < level && (slices[outer].end > start || slices[outer].start == start);
            if contains {
                slices[index].end = slices[index].end.min(slices[outer].end);
                break;
            }
            slices[outer].end = slices[outer].end.min(start);
            open.pop();
        }
        open.push(index);
    }
}

fn tid(thread: u16) -> u32 {
    PROCESS + u32::from(thread)
}

fn about_pass(pass: &Pass, args: &mut Map<String, Value>) {
    let start = &pass.start;
    for (name, value) in
        [("repeat", start.repeat), ("step", start.step), ("n_new", start.n_new), ("n_past", start.n_past)]
    {
        args.insert(name.into(), value.into());
    }
    if let Some(cut) = pass.cut {
        args.insert("operators left out".into(), cut.operators.into());
        args.insert("allocations left out".into(), cut.allocations.into());
    }
}

/// The inputs, in PyTorch's words.
fn about_operator(signature: &Signature, args: &mut Map<String, Value>) {
    let sizes = |tensor: &Tensor| json!(tensor.sizes);
    let (mut dims, mut types, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for argument in &signature.inputs {
        let (dim, of_type, value) = match argument {
            Argument::Tensor(tensor) => (sizes(tensor), shapes::type_name(tensor.dtype), String::new()),
            Argument::Tensors(tensors) => (tensors.iter().map(sizes).collect(), "TensorList", String::new()),
            Argument::Int(value) => (json!([]), "Scalar", value.to_string()),
            Argument::Bool(true) => (json!([]), "Scalar", "True".into()),
            Argument::Bool(false) => (json!([]), "Scalar", "False".into()),
            Argument::Other => (json!([]), "", String::new()),
        };
        dims.push(dim);
        types.push(of_type);
        values.push(value);
    }
    args.insert("Record function id".into(), 0.into());
    args.insert("Concrete Inputs".into(), json!(values));
    args.insert("Input type".into(), json!(types));
    args.insert("Input Dims".into(), json!(dims));
}
