//! What the events of one file say, thread by thread, before it is put on one axis of time.

use super::kind;
use super::nest::Loose;
use super::shapes;
use super::wire::{About, Event, Inputs, Memory, Own, bare, integer, mend, nanoseconds};
use crate::analyse::timeline::SliceKind;
use crate::analyse::timeline::names::Names;
use crate::analyse::work::{Work, work};
use crate::record::memory::{ByCategory, Category};
use crate::record::operator::Signature;
use crate::units::{Bytes, Flops};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};

/// Threads of one file at most.
const MOST_THREADS: usize = 4096;
/// Devices of one file whose memory is followed at most.
const MOST_DEVICES: usize = 64;
/// Different shapes that are remembered at most; further ones are read each time.
const MOST_SHAPES: usize = 1 << 16;

/// What it costs to look at an element that is broken, in bytes.
const COST_OF_BROKEN: u64 = 256;

/// What all files share: texts that come again and again, and the room that is left.
pub struct Shared {
    pub names: Names,
    pub details: Names,
    /// By an operator's name and what it says of its inputs, as it stands there.
    shapes: HashMap<Box<str>, (u32, Flops)>,
    key: String,
    /// How many more slices, and points of memory, there is room for.
    pub room: u64,
}

impl Shared {
    /// With room for so many slices.
    pub fn new(room: u64) -> Self {
        let mut details = Names::default();
        details.id("");
        Self { names: Names::default(), details, shapes: HashMap::new(), key: String::new(), room }
    }

    /// The tensors that an operator worked on, as a detail, and its work.
    fn shapes(&mut self, name: &str, args: Option<&RawValue>) -> (u32, Flops) {
        let Some(inputs) = args.and_then(|args| serde_json::from_str::<Inputs<'_>>(args.get()).ok()) else {
            return (0, Flops(0));
        };
        if inputs.dims.is_none() {
            return (0, Flops(0));
        }
        self.key.clear();
        self.key.push_str(name);
        for value in [inputs.dims, inputs.types, inputs.concrete] {
            self.key.push('\n');
            self.key.push_str(value.map_or("", RawValue::get));
        }
        if let Some(&known) = self.shapes.get(self.key.as_str()) {
            return known;
        }
        let signature = shapes::signature(name, &inputs);
        let read = (self.details.id(&shapes::text(&signature)), flops(&signature));
        if self.shapes.len() < MOST_SHAPES && self.key.len() < 4096 {
            self.shapes.insert(self.key.as_str().into(), read);
        }
        read
    }
}

/// The work of an operator, as far as its inputs tell it; 0 where it is not known.
fn flops(signature: &Signature) -> Flops {
    match work(signature) {
        Work::Counted(flops) => flops,
        Work::Unknown => Flops(0),
    }
}

/// Everything that one file says.
#[derive(Default)]
pub struct Collected {
    pub threads: Vec<Thread>,
    /// By the process's and the thread's number, as they are written.
    index: HashMap<Box<str>, usize>,
    key: String,
    pub processes: HashMap<String, Process>,
    /// By type and number of the device.
    memory: BTreeMap<(i64, i64), Vec<Change>>,
    /// What a run of Blockscope had alive.
    pub split: Vec<(i64, ByCategory)>,
    /// Elements that were events, of whatever kind.
    pub events: u64,
    /// Bytes of elements that are not JSON as they stand, with something for each.
    pub broken: u64,
    pub left_out: LeftOut,
}

/// What happened on one thread.
#[derive(Default)]
pub struct Thread {
    pub pid: String,
    pub tid: String,
    pub name: String,
    pub sort_index: Option<i64>,
    pub slices: Vec<Loose>,
    /// Begins and ends that are told one by one.
    marks: Vec<Mark>,
}

/// What is known of a process.
#[derive(Default)]
pub struct Process {
    pub name: String,
    pub labels: String,
    pub sort_index: Option<i64>,
}

/// A begin, with what begins, or an end.
struct Mark {
    at: i64,
    begins: Option<Loose>,
}

/// An allocation or a release.
struct Change {
    at: i64,
    bytes: i64,
    /// What was alive after it.
    total: Option<i64>,
}

/// What a file has that cannot be shown, counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    pub not_json: u64,
    pub too_long: u64,
    pub no_time: u64,
    pub no_room: u64,
    pub threads: u64,
    pub counters: u64,
    pub asynchronous: u64,
    pub without_end: u64,
    pub without_begin: u64,
}

