//! What to run.

use super::Sampling;
use crate::record::Watched;

/// A run to make: a prompt, and how many tokens to add to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub prompt: Prompt,
    /// Most tokens to generate; the first of them comes out of the prefill.
    pub new_tokens: u32,
    pub sampling: Sampling,
    /// End early at a token that ends a text or a turn.
    pub stop: bool,
    /// Measured repetitions of the whole run. Plain ones and ones watched as `watched` says alternate,
    /// `repeats` of each, after one warm-up. A single one that is not traced is made at once, without the
    /// other two, and so is one in single steps.
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
    /// This many random tokens, twice, behind the token that begins a text: what comes the second time can be known
    /// only by looking back, which shows the heads that do (Olsson et al., arXiv:2209.11895).
    Repeated(u32),
}

impl Request {
    /// How many pairs of a plain and a watched repeat to make, after a warm-up; `None` for one repeat alone.
    /// A traced repeat always has a plain one before it: what tracing cost is known with every trace.
    pub fn pairs(&self) -> Option<u32> {
        let is_traced = self.watched == Watched::Operators && !self.step;
        (self.repeats > 1 || is_traced).then_some(self.repeats.max(1))
    }
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
