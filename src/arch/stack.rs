//! A stack: what makes vectors of an input, a sequence of blocks, and what makes of the last stream what others read.

use super::block::Block;
use super::hook::Hook;
use super::parts::connector::Connector;
use super::parts::embedding::Embedding;
use super::parts::frames::Frames;
use super::parts::norm::Norm;
use super::parts::patches::Patches;
use super::parts::{Part, Rows, Surroundings};
use super::path::StackName;
use super::role::Role;
use super::toggles::Toggles;
use super::weight::Slot;
use serde::{Deserialize, Serialize};

/// A sequence of blocks of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    pub name: StackName,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Most positions that it was made for.
    pub n_ctx: usize,
    pub input: Input,
    pub blocks: Vec<Block>,
    pub final_norm: Option<Norm>,
    /// What brings its result to the width of the stack that reads it.
    pub connector: Option<Connector>,
}

/// What a stack reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Token ids; of a stack that reads another one, beside its result.
    Tokens(Embedding),
    Picture(Patches),
    Sound(Frames),
}

impl Stack {
    /// How tokens become vectors, if it reads any.
    pub fn embedding(&self) -> Option<&Embedding> {
        match &self.input {
            Input::Tokens(embedding) => Some(embedding),
            Input::Picture(_) | Input::Sound(_) => None,
        }
    }

    /// Changes how tokens become vectors; a stack that reads none stays as it is.
    pub fn change_embedding(&mut self, change: impl FnOnce(&mut Embedding)) {
        if let Input::Tokens(embedding) = &mut self.input {
            change(embedding);
        }
    }

    /// Every part, parents before children, in the order of a pass.
    pub fn parts(&self, d_vocab: usize, tied: bool, toggles: &Toggles) -> Vec<Part> {
        let blocks = (0..self.blocks.len()).flat_map(|number| self.inside(number, tied, toggles));
        let before = self.before_blocks(d_vocab, tied, toggles);
        before.into_iter().chain(blocks).chain(self.after_blocks(tied, toggles)).collect()
    }

    /// A block and what it has inside; nothing if there is no such block.
    pub fn inside(&self, number: usize, tied: bool, toggles: &Toggles) -> Vec<Part> {
        let around = self.around(Some(number), tied, toggles);
        self.blocks.get(number).map_or_else(Vec::new, |block| block.describe(&around))
    }

    pub fn before_blocks(&self, d_vocab: usize, tied: bool, toggles: &Toggles) -> Vec<Part> {
        let around = self.around(None, tied, toggles);
        match &self.input {
            Input::Tokens(embedding) => embedding.describe(d_vocab, &around),
            Input::Picture(patches) => patches.describe(&around),
            Input::Sound(frames) => frames.describe(&around),
        }
    }

    pub fn after_blocks(&self, tied: bool, toggles: &Toggles) -> Vec<Part> {
        let around = self.around(None, tied, toggles);
        let norm = self.final_norm.map(|norm| norm.describe(Role::FinalNorm, Slot::FinalNorm, &around));
        let norm = norm.map(|norm| Part { hooks: vec![Hook::FinalNormalized], ..norm });
        let connector = self.connector.iter().flat_map(|connector| connector.describe(&around));
        norm.into_iter().chain(connector).collect()
    }

    pub(super) fn around<'t>(&self, block: Option<usize>, tied: bool, toggles: &'t Toggles) -> Surroundings<'t> {
        let rows = match self.input {
            Input::Tokens(_) => Rows::New,
            // A picture or a stretch of sound is read whole: so many positions, whatever the text.
            Input::Picture(_) | Input::Sound(_) => Rows::Fixed(self.n_ctx),
        };
        Surroundings { rows, ..Surroundings::new(self.name, block, self.d_model, tied, toggles) }
    }
}
