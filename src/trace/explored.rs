//! What is seen of a model at work on a text: patterns and scores of heads, what the residual stream says on its way,
//! who wrote a logit. Plain data: it travels to the screen and into files, and no model is needed to look at it.
//!
//! A head is named `block.head`, both from 0: 8.1 is head 1 of block 8.

use serde::{Deserialize, Serialize};
use std::fmt;
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
    /// The key that receives most from all that see it, α_k = Σ_{q ≥ k} A[q, k] / (T − k) (Gu et al., arXiv:2410.10781).
    /// Of the first half: what few queries see receives much from one of them.
    pub sink: Sink,
    /// Mean over the queries after the first of H[q] / ln(number of keys): 0 looks at one key, 1 at all alike.
    pub entropy: f32,
    /// How far back it looks, Σ A·(q − k), in tokens.
    pub distance: f32,
}

/// The key that a head's attention gathers on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sink {
    pub key: u32,
    /// α of it.
    pub mass: f32,
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
            (Role::Sink, self.sink.mass > SINK_MASS),
        ];
        roles.into_iter().filter(|(_, is)| *is).map(|(role, _)| role).collect()
    }
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Previous => "previous",
            Role::Duplicate => "duplicate",
            Role::Induction => "induction",
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

/// A token with how likely it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Likely {
    pub id: u32,
    pub probability: f32,
}

/// What the residual stream says at a place and a position, read as the model reads its last one (logit lens;
/// nostalgebraist 2020): final norm with its own statistics, then the LM head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LensCell {
    /// Most likely first.
    pub top: Vec<Likely>,
    /// How many tokens are likelier than the one that comes next; `None` at the last position.
    pub rank: Option<u32>,
    /// In nats.
    pub entropy: f32,
    /// KL(last ‖ this), in nats: 0 in the last row.
    pub kl: f32,
    /// ‖x‖ / √d_model.
    pub norm: f32,
    /// The largest |x| of its features, and which it is.
    pub largest: (u32, f32),
    /// Whether that is a massive activation: above 100, and above 1000 times the median (Sun et al., arXiv:2402.17762).
    pub massive: bool,
}

/// Part of a model that writes to the residual stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writer {
    Embedding,
    Head(Head),
    /// The bias of a block's attention.
    AttnBias(u32),
    Mlp(u32),
    /// The shift of the final norm, and the bias of the LM head.
    FinalBias,
}

/// Who wrote a logit, or the difference of two.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    pub position: u32,
    pub token: u32,
    pub versus: Option<u32>,
    /// In the order of the pass; they add up to `logit`.
    pub parts: Vec<(Writer, f32)>,
    /// As the model computed it.
    pub logit: f32,
}

/// A neuron of an MLP, and the tokens that it promotes when it fires.
#[derive(Debug, Clone, PartialEq)]
pub struct Neuron {
    pub index: u32,
    /// What enters the down-projection.
    pub activation: f32,
    /// ‖activation · w_down‖: how much it writes.
    pub writes: f32,
    /// The tokens whose logits it raises most, by how much.
    pub promotes: Vec<(u32, f32)>,
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Writer::Embedding => f.pad("embedding"),
            Writer::Head(head) => f.pad(&format!("head {head}")),
            Writer::AttnBias(block) => f.pad(&format!("attention bias {block}")),
            Writer::Mlp(block) => f.pad(&format!("mlp {block}")),
            Writer::FinalBias => f.pad("final bias"),
        }
    }
}

/// What an intervention does to a text's predictions and to what comes after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// KL(clean ‖ changed) at every position, in nats.
    pub kl: Vec<f32>,
    /// −ln p of every token after the first, clean and changed.
    pub nll: Vec<(f32, f32)>,
    /// The candidates for the next token: the likeliest of both.
    pub candidates: Vec<Shift>,
    /// The tokens that follow, greedily, clean and changed.
    pub clean: Vec<u32>,
    pub changed: Vec<u32>,
}

/// A candidate for the next token, clean and changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    pub id: u32,
    pub logits: (f32, f32),
    pub probabilities: (f32, f32),
}

impl Effect {
    /// Mean KL over all positions, in nats.
    pub fn mean_kl(&self) -> f32 {
        self.kl.iter().sum::<f32>() / self.kl.len().max(1) as f32
    }

    /// By how much the mean −ln p of the text grows.
    pub fn more_nll(&self) -> f32 {
        let more: f32 = self.nll.iter().map(|(clean, changed)| changed - clean).sum();
        more / self.nll.len().max(1) as f32
    }
}
