//! The residual stream: what it says on its way, and who wrote it.

use super::Head;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// A place between the parts of the model, where the residual stream can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Before the first block.
    Embedded,
    /// After the first stage of a block, attention.
    Mid(usize),
    /// After the second, the MLP: after the block.
    Post(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Embedded => f.pad("embedding"),
            Place::Mid(block) => f.pad(&format!("{block} attention")),
            Place::Post(block) => f.pad(&format!("{block} mlp")),
        }
    }
}

/// The lens at every place, for positions one after another.
#[derive(Debug, Clone, PartialEq)]
pub struct LensTable {
    /// The first position.
    pub first: usize,
    /// By place, in the order of the pass; a cell for each position.
    pub places: Vec<(Place, Vec<LensCell>)>,
}

impl LensTable {
    /// Where it was read.
    pub fn positions(&self) -> Range<usize> {
        self.first..self.first + self.places.first().map_or(0, |(_, cells)| cells.len())
    }

    /// Part of it; `None` where it was not read at any of these positions.
    pub fn part(&self, positions: &Range<usize>) -> Option<Self> {
        let have = self.positions();
        let (start, end) = (positions.start.max(have.start), positions.end.min(have.end));
        let cells =
            |(place, cells): &(Place, Vec<LensCell>)| (*place, cells[start - self.first..end - self.first].to_vec());
        (start < end).then(|| Self { first: start, places: self.places.iter().map(cells).collect() })
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
    /// What was written since the place before against what was there, ‖Δ‖ / ‖x‖; `None` at the first place.
    #[serde(default)]
    pub write: Option<f32>,
    /// The largest |x| of its features, and which it is.
    pub largest: (u32, f32),
    /// Whether that is a massive activation: above 100, and above 1000 times the median (Sun et al., arXiv:2402.17762).
    pub massive: bool,
}

/// Part of a model that writes to the residual stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

impl Attribution {
    /// Who may write, in the order of the pass.
    pub fn writers(&self) -> Vec<Writer> {
        self.parts.iter().map(|(writer, _)| *writer).collect()
    }
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
