//! What is to be studied: the configurations, how often, and on what text the quality is measured.

use crate::analyse::statistics::{LEVEL, RESOLUTION, fewest};
use crate::arch::Toggles;
use crate::record::study::StudyKind;

/// A study to make of the model of a [`Session`](crate::measure::Session).
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub kind: StudyKind,
    /// The configurations; the first is the baseline.
    pub arms: Vec<PlannedArm>,
    pub rounds: Rounds,
    /// Whether every arm is also executed once a round with its parts timed.
    pub parts: bool,
    /// The text on which quality is measured, if it is to be.
    pub quality: Option<QualityText>,
    /// Of the order of the arms in each round.
    pub seed: u64,
}

/// A configuration: what is built, and what it is executed on.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedArm {
    /// What tells it apart, as the user would write it.
    pub name: String,
    pub toggles: Toggles,
    /// Length of the prompt, of the same tokens every time. At least 1.
    pub prompt_tokens: u32,
    /// Tokens to generate; the first comes out of the prefill. At least 1.
    pub new_tokens: u32,
}

/// How many rounds are made: until the intervals are narrow, which has nothing to do with what they show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounds {
    pub least: u32,
    pub most: u32,
    /// An interval is narrow when it is no wider than this share of its middle.
    pub width: f64,
}

/// A text to measure quality on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QualityText {
    /// The one that comes with Blockscope.
    Shipped,
    /// Another, and what to call it.
    Own { name: String, text: String },
}

impl Default for Rounds {
    /// Enough for an interval, and no more than somebody waits for.
    fn default() -> Self {
        Self { least: fewest(LEVEL, true) as u32, most: 24, width: RESOLUTION }
    }
}
