//! What comes of inspecting a text: plain data.

use super::question::Question;
use crate::analyse::worth::WorthTable;
use crate::interpret::Exploration;
use crate::interpret::explore::BlockHeads;
use crate::record::explored::{Attribution, Effect, Importance, LensTable, Neuron};
use std::collections::BTreeMap;
use std::ops::Range;

/// Something that was observed of it.
#[derive(Debug, Clone)]
pub enum Observation {
    /// The pass is over.
    Text(Box<InspectedText>),
    /// The text has one token more, by id and label.
    Grown((u32, String)),
    /// It grows no further.
    GrownUp,
    /// The heads of a block.
    Heads { block: usize, heads: BlockHeads },
    /// All heads have been gone through.
    AllHeads,
    /// What the parts of a block matter.
    Importance(Vec<Importance>),
    /// The same of all blocks, beside what they cost.
    Worth(Box<WorthTable>),
    /// An answer, with the labels of the tokens that it names.
    Answer { question: Question, answer: Answer, labels: BTreeMap<u32, String> },
    /// It failed: why.
    Failed(String),
    /// It was cancelled.
    Cancelled,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Row by row; NaN where no query sees a key.
    Pattern(Vec<f32>),
    /// By key, the mean of the queries that see it; by query, −Σ A ln A against its most.
    Margins {
        received: Vec<f32>,
        entropy: Vec<f32>,
    },
    Lens(LensTable),
    Attribution(Attribution),
    Neurons(Vec<Neuron>),
    Effect(Effect),
    Ids(Vec<u32>),
    /// It could not be had.
    Refused(String),
}

/// A text that a pass went over, and that is inspected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InspectedText {
    /// By id and label.
    pub tokens: Vec<(u32, String)>,
    pub n_layers: usize,
    pub n_heads: usize,
    pub n_kv_heads: usize,
    pub model: String,
    pub device: String,
    pub toggles: Vec<(String, String)>,
    /// Which positions the lens can be read at: all, unless there is no model.
    pub lens: Range<usize>,
    /// Whether it comes from a file: what needs the model cannot be had.
    pub is_file: bool,
}

impl InspectedText {
    /// What the pass itself says.
    pub(super) fn of(seen: &Exploration) -> Self {
        let heads = seen.heads(0);
        Self { n_layers: seen.n_layers(), n_heads: heads.len(), n_kv_heads: heads.groups(), ..Self::default() }
    }
}

impl Answer {
    /// The tokens that an answer names.
    pub fn token_ids(&self) -> Vec<u32> {
        match self {
            Answer::Pattern(_) | Answer::Margins { .. } | Answer::Refused(_) => Vec::new(),
            Answer::Ids(ids) => ids.clone(),
            Answer::Lens(lens) => lens
                .places
                .iter()
                .flat_map(|(_, cells)| cells)
                .flat_map(|cell| &cell.top)
                .map(|likely| likely.id)
                .collect(),
            Answer::Attribution(found) => [found.token].into_iter().chain(found.versus).collect(),
            Answer::Neurons(neurons) => neurons.iter().flat_map(|neuron| &neuron.promotes).map(|(id, _)| *id).collect(),
            Answer::Effect(effect) => {
                let candidates = effect.candidates.iter().map(|shift| shift.id);
                candidates.chain(effect.clean.iter().copied()).chain(effect.changed.iter().copied()).collect()
            }
        }
    }
}