impl Collected {
    /// Takes in one element of `traceEvents`.
    pub fn take(&mut self, raw: &[u8], shared: &mut Shared) {
        if let Ok(event) = serde_json::from_slice(raw) {
            return self.event(&event, shared);
        }
        self.broken += raw.len() as u64 + COST_OF_BROKEN;
        match serde_json::from_str(&mend(raw)) {
            Ok(event) => self.event(&event, shared),
            Err(_) => self.left_out.not_json += 1,
        }
    }

    fn event(&mut self, event: &Event<'_>, shared: &mut Shared) {
        self.events += 1;
        match event.ph.0.as_ref() {
            "X" | "B" | "E" => self.slice(event, shared),
            "i" | "I" if event.name.0 == "[memory]" => self.memory(event, shared),
            "C" => self.counter(event, shared),
            "M" => self.about(event),
            "b" | "S" => self.left_out.asynchronous += 1,
            // Arrows between slices, marks without a length, ends of what is left out.
            _ => {}
        }
    }

    fn slice(&mut self, event: &Event<'_>, shared: &mut Shared) {
        let ends = event.ph.0 == "E";
        let Some((kind, name)) = kind::kind(&event.cat.0, &event.name.0) else { return };
        let start = nanoseconds(event.ts);
        let time = if event.ph.0 == "X" { nanoseconds(event.dur).filter(|&time| time >= 0) } else { Some(0) };
        let (Some(start), Some(time)) = (start, time) else {
            self.left_out.no_time += 1;
            return;
        };
        if shared.room == 0 {
            self.left_out.no_room += 1;
            return;
        }
        let Some(thread) = self.thread(event) else {
            self.left_out.threads += 1;
            return;
        };
        shared.room -= 1;
        if ends {
            self.threads[thread].marks.push(Mark { at: start, begins: None });
            return;
        }
        let (detail, flops) = match kind {
            SliceKind::Operator => shared.shapes(name, event.args),
            _ => (0, Flops(0)),
        };
        let kind = match kind {
            SliceKind::Annotation => own_kind(event.args).unwrap_or(kind),
            kind => kind,
        };
        let loose = Loose { start, end: start + time, name: shared.names.id(name), detail, kind, flops };
        match event.ph.0.as_ref() {
            "B" => self.threads[thread].marks.push(Mark { at: start, begins: Some(loose) }),
            _ => self.threads[thread].slices.push(loose),
        }
    }

    /// The thread that an event belongs to, by its index; `None` when there are too many.
    fn thread(&mut self, event: &Event<'_>) -> Option<usize> {
        let (pid, tid) = (number(event.pid), number(event.tid));
        self.key.clear();
        self.key.extend([pid, "\n", tid]);
        if let Some(&thread) = self.index.get(self.key.as_str()) {
            return Some(thread);
        }
        if self.threads.len() >= MOST_THREADS {
            return None;
        }
        self.index.insert(self.key.as_str().into(), self.threads.len());
        self.threads.push(Thread { pid: pid.to_owned(), tid: tid.to_owned(), ..Thread::default() });
        Some(self.threads.len() - 1)
    }

    fn about(&mut self, event: &Event<'_>) {
        let Some(about) = event.args.and_then(|args| serde_json::from_str::<About<'_>>(args.get()).ok()) else {
            return;
        };
        let sort_index = integer(about.sort_index);
        match event.name.0.as_ref() {
            "thread_name" | "thread_sort_index" => {
                let Some(thread) = self.thread(event) else { return };
                let thread = &mut self.threads[thread];
                thread.sort_index = sort_index.or(thread.sort_index);
                if !about.name.0.is_empty() {
                    thread.name = short(&about.name.0);
                }
            }
            "process_name" | "process_labels" | "process_sort_index" => {
                let pid = number(event.pid);
                if self.processes.len() >= MOST_THREADS && !self.processes.contains_key(pid) {
                    return;
                }
                let process = self.processes.entry(pid.to_owned()).or_default();
                process.sort_index = sort_index.or(process.sort_index);
                for (into, text) in [(&mut process.name, &about.name), (&mut process.labels, &about.labels)] {
                    if !text.0.is_empty() {
                        *into = short(&text.0);
                    }
                }
            }
            _ => {}
        }
    }

    fn memory(&mut self, event: &Event<'_>, shared: &mut Shared) {
        let Some(memory) = event.args.and_then(|args| serde_json::from_str::<Memory<'_>>(args.get()).ok()) else {
            return;
        };
        let (Some(at), Some(bytes)) = (nanoseconds(event.ts), integer(memory.bytes)) else {
            self.left_out.no_time += 1;
            return;
        };
        let device = (integer(memory.device_type).unwrap_or(0), integer(memory.device).unwrap_or(-1));
        let is_known = self.memory.contains_key(&device) || self.memory.len() < MOST_DEVICES;
        if shared.room == 0 || !is_known {
            self.left_out.no_room += 1;
            return;
        }
        shared.room -= 1;
        let total = integer(memory.allocated).filter(|&total| total >= 0);
        self.memory.entry(device).or_default().push(Change { at, bytes, total });
    }

