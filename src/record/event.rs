//! The events of which a run consists, in the order in which they happen.
//!
//! ```text
//! Header · Peaks? · Part* · ( PassStart · Part* · Spans* · Traced* · PassEnd · Token? )* · End
//! Traced: Signature* · Operators · Memory · Cut?
//! ```

use super::header::Header;
use super::memory::PassMemory;
use super::operator::{Cut, Operator, Signature};
use super::peaks::Peaks;
use crate::units::{Bytes, Flops, Nanos};

/// One thing that happened during a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// What runs, where and how. Always first, once.
    Header(Box<Header>),
    /// A part of the model was seen for the first time; its id is the number of parts before it.
    Part(Part),
    /// A forward pass begins.
    PassStart(PassStart),
    /// Some parts of the current pass have finished.
    Spans(Vec<Span>),
    /// What the machine can do at most, measured before the run or with it.
    Peaks(Box<Peaks>),
    /// An operator was seen with these shapes for the first time; its id is the number of signatures before it.
    Signature(Box<Signature>),
    /// Operators of the current pass, by start.
    Operators(Vec<Operator>),
    /// The memory of the current pass.
    Memory(Box<PassMemory>),
    /// Not everything in the current pass could be kept.
    Cut(Cut),
    /// The current pass has ended after this much wall time.
    PassEnd { time: Nanos },
    /// A token was chosen.
    Token(Token),
    /// The run is over. Absent from a run that was killed.
    End(Status),
    /// A line that this version does not know; kept as it was read.
    Unknown(serde_json::Value),
}

/// A part of the model: a row of the Blocks screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it is, as a dotted path: `embed`, `blocks.3`, `blocks.3.attn`, `blocks.3.attn.qkv`, `lm_head`.
    pub path: String,
    /// The number of the part that contains it.
    pub parent: Option<u32>,
}

impl Part {
    /// The last piece of the path: `qkv`; for a block its number is kept: `block 3`.
    pub fn name(&self) -> String {
        let (rest, last) = self.path.rsplit_once('.').unwrap_or(("", &self.path));
        if rest == "blocks" { format!("block {last}") } else { last.replace('_', " ") }
    }

    /// The path inside its block: `attn.qkv`, or nothing for the block itself; `None` outside of blocks.
    pub fn in_block(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("blocks.")?;
        Some(inside.split_once('.').map_or("", |(_, rest)| rest))
    }

    /// The block that it belongs to, if any.
    pub fn block(&self) -> Option<u32> {
        self.path.strip_prefix("blocks.")?.split('.').next()?.parse().ok()
    }
}

/// What a pass works on: the whole prompt, or one further token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    Prefill,
    Decode,
}

impl Phase {
    /// `prefill` or `decode`, as in files and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Prefill => "prefill",
            Phase::Decode => "decode",
        }
    }
}

/// How closely a pass was watched while it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Watched {
    /// Only its whole time was taken.
    Plain,
    /// Its parts were timed.
    Parts,
    /// Its parts, and every operator and allocation in them.
    Operators,
}

impl Watched {
    /// Whether there is something to say about its parts.
    pub fn has_parts(self) -> bool {
        self != Watched::Plain
    }
}

/// The beginning of a forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassStart {
    pub phase: Phase,
    /// Which repetition of the whole run this belongs to, from 0; warm-ups are not recorded.
    pub repeat: u32,
    /// Number of the decode step, from 0; 0 for a prefill.
    pub step: u32,
    /// Positions computed in this pass.
    pub n_new: u32,
    /// Positions already in the KV cache.
    pub n_past: u32,
    /// How closely it was watched. Headline numbers come from passes that were not.
    pub watched: Watched,
    /// When it began, since the run began.
    pub start: Nanos,
}

/// One execution of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Index into the run's parts.
    pub part: u32,
    /// When it began, since its pass began.
    pub start: Nanos,
    /// Wall time, children included. Measured.
    pub time: Nanos,
    /// Work by the formulas of `arch::work`, from the shapes that ran, children included.
    pub flops: Flops,
    /// Compulsory traffic by the same formulas: weights, inputs and outputs, each once.
    pub bytes: Bytes,
}

/// A token that the model chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub repeat: u32,
    /// Number of the new token, from 0.
    pub step: u32,
    pub id: u32,
    /// The text that became complete with this token; may be empty in the middle of a character.
    pub text: String,
    /// Its probability under the unmodified distribution (temperature 1, nothing cut off).
    pub p: f32,
    /// From the start of its pass (of the prefill, for the first) until it was chosen.
    pub latency: Nanos,
    /// The likeliest tokens, best first.
    pub top: Vec<Candidate>,
}

/// A token that could have been chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub id: u32,
    pub text: String,
    pub p: f32,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// All tokens that were asked for, or a stop token.
    Done,
    /// The user stopped it; what was measured until then is valid.
    Cancelled,
    /// It failed, with the reason.
    Failed(String),
}
