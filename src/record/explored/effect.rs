//! What interventions do.

use serde::{Deserialize, Serialize};

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
