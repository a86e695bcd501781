//! The weights of a model by what they are for, and where files keep them.

use super::formats::{Formats, Precision};
use super::path::{Instance, StackName};

/// What a weight is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    Embed,
    Positions,
    EmbedNorm,
    /// The norm of a block whose branches share one.
    Norm,
    AttnNorm,
    Q,
    K,
    V,
    QNorm,
    KNorm,
    /// A learned logit for each head that takes part in the softmax.
    Sinks,
    Out,
    AttnPostNorm,
    MlpNorm,
    Gate,
    Up,
    Down,
    MlpPostNorm,
    FinalNorm,
    LmHead,
    // Those after here are of no decoder of text with one MLP in a block. Random weights are drawn by the number of their
    // slot, which must not change.
    Router,
    AttnSumNorm,
    MlpSumNorm,
    /// A vector for each kind of token.
    TokenTypes,
    Patches,
    /// The vector that stands before the patches of a picture.
    ClassToken,
    Frames,
    FramesHalved,
    ConnectorUp,
    ConnectorDown,
    Transform,
    TransformNorm,
    Classifier,
}

/// One weight of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub stack: StackName,
    pub slot: Slot,
    /// The block that it belongs to, if any.
    pub block: Option<usize>,
    /// The attention or MLP of the block.
    pub instance: Instance,
    pub bias: bool,
}

/// A weight and its shape: [out, in] of a matrix, [n] of a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub key: Key,
    pub shape: Vec<usize>,
}

/// Where a file keeps a weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub name: String,
    /// The shape of the tensor in the file, outermost dimension first.
    pub shape: Vec<usize>,
    pub view: View,
}

/// How the tensor in the file becomes the weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Whole,
    /// Stored [in, out].
    Transposed,
    /// Some of the output rows of a joined tensor, which may itself be stored [in, out].
    Rows {
        start: usize,
        len: usize,
        transposed: bool,
    },
    /// Rows of a tensor of equal groups: from each group of `of` rows, `len` from `start` on.
    OfGroups {
        of: usize,
        start: usize,
        len: usize,
    },
    /// Rows alternate between the two halves that rotate together, in the first `dims` rows of each head.
    Interleaved {
        heads: usize,
        dims: usize,
    },
    /// Stored less 1.
    LessOne,
    /// The rows from `start` on.
    From {
        start: usize,
    },
    /// Stored with other dimensions, the numbers in the same order.
    Reshaped,
    /// Each row is a tensor of its own, whose name has the number of the row in place of `{}`.
    Each {
        rows: usize,
    },
}

impl Slot {
    /// Whether it is the weight of a product, or the table of the embedding. What is not, rests in the format of the
    /// activations.
    pub fn is_matrix(self) -> bool {
        matches!(
            self,
            Slot::Embed
                | Slot::Patches
                | Slot::Frames
                | Slot::FramesHalved
                | Slot::Q
                | Slot::K
                | Slot::V
                | Slot::Out
                | Slot::Gate
                | Slot::Up
                | Slot::Down
                | Slot::ConnectorUp
                | Slot::ConnectorDown
                | Slot::Transform
                | Slot::LmHead
        )
    }

    pub fn is_norm(self) -> bool {
        matches!(
            self,
            Slot::EmbedNorm
                | Slot::Norm
                | Slot::AttnNorm
                | Slot::QNorm
                | Slot::KNorm
                | Slot::AttnPostNorm
                | Slot::AttnSumNorm
                | Slot::MlpNorm
                | Slot::MlpPostNorm
                | Slot::MlpSumNorm
                | Slot::FinalNorm
                | Slot::TransformNorm
        )
    }
}

impl Key {
    /// What it is counted under: the rows of `inspect`.
    pub fn group(self) -> String {
        let group = match (self.slot, self.instance) {
            (_, Instance::Cross) => "cross-attention",
            (_, Instance::Expert(_) | Instance::Shared) => "experts",
            (Slot::Embed | Slot::TokenTypes, _) => "embedding",
            (Slot::Patches | Slot::ClassToken, _) => "patches",
            (Slot::Frames | Slot::FramesHalved, _) => "frames",
            (Slot::Positions, _) => "positions",
            (Slot::Q | Slot::K | Slot::V | Slot::Out | Slot::Sinks, _) => "attention",
            (Slot::Router, _) => "router",
            (Slot::Gate | Slot::Up | Slot::Down, _) => "MLP",
            (Slot::ConnectorUp | Slot::ConnectorDown, _) => "connector",
            (Slot::Transform, _) => "transform",
            (Slot::Classifier, _) => "classifier",
            (Slot::LmHead, _) => "lm head",
            (slot, _) => {
                debug_assert!(slot.is_norm(), "{slot:?} is counted under what it is");
                "norms"
            }
        };
        match self.stack {
            StackName::Only => group.to_owned(),
            stack => format!("{} {group}", stack.name()),
        }
    }

