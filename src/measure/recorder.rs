//! Times the parts of a pass and reports them as they end; under a tracer, its operators and memory too.

use super::clock::Clock;
use super::control::{Control, Glimpse, Halt, Step};
use super::tracer::Tracer;
use super::watch::Watch;
use crate::arch::parts::Part as Described;
use crate::arch::path::Path;
use crate::arch::role::Role;
use crate::arch::work::{Cost, PassShape};
use crate::arch::{Model, Toggles};
use crate::engine::probe::Probe;
use crate::engine::{Device, Error, Result};
use crate::record::{Event, Part, Span, Watched};
use crate::units::Nanos;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tch::{Kind, Tensor};

/// Spans are handed on this seldom while a pass runs: a watcher must not slow what it watches.
const BATCH: Duration = Duration::from_millis(50);

/// Watches nothing but the wish to end: what a pass with headline numbers runs under.
pub struct Cancellable<'a>(pub &'a Control);

impl Probe for Cancellable<'_> {
    fn enter(&mut self, _op: Path) -> Result<()> {
        if self.0.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn watches_activations(&self) -> bool {
        false
    }
}

/// What the recorded passes of a run have in common.
pub struct Recording {
    /// The parts of the model, numbered in the order in which they first ran.
    parts: HashMap<Path, u32>,
    /// What each of them says of itself.
    described: HashMap<Path, Described>,
    /// Present when operators are recorded too.
    tracer: Option<Tracer>,
}

impl Recording {
    /// For passes of a model that are watched so.
    pub fn new(watched: Watched, model: &Model, toggles: &Toggles) -> Self {
        let tracer = (watched == Watched::Operators).then(|| Tracer::new(Default::default()));
        let described = model.parts(toggles).into_iter().map(|part| (part.path, part)).collect();
        Self { parts: HashMap::new(), described, tracer }
    }

    /// How closely a pass is watched.
    pub fn watched(&self) -> Watched {
        if self.tracer.is_some() { Watched::Operators } else { Watched::Parts }
    }
}

/// Records one pass.
pub struct Recorder<'a> {
    described: &'a HashMap<Path, Described>,
    /// A GPU is waited for wherever the clock is read for a part: what was asked of it is not done yet.
    device: Device,
    shape: PassShape,
    control: &'a Control,
    parts: &'a mut HashMap<Path, u32>,
    watch: &'a mut dyn Watch,
    /// How far to run before the next halt; `None` never halts.
    step: Option<Step>,
    /// Stands still while the run is halted.
    clock: Clock<'a>,
    open: Vec<Open>,
    finished: Vec<Span>,
    reported: Instant,
}

/// A part that has begun and not ended.
struct Open {
    part: u32,
    start: Nanos,
    /// What its own parts cost.
    inside: Cost,
    is_leaf: bool,
}

impl<'a> Recorder<'a> {
    pub fn new(
        device: Device,
        shape: PassShape,
        control: &'a Control,
        recording: &'a mut Recording,
        watch: &'a mut dyn Watch,
        step: bool,
    ) -> Self {
        Self {
            described: &recording.described,
            device,
            shape,
            control,
            parts: &mut recording.parts,
            watch,
            step: step.then_some(Step::Part),
            open: Vec::new(),
            finished: Vec::new(),
            reported: Instant::now(),
            clock: recording.tracer.as_mut().map_or_else(Clock::wall, |tracer| Clock::Tracer(tracer.start())),
        }
    }

    /// Hands on what is left. Returns how long the pass took, halts taken out, and whether to go on
    /// halting in the next one.
    pub fn finish(mut self) -> (Nanos, bool) {
        self.device.synchronize();
        let time = self.clock.now();
        self.report();
        if let Some(traced) = self.clock.stop() {
            traced.events().for_each(|event| self.watch.event(event));
        }
        (time, self.step.is_some_and(|step| step != Step::Run))
    }

    fn report(&mut self) {
        if !self.finished.is_empty() {
            self.watch.event(Event::Spans(std::mem::take(&mut self.finished)));
        }
        self.reported = Instant::now();
    }

