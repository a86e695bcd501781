//! What to run.

use super::Sampling;
use crate::trace::Watched;

/// A run to make: a prompt, and how many tokens to add to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub prompt: Prompt,
    /// Most tokens to generate; the first of them comes out of the prefill.
    pub new_tokens: u32,
    pub sampling: Sampling,
    /// End early at a token that ends a text or a turn.
    pub stop: bool,
    /// Measured repetitions of the whole run. One is made as `watched` says, at once; with more, plain
    /// ones and ones watched so alternate, `repeats` of each, after one warm-up.
    pub repeats: u32,
    /// How closely the passes are watched.
    pub watched: Watched,
    /// How many of the likeliest tokens to report with each token.
    pub top: usize,
    /// Halt after every part until told to go on.
    pub step: bool,
}

/// Where the prompt comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// A text, continued as it is.
    Text(String),
    /// A user's turn, put into the model's chat template.
    Chat(String),
    /// Token ids.
    Ids(Vec<u32>),
    /// This many tokens, the same ones every time, for timing.
    Synthetic(u32),
}

impl Default for Request {
    fn default() -> Self {
        Self {
            prompt: Prompt::Text(String::new()),
            new_tokens: 64,
            sampling: Sampling::default(),
            stop: true,
            repeats: 1,
            watched: Watched::Parts,
            top: 0,
            step: false,
        }
    }
}
