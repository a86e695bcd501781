//! Choosing the next token, over the full vocabulary.

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// 0 is greedy: always the likeliest.
    pub temperature: f32,
    /// Keep only this many of the likeliest; 0 keeps all.
    pub top_k: usize,
    /// Keep the likeliest until their probabilities add up to this; 1 keeps all.
    pub top_p: f32,
    pub seed: u64,
}

impl Default for Sampling {
    /// Greedy.
    fn default() -> Self {
        Self { temperature: 0.0, top_k: 0, top_p: 1.0, seed: 0 }
    }
}