    /// Waits for the next step if this is where to halt.
    fn halt(&mut self, place: Path, time: Nanos, made: &[&Tensor]) -> Result<()> {
        let Some(step) = self.step else { return Ok(()) };
        let here = match step {
            Step::Part => true,
            Step::Block => matches!(place.name, Role::MlpResidual | Role::Residual) || place.block.is_none(),
            Step::Pass => place.name == Role::LmHead,
            Step::Run => false,
        };
        if !here {
            return Ok(());
        }
        self.clock.pause();
        self.report();
        self.watch.halted(Halt { path: place.to_string(), time, made: glimpses(place.name, made) });
        self.step = Some(self.control.wait().ok_or(Error::Cancelled)?);
        self.clock.resume();
        Ok(())
    }

    fn id(&mut self, place: Path) -> u32 {
        if let Some(&id) = self.parts.get(&place) {
            return id;
        }
        let id = self.parts.len() as u32;
        self.parts.insert(place, id);
        let parent = self.open.last().map(|open| open.part);
        self.watch.event(Event::Part(Part { path: place.to_string(), parent }));
        id
    }
}

impl Probe for Recorder<'_> {
    fn watches_activations(&self) -> bool {
        false
    }

    fn enter(&mut self, op: Path) -> Result<()> {
        if self.control.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let part = self.id(op);
        if let Some(parent) = self.open.last_mut() {
            parent.is_leaf = false;
        }
        self.device.synchronize();
        let start = self.clock.enter(part);
        self.open.push(Open { part, start, inside: Cost::default(), is_leaf: true });
        Ok(())
    }

    fn leave(&mut self, op: Path, made: &[&Tensor]) -> Result<()> {
        self.device.synchronize();
        let end = self.clock.leave();
        let Some(open) = self.open.pop() else { return Ok(()) };
        let own = self.described.get(&op).map_or(Cost::default(), |part| part.cost(self.shape));
        let total = own + open.inside;
        if let Some(parent) = self.open.last_mut() {
            parent.inside = parent.inside + total;
        }
        let time = end - open.start;
        self.finished.push(Span { part: open.part, start: open.start, time, flops: total.flops, bytes: total.bytes });
        if open.is_leaf {
            self.halt(op, time, made)?;
        }
        if self.reported.elapsed() >= BATCH {
            self.report();
        }
        Ok(())
    }
}

/// A look at each tensor that a part made.
fn glimpses(role: Role, made: &[&Tensor]) -> Vec<Glimpse> {
    let names: &[&str] = match role {
        Role::Qkv => &["q", "k", "v"],
        Role::QkNorm | Role::Rope => &["q", "k"],
        Role::Cache => &["k", "v"],
        _ => &[""],
    };
    made.iter().zip(names).map(|(tensor, name)| glimpse(name, tensor)).collect()
}

fn glimpse(name: &str, tensor: &Tensor) -> Glimpse {
    const SHOWN: i64 = 8;
    let values = tensor.to_kind(Kind::Float);
    // Masked scores are −∞: statistics are over what is a number.
    let finite = values.masked_select(&values.isfinite());
    let of =
        |statistic: fn(&Tensor) -> Tensor| if finite.numel() == 0 { 0.0 } else { statistic(&finite).double_value(&[]) };
    let mut last = values.shallow_clone(); // of the first sequence and the first head
    while last.dim() > 2 {
        last = last.select(0, 0);
    }
    if last.dim() == 2 {
        last = last.select(0, -1);
    }
    let shown = last.narrow(0, 0, SHOWN.min(last.size()[0])).contiguous();
    Glimpse {
        name: name.to_owned(),
        shape: tensor.size(),
        kind: match tensor.kind() {
            Kind::Float => "f32".into(),
            Kind::BFloat16 => "bf16".into(),
            other => format!("{other:?}").to_lowercase(),
        },
        mean: of(|finite| finite.mean(Kind::Double)),
        std: of(|finite| finite.to_kind(Kind::Double).std(false)),
        min: of(Tensor::min),
        max: of(Tensor::max),
        values: Vec::try_from(&shown).unwrap_or_default(),
    }
}
