//! Heads: what they look at, and what they do.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// A head of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Head {
    pub block: u32,
    pub head: u32,
}

/// How much of something a head does, and how much one would that spreads its attention evenly.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Score {
    pub value: f32,
    pub uniform: f32,
    /// Over how many queries: those for which there is something to find.
    pub queries: u32,
}

/// What a head does on a text, in numbers. Shares of attention are from 0 to 1, means over the queries for which there
/// is something to find.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadScores {
    #[serde(flatten)]
    pub at: Head,
    /// On the token before.
    pub previous: Score,
    /// On earlier tokens that are the same.
    pub duplicate: Score,
    /// On tokens that come after an earlier one that is the same (Olsson et al., arXiv:2209.11895).
    pub induction: Score,
    /// The key that receives most from all that see it, α_k = Σ A[q, k] / (number of queries that see k), T − k of them
    /// without a window (Gu et al., arXiv:2410.10781).
    /// Of the first half: what few queries see receives much from one of them.
    pub sink: Sink,
    /// Mean over the queries after the first of H[q] / ln(number of keys): 0 looks at one key, 1 at all alike.
    pub entropy: f32,
    /// How far back it looks, Σ A·(q − k), in tokens.
    pub distance: f32,
    /// By how much it differs from what it was in another run over as many positions: ½ Σ |A − A′|, mean over the
    /// queries. 0 looks at the same, 1 at nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<f32>,
}

/// The key that a head's attention gathers on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sink {
    pub key: u32,
    /// α of it.
    pub mass: f32,
    /// What it would receive if all spread their attention evenly: much, where the text or the window is short.
    #[serde(default)]
    pub uniform: f32,
}

/// What a head does that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Previous,
    Duplicate,
    Induction,
    Sink,
}

/// The pattern of a head made small: of every `bin` × `bin` cells the largest.
#[derive(Debug, Clone, PartialEq)]
pub struct Thumbnail {
    pub at: Head,
    /// Cells on a side.
    pub side: u32,
    pub bin: u32,
    /// Row by row; NaN where no query sees a key.
    pub cells: Vec<f32>,
}

/// A share of attention that makes a role, beside what an even spread would give.
const ROLE_SHARE: f32 = 0.3;
const ROLE_TIMES: f32 = 3.0;
/// Of so many queries at least: one or two that happen to fit are no habit.
const ROLE_QUERIES: u32 = 6;
/// From Gu et al.
const SINK_MASS: f32 = 0.3;

impl HeadScores {
    /// What it does that has a name: much of its attention, several times an even spread's, of several queries.
    pub fn roles(&self) -> Vec<Role> {
        let is = |score: Score| {
            let Score { value, uniform, queries } = score;
            queries >= ROLE_QUERIES && value >= ROLE_SHARE && value >= ROLE_TIMES * uniform
        };
        let roles = [
            (Role::Induction, is(self.induction)),
            (Role::Previous, is(self.previous)),
            (Role::Duplicate, is(self.duplicate)),
            (Role::Sink, self.sink.mass > SINK_MASS && self.sink.mass >= ROLE_TIMES * self.sink.uniform),
        ];
        roles.into_iter().filter(|(_, is)| *is).map(|(role, _)| role).collect()
    }
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Induction, Role::Previous, Role::Duplicate, Role::Sink];

    pub fn name(self) -> &'static str {
        match self {
            Role::Previous => "previous",
            Role::Duplicate => "duplicate",
            Role::Induction => "induction",
            Role::Sink => "sink",
        }
    }

    /// The same in at most four letters.
    pub fn short(self) -> &'static str {
        match self {
            Role::Previous => "prev",
            Role::Duplicate => "dup",
            Role::Induction => "ind",
            Role::Sink => "sink",
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.block, self.head))
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text
            .split_once('.')
            .and_then(|(block, head)| Some(Head { block: block.parse().ok()?, head: head.parse().ok()? }));
        parsed.ok_or_else(|| format!("'{text}' is no head: expected its block and its number there, as 8.1"))
    }
}

/// Part of a pattern: some queries by some keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    pub queries: Range<usize>,
    pub keys: Range<usize>,
}

/// Part of a head's pattern, of every `bin` × `bin` cells the largest.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    pub head: Head,
    pub area: Area,
    pub bin: usize,
    /// Row by row, queries down; NaN where no query sees a key. [⌈queries / bin⌉ · ⌈keys / bin⌉]
    pub cells: Vec<f32>,
}