    /// `weight` or `bias`: the last piece of its name in files.
    pub fn leaf(self) -> &'static str {
        if self.bias { "bias" } else { "weight" }
    }

    /// Whether it enters a product, or is the table of the embedding.
    pub fn is_matrix(self) -> bool {
        !self.bias && self.slot.is_matrix()
    }

    /// The format in which it rests in memory. `tied`: the embedding is the LM head, too.
    pub fn format(self, tied: bool, formats: &Formats) -> Precision {
        match self.slot {
            _ if !self.is_matrix() => formats.compute,
            Slot::LmHead => formats.lm_head,
            Slot::Embed if tied => formats.lm_head,
            // It is looked up, not multiplied: finer numbers cost no time.
            Slot::Embed if formats.weights == Precision::Int4 => Precision::Int8,
            _ => formats.weights,
        }
    }
}

impl Parameter {
    /// How many numbers it has.
    pub fn count(&self) -> u64 {
        self.shape.iter().map(|&size| size as u64).product()
    }

    /// Bytes that it takes in memory, scales included.
    pub fn bytes(&self, tied: bool, formats: &Formats) -> u64 {
        let inner = self.shape.last().map_or(1, |&inner| inner as u64).max(1);
        self.key.format(tied, formats).matrix_bytes(self.count() / inner, inner)
    }
}

impl Stored {
    /// A weight that is a tensor of its own, as it should be.
    pub fn whole(name: String, parameter: &Parameter) -> Self {
        Self { name, shape: parameter.shape.clone(), view: View::Whole }
    }

    /// A product that is stored [in, out]; a vector as it is.
    pub fn transposed(name: String, parameter: &Parameter) -> Self {
        let mut stored = Self::whole(name, parameter);
        if stored.shape.len() == 2 {
            stored.shape.reverse();
            stored.view = View::Transposed;
        }
        stored
    }

    /// Rows `start ..` of a tensor of `all` rows in which several weights stand below each other.
    pub fn rows(name: String, parameter: &Parameter, start: usize, all: usize) -> Self {
        let mut stored = Self::whole(name, parameter);
        stored.view = View::Rows { start, len: stored.shape[0], transposed: false };
        stored.shape[0] = all;
        stored
    }

    /// The same where the file has it [in, out].
    pub fn columns(name: String, parameter: &Parameter, start: usize, all: usize) -> Self {
        let mut stored = Self::rows(name, parameter, start, all);
        if let (2, View::Rows { start, len, .. }) = (stored.shape.len(), stored.view) {
            stored.shape.reverse();
            stored.view = View::Rows { start, len, transposed: true };
        }
        stored
    }

    /// A tensor with other dimensions than the weight, whose numbers lie in the same order.
    pub fn reshaped(name: String, shape: Vec<usize>) -> Self {
        Self { name, shape, view: View::Reshaped }
    }

    /// A matrix whose rows are tensors of their own; `{}` in the name is the number of the row.
    pub fn each(name: String, parameter: &Parameter) -> Self {
        let rows = parameter.shape[0];
        Self { name, shape: parameter.shape[1..].to_vec(), view: View::Each { rows } }
    }

    /// The names of the tensors that it is made of: one, but for rows that are tensors of their own.
    pub fn names(&self) -> Vec<String> {
        match self.view {
            View::Each { rows } => (0..rows).map(|row| self.name.replace("{}", &row.to_string())).collect(),
            _ => vec![self.name.clone()],
        }
    }

    /// Rows of a tensor of equal groups, each of `of` rows, of which `len` from `start` on are the weight's.
    pub fn of_groups(name: String, parameter: &Parameter, of: usize, start: usize, len: usize) -> Self {
        let mut stored = Self::whole(name, parameter);
        stored.shape[0] = stored.shape[0] / len.max(1) * of;
        stored.view = View::OfGroups { of, start, len };
        stored
    }
}
