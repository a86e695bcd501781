//! A vocabulary as it stands in a file: its tokens, what they are, how they score.

use super::vocabulary::{Spelling, Vocabulary};
use std::collections::HashSet;
use tokenizers::AddedToken;

/// So far beyond the other ids that of an added token may lie.
const FAR: usize = 65_536;

/// What a token is. SentencePiece and ggml number these alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Normal,
    /// The mark for what has no token.
    Unknown,
    /// A mark that is not text.
    Control,
    /// Text that is always one token, whatever surrounds it, and is found before anything else.
    UserDefined,
    /// The same, found by the algorithm, after the text was normalised.
    Kept,
    /// In the vocabulary, but not to be produced.
    Unused,
    /// One byte of a character that has no token.
    Byte,
}

impl Kind {
    pub fn from_number(number: i64) -> Self {
        match number {
            2 => Kind::Unknown,
            3 => Kind::Control,
            4 => Kind::UserDefined,
            5 => Kind::Unused,
            6 => Kind::Byte,
            _ => Kind::Normal,
        }
    }

    /// Whether it marks something, rather than being text.
    pub fn is_mark(self) -> bool {
        matches!(self, Kind::Unknown | Kind::Control)
    }
}

/// Tokens by id, each with its kind and, where there are any, its score.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub tokens: Vec<String>,
    pub kinds: Vec<Kind>,
    pub scores: Vec<f32>,
}

impl Parts {
    pub fn with_ids(&self) -> impl Iterator<Item = (u32, &str, Kind)> {
        (0_u32..).zip(&self.tokens).zip(&self.kinds).map(|((id, token), kind)| (id, token.as_str(), *kind))
    }

    /// The ids of the tokens of a kind, rising.
    pub fn of(&self, kind: Kind) -> Vec<u32> {
        self.with_ids().filter(|&(.., its)| its == kind).map(|(id, ..)| id).collect()
    }

    /// The tokens that are found in a text before anything else.
    pub fn added(&self) -> Vec<AddedToken> {
        let added = self.with_ids().filter(|(.., kind)| kind.is_mark() || *kind == Kind::UserDefined);
        added.map(|(_, text, kind)| AddedToken::from(text, kind.is_mark()).normalized(false)).collect()
    }

    /// Takes further tokens in, at their ids, and gives back those that are found in a text before anything else: the
    /// further ones and marks.
    ///
    /// # Errors
    /// In words, when an id lies far beyond the others.
    pub fn with_added(&mut self, added: Vec<(u32, AddedToken)>) -> Result<Vec<AddedToken>, String> {
        for (id, token) in &added {
            let (id, size) = (*id as usize, self.tokens.len());
            if id > size + FAR {
                return Err(format!("expected the ids of added tokens near the {size} others, found the id {id}"));
            }
            if id >= size {
                self.tokens.resize(id + 1, String::new());
                self.kinds.resize(id + 1, Kind::Unused);
                self.scores.resize(id + 1, 0.0);
            }
            self.tokens[id] = token.content.clone();
            self.kinds[id] = if token.special { Kind::Control } else { Kind::UserDefined };
        }
        let further: HashSet<u32> = added.iter().map(|(id, _)| *id).collect();
        let marks = self.with_ids().filter(|(id, _, kind)| kind.is_mark() && !further.contains(id));
        let marks = marks.map(|(_, text, _)| AddedToken::from(text, true).normalized(false));
        Ok(marks.chain(added.into_iter().map(|(_, token)| token)).collect())
    }

    /// What the tokens stand for.
    pub fn vocabulary(&self, spelling: Spelling) -> Result<Vocabulary, String> {
        Vocabulary::new(self.with_ids().map(|(id, token, kind)| match kind {
            Kind::Unknown | Kind::Control | Kind::UserDefined => (id, token.as_bytes().to_vec(), kind.is_mark()),
            Kind::Normal | Kind::Kept | Kind::Unused | Kind::Byte => (id, spelling.bytes(token), false),
        }))
    }
}
