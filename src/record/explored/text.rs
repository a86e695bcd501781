//! A text as a model saw it, in one piece: what pictures are drawn of.

use super::{Head, HeadScores, LensTable, Pattern, Scale, Thumbnail};
use std::collections::BTreeMap;

/// What was seen of a text. Of each kind there may be nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// The model's name.
    pub model: String,
    /// How it was computed, in words: device, machine, toggles.
    pub setting: String,
    /// What computed it: `Blockscope 0.1.0, LibTorch 2.11.0`.
    pub versions: String,
    /// Labels of its tokens, in order.
    pub tokens: Vec<String>,
    /// Of every head that was gone through.
    pub scores: Vec<HeadScores>,
    /// The same.
    pub thumbnails: Vec<Thumbnail>,
    /// Those that were asked for.
    pub patterns: Vec<Pattern>,
    pub lens: Option<LensTable>,
    /// Labels of the tokens that the lens names, by id.
    pub names: BTreeMap<u32, String>,
    /// How shares become shades.
    pub scale: Scale,
}

impl Text {
    /// `(4) ·went`: the same token may come twice.
    pub fn at(&self, position: usize) -> String {
        format!("({position}) {}", self.tokens.get(position).map_or("", String::as_str))
    }

    /// How a token is called: `·Paris`, or `#40` where nobody said.
    pub fn name(&self, id: u32) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| format!("#{id}"))
    }

    /// What a head does, if it was gone through.
    pub fn scores_of(&self, head: Head) -> Option<&HeadScores> {
        self.scores.iter().find(|scores| scores.at == head)
    }
}
