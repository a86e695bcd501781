//! What happened when, on which thread, as slices that lie in one another: what the Timeline shows.
//!
//! It is made from a run of Blockscope or from a trace that PyTorch's profiler wrote, and knows neither.

mod grouped;
pub(super) mod names;
mod nest;
mod of_run;
mod rows;

pub use grouped::Grouped;
pub use nest::Nest;
pub use of_run::Counted;
pub use rows::{Coverage, Rows};

use crate::arch::path::branch_of;
use crate::arch::role::Branch;
use crate::record::memory::ByCategory;
use crate::units::{Bytes, Flops, Nanos};

/// Slices on tracks, on one axis of time that begins at 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// Names of slices, each once.
    pub names: Vec<String>,
    /// What is worth knowing of a slice beside its name: shapes, mostly. Each once; the first is empty.
    pub details: Vec<String>,
    pub tracks: Vec<Track>,
    /// Live memory, one curve for each device or rank that reports it.
    pub memory: Vec<Curve>,
    /// Named stretches: `prefill`, `decode 12`, `ProfilerStep#3`. By start.
    pub sections: Vec<Section>,
    /// Where the last slice ends.
    pub end: Nanos,
    /// What could not be shown, and why; to be said on the screen.
    pub warnings: Vec<String>,
}

/// One row of stacked slices: a thread, a GPU stream.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    /// `model thread`, `stream 7`.
    pub name: String,
    /// `rank 0`; empty where there is only one.
    pub group: String,
    /// By start; of two that begin together the outer one first. They nest strictly.
    pub slices: Vec<Slice>,
    /// Number of rows: the largest depth and one more.
    pub rows: u16,
}

/// Something that took a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Index into the names.
    pub name: u32,
    /// Index into the details.
    pub detail: u32,
    pub kind: SliceKind,
    /// How many slices it lies in.
    pub depth: u16,
    /// The slice that it lies in, as an index into its track; `u32::MAX` for none.
    pub parent: u32,
    pub start: Nanos,
    pub time: Nanos,
    /// Less what lies in it.
    pub own: Nanos,
    /// Counted from its shapes; 0 where there is nothing to count or nothing is known.
    pub flops: Flops,
}

/// What a slice is; it decides the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SliceKind {
    /// A forward pass, or a step of a foreign profile.
    Pass,
    /// A block, or a part outside of blocks.
    Part,
    /// The first stage of a block, and what lies in it.
    Attention,
    /// The second stage.
    Mlp,
    /// An `nn.Module` of a foreign trace.
    Module,
    Operator,
    /// Work on a GPU.
    Kernel,
    /// A call into a GPU's driver or runtime.
    Runtime,
    /// A function of the program.
    Function,
    /// A region that somebody named.
    Annotation,
}

/// A named stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub start: Nanos,
    pub time: Nanos,
}

/// Live bytes over time: steps, each until the next.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// `memory`, `rank 1 · cuda:0`.
    pub name: String,
    /// By time.
    pub points: Vec<(Nanos, Level)>,
}

/// How much is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// By category, as a run of Blockscope knows it.
    Split(ByCategory),
    /// All together, as other traces have it.
    Total(Bytes),
}

impl SliceKind {
    /// What the part with this path is.
    pub fn of_part(path: &str) -> Self {
        match branch_of(path) {
            Branch::Attention => SliceKind::Attention,
            Branch::Mlp => SliceKind::Mlp,
            Branch::Other => SliceKind::Part,
        }
    }
}

impl Slice {
    pub const NO_PARENT: u32 = u32::MAX;

    /// Where it ends.
    pub fn end(&self) -> Nanos {
        self.start + self.time
    }
}

impl Level {
    pub fn total(self) -> Bytes {
        match self {
            Level::Split(split) => split.total(),
            Level::Total(bytes) => bytes,
        }
    }
}