    /// Only what Blockscope wrote itself: of other counters nobody knows what they count.
    fn counter(&mut self, event: &Event<'_>, shared: &mut Shared) {
        let values = event.args.and_then(|args| serde_json::from_str::<HashMap<&str, &RawValue>>(args.get()).ok());
        let value = |category: Category| integer(Some(values.as_ref()?.get(category.name())?));
        let mut split = ByCategory::default();
        for category in Category::ALL {
            let Some(bytes) = value(category).and_then(|bytes| u64::try_from(bytes).ok()) else {
                self.left_out.counters += 1;
                return;
            };
            *split.of_mut(category) = Bytes(bytes);
        }
        match nanoseconds(event.ts) {
            None => self.left_out.no_time += 1,
            Some(_) if shared.room == 0 => self.left_out.no_room += 1,
            Some(at) => {
                shared.room -= 1;
                self.split.push((at, split));
            }
        }
    }

    /// Makes slices of begins and ends, once every event is there.
    pub fn close(&mut self) {
        let last = self.threads.iter().flat_map(Thread::ends).max();
        for thread in &mut self.threads {
            let mut marks = std::mem::take(&mut thread.marks);
            marks.sort_by_key(|mark| mark.at);
            let mut open: Vec<Loose> = Vec::new();
            for mark in marks {
                match mark.begins {
                    Some(slice) => open.push(slice),
                    None => match open.pop() {
                        Some(slice) => thread.slices.push(Loose { end: mark.at, ..slice }),
                        None => self.left_out.without_begin += 1,
                    },
                }
            }
            self.left_out.without_end += open.len() as u64;
            let end = last.unwrap_or(0);
            thread.slices.extend(open.into_iter().map(|slice| Loose { end: end.max(slice.start), ..slice }));
        }
        self.threads.retain(|thread| !thread.slices.is_empty());
    }

    /// When the first thing happened; `None` if nothing did.
    pub fn first(&self) -> Option<i64> {
        let slices = self.threads.iter().flat_map(|thread| &thread.slices).map(|slice| slice.start);
        let points = self.split.iter().map(|&(at, _)| at);
        let changes = self.memory.values().flatten().map(|change| change.at);
        // Memory alone makes no timeline.
        slices.clone().next()?;
        slices.chain(points).chain(changes).min()
    }

    /// Live bytes over time on each device that reports its allocations.
    pub fn curves(&mut self) -> Vec<(String, Vec<(i64, Bytes)>)> {
        let memory = std::mem::take(&mut self.memory);
        let curve = |((of_type, index), mut changes): ((i64, i64), Vec<Change>)| {
            changes.sort_by_key(|change| change.at);
            let mut level = 0i64;
            let points = changes.into_iter().map(|change| {
                level = change.total.unwrap_or_else(|| level.saturating_add(change.bytes));
                (change.at, Bytes(u64::try_from(level).unwrap_or(0)))
            });
            (kind::device(of_type, index), points.collect())
        };
        memory.into_iter().map(curve).collect()
    }
}

impl Thread {
    /// When something ended or began on it.
    fn ends(&self) -> impl Iterator<Item = i64> {
        self.slices.iter().map(|slice| slice.end).chain(self.marks.iter().map(|mark| mark.at))
    }
}

/// What an annotation is that Blockscope wrote; `None` if it did not.
fn own_kind(args: Option<&RawValue>) -> Option<SliceKind> {
    let args = args?.get();
    // Most annotations are somebody else's: a look is cheaper than reading them.
    memchr::memmem::find(args.as_bytes(), b"\"part\"")?;
    let own: Own<'_> = serde_json::from_str(args).ok()?;
    (!own.part.0.is_empty()).then(|| SliceKind::of_part(&own.part.0))
}

/// The number of a process or thread, as it is written, with or without quotes.
fn number(value: Option<&RawValue>) -> &str {
    let text = value.map_or("", bare);
    // Whatever is longer is no number, and need not be kept apart.
    text.get(..text.len().min(80)).unwrap_or("")
}

/// The name of a thread or process, at a length that makes sense.
fn short(name: &str) -> String {
    name.trim().chars().take(120).collect()
}
