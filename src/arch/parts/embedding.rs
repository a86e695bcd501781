//! From token ids to the residual stream.

use super::norm::Norm;
use super::{Part, Surroundings, TensorShape, Weights};
use crate::arch::hook::Hook;
use crate::arch::role::Role;
use crate::arch::weight::Slot;
use crate::arch::work::Work;
use serde::{Deserialize, Serialize};

/// The table of vectors by token, and what happens to them before the first block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    /// Rows of learned positions, which are added, where the model has them.
    pub positions: Option<usize>,
    /// Rows of vectors by the kind of a token, which are added, where the model has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_types: Option<usize>,
    /// What vectors are multiplied by.
    pub multiplier: f64,
    pub norm: Option<Norm>,
}

impl Embedding {
    /// The vectors as they are.
    pub const PLAIN: Self = Self { positions: None, token_types: None, multiplier: 1.0, norm: None };

    pub fn describe(&self, d_vocab: usize, around: &Surroundings) -> Vec<Part> {
        let width = around.d_model;
        let mut weights = vec![Weights::Table { slot: Slot::Embed, rows: d_vocab, width }];
        if let Some(rows) = self.positions {
            weights.push(Weights::Vector { slot: Slot::Positions, shape: vec![rows, width], bias: false });
        }
        if let Some(rows) = self.token_types {
            weights.push(Weights::Vector { slot: Slot::TokenTypes, shape: vec![rows, width], bias: false });
        }
        let work = Work::LookUp {
            width,
            table: around.format(Slot::Embed),
            learned_positions: self.positions.is_some(),
            token_types: self.token_types.is_some(),
            activations: around.activations(),
        };
        let mut parts = vec![Part {
            weights,
            takes: vec![TensorShape::new("ids", &[around.positions()])],
            hooks: if self.norm.is_none() { vec![Hook::Embed] } else { Vec::new() },
            ..around.on_stream(Role::Embed, work)
        }];
        if let Some(norm) = self.norm {
            parts.push(Part { hooks: vec![Hook::Embed], ..norm.describe(Role::EmbedNorm, Slot::EmbedNorm, around) });
        }
        parts
    }
}
