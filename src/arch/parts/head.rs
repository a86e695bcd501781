//! From the residual stream to one score for each token of the vocabulary, or for each label.

use super::mlp::Activation;
use super::norm::Norm;
use super::{Dim, Part, Rows, Surroundings, TensorShape, Weights};
use crate::arch::hook::Hook;
use crate::arch::role::Role;
use crate::arch::weight::Slot;
use crate::arch::work::Work;
use serde::{Deserialize, Serialize};

/// What ends in scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Whether its weight is the embedding's table, transposed.
    pub tied: bool,
    pub bias: bool,
    /// What logits are multiplied by.
    pub multiplier: f64,
    /// c, where logits become c·tanh(logit / c).
    pub softcap: Option<f64>,
    /// What stands before the last product, where something does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// Of a classifier the number of its labels, which it scores from the first position; else tokens are scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<usize>,
}

/// A product with a bias, a non-linearity and a norm (Devlin et al., arXiv:1810.04805).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    pub activation: Activation,
    pub norm: Norm,
}

impl Head {
    /// One score for each token, by the product alone.
    pub const fn plain(tied: bool) -> Self {
        Self { tied, bias: false, multiplier: 1.0, softcap: None, transform: None, labels: None }
    }

    /// One score for each label.
    pub const fn classifier(labels: usize) -> Self {
        Self { bias: true, labels: Some(labels), ..Self::plain(false) }
    }

    /// Its parts, in the order of a pass.
    pub fn describe(self, d_vocab: usize, around: &Surroundings) -> Vec<Part> {
        let transform = self.transform.map(|transform| transform.describe(around));
        let last = match self.labels {
            Some(labels) => Part {
                rows: Rows::Fixed(1),
                ..around.product(Role::Classifier, &[(Slot::Classifier, labels)], around.d_model, self.bias)
            },
            None => self.over_vocabulary(d_vocab, around),
        };
        transform.into_iter().flatten().chain([Part { hooks: vec![Hook::Logits], ..last }]).collect()
    }

    fn over_vocabulary(self, d_vocab: usize, around: &Surroundings) -> Part {
        let inner = around.d_model;
        let weights = match (self.tied, self.bias) {
            (false, bias) => vec![Weights::Product { rows: vec![(Slot::LmHead, d_vocab)], inner, bias }],
            (true, true) => vec![Weights::Shift { slot: Slot::LmHead, rows: d_vocab }],
            (true, false) => Vec::new(),
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
            ..around.on_stream(Role::LmHead, work)
        }
    }
}

impl Transform {
    fn describe(self, around: &Surroundings) -> Vec<Part> {
        let d = around.d_model;
        vec![
            around.product(Role::Transform, &[(Slot::Transform, d)], d, true),
            around.on_stream(Role::TransformAct, around.elementwise(2 * d)),
            self.norm.describe(Role::TransformNorm, Slot::TransformNorm, around),
        ]
    }
}
