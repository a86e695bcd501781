//! One phase of both arms, whole and part by part.

use super::both::Both;
use super::figure::{Figure, Rate, Rates};
use super::rounds::{Role, Rounds};
use crate::analyse::statistics::{LEVEL, Ratio};
use crate::arch::path::last_of;
use crate::record::event::Phase;
use crate::record::study::{Arm, Sample};

/// One phase of both arms.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseComparison {
    pub phase: Phase,
    /// TTFT of a prefill, TPOT when decoding.
    pub time: Figure,
    /// The time of one token, of which [`PhaseComparison::rates`] are made: TTFT ÷ prompt tokens; all further tokens
    /// over all their time. Seconds.
    pace: Pace,
    /// `blocks.0`, `blocks.1`, …: one family for Holm's correction.
    pub blocks: Vec<Row>,
    /// Parts inside blocks, added up over all blocks: `attn`, `attn.qkv`. Another family.
    pub kinds: Vec<Row>,
    /// Parts outside of blocks: `embed`, `lm_head`. Another one.
    pub outside: Vec<Row>,
}

/// The time of one part.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// `blocks.3`, `attn.qkv`, `lm_head`.
    pub path: String,
    /// How many parts of the same table it lies inside.
    pub depth: usize,
    pub time: Figure,
}

/// Rates of both arms and their ratio, as they are worked out of the times.
#[derive(Debug, Clone, PartialEq, Default)]
struct Pace {
    sides: Both<Option<Rate>>,
    ratio: Option<Ratio>,
}

impl PhaseComparison {
    /// Of the samples of both arms, without the parts.
    pub(super) fn of(phase: Phase, rounds: &Rounds<&Sample>, arms: Both<&Arm>) -> Self {
        let time = |sample: &Sample| match phase {
            Phase::Prefill => Some(sample.ttft),
            Phase::Decode => sample.tpot(),
        };
        let pace = |arm: &Arm, sample: &Sample| match phase {
            Phase::Prefill => (arm.prompt_tokens > 0).then(|| sample.ttft.seconds() / f64::from(arm.prompt_tokens)),
            Phase::Decode => (!sample.steps.is_empty()).then(|| sample.decode().seconds() / sample.steps.len() as f64),
        };
        Self {
            phase,
            time: rounds.times(time).figure(),
            pace: Pace::of(rounds, arms, pace),
            blocks: Vec::new(),
            kinds: Vec::new(),
            outside: Vec::new(),
        }
    }

    /// Tokens per second: of a prefill the prompt tokens ÷ TTFT, when decoding all further tokens ÷ all their time.
    pub fn rates(&self) -> Rates {
        Rates { sides: self.pace.sides, ratio: self.pace.ratio }
    }

    /// All rows: blocks, kinds of parts, parts outside of blocks.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.blocks.iter().chain(&self.kinds).chain(&self.outside)
    }
}

impl Row {
    /// What it is called below what contains it: `block 3`, `qkv`, `lm head`.
    pub fn name(&self) -> String {
        last_of(&self.path)
    }
}

impl Pace {
    /// `of` is the time of a token of one sample, in seconds.
    fn of(rounds: &Rounds<&Sample>, arms: Both<&Arm>, of: impl Fn(&Arm, &Sample) -> Option<f64>) -> Self {
        let paces = rounds.map(|role, sample| match role {
            Role::Baseline | Role::Again => of(arms.baseline, sample),
            Role::Candidate => of(arms.candidate, sample),
        });
        let rate = |role: Role| Rate::of(paces.side(role).filter(|pace| *pace > 0.0).map(|pace| 1.0 / pace).collect());
        Self {
            sides: Both { baseline: rate(Role::Baseline), candidate: rate(Role::Candidate) },
            ratio: Ratio::of(&paces.samples(), LEVEL).map(|ratio| ratio.inverse()),
        }
    }
}
