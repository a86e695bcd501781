//! From the residual stream to one score for each token of the vocabulary.

use crate::engine::linear::Linear;
use tch::{Kind, Tensor};

/// The last product, and a soft cap on what it makes.
pub struct Head {
    pub linear: Linear,
    /// c, where logits become c·tanh(logit / c).
    pub softcap: Option<f64>,
}

impl Head {
    /// [.., d_model] → f32 logits [.., d_vocab]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        self.capped(self.uncapped(x))
    }

    /// Logits before the soft cap.
    pub fn uncapped(&self, x: &Tensor) -> Tensor {
        self.linear.forward_as(x, Kind::Float)
    }

    /// What a soft cap makes of logits.
    pub fn capped(&self, logits: Tensor) -> Tensor {
        match self.softcap {
            Some(cap) => (logits / cap).tanh() * cap,
            None => logits,
        }
    }
}
