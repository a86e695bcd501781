//! From the residual stream to one score for each token of the vocabulary.

use super::{Dim, Part, Surroundings, TensorShape, Weights};
use crate::arch::hook::Hook;
use crate::arch::role::Role;
use crate::arch::weight::Slot;
use crate::arch::work::Work;
use serde::{Deserialize, Serialize};

/// The last product.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Whether its weight is the embedding's table, transposed.
    pub tied: bool,
    pub bias: bool,
    /// What logits are multiplied by.
    pub multiplier: f64,
    /// c, where logits become c·tanh(logit / c).
    pub softcap: Option<f64>,
}

impl Head {
    /// The product alone.
    pub const fn plain(tied: bool) -> Self {
        Self { tied, bias: false, multiplier: 1.0, softcap: None }
    }

    pub fn describe(self, d_vocab: usize, around: &Surroundings) -> Part {
        let inner = around.d_model;
        let weights = match (self.tied, self.bias) {
            (false, bias) => vec![Weights::Product { rows: vec![(Slot::LmHead, d_vocab)], inner, bias }],
            (true, _) => Vec::new(),
        };
        let work = Work::Head {
            inner,
            out: d_vocab,
            bias: self.bias,
            weights: around.format(if self.tied { Slot::Embed } else { Slot::LmHead }),
            activations: around.activations(),
        };
        Part {
            weights,
            takes: vec![TensorShape::new("", &[Dim::Size(inner)])],
            makes: vec![TensorShape::new("", &[Dim::Size(d_vocab)])],
            hooks: vec![Hook::Logits],
            ..around.on_stream(Role::LmHead, work)
        }
    }
}
