//! Tokens by id and ids by token, as an algorithm spells them.

use std::collections::HashMap;
use tokenizers::Token;

/// The spellings of a vocabulary. Ids may have gaps, which are spelled with nothing.
#[derive(Debug)]
pub struct Names {
    spelled: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Names {
    /// Of two tokens that are spelled the same, text finds the first of those that are `found` in text, and where none
    /// is, the first.
    pub fn new(spelled: Vec<String>, found: impl Fn(u32) -> bool) -> Self {
        let mut ids = HashMap::with_capacity(spelled.len());
        for found_ones in [true, false] {
            let tokens = (0..).zip(&spelled).filter(|&(id, token)| !token.is_empty() && found(id) == found_ones);
            for (id, token) in tokens {
                ids.entry(token.clone()).or_insert(id);
            }
        }
        Self { spelled, ids }
    }

    pub fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    pub fn token(&self, id: u32) -> Option<&str> {
        self.spelled.get(id as usize).map(String::as_str).filter(|token| !token.is_empty())
    }

    /// The token of this id at a place in a word.
    pub fn placed(&self, id: u32, offsets: (usize, usize)) -> Token {
        Token::new(id, self.token(id).unwrap_or_default().to_owned(), offsets)
    }

    /// One more than the largest id.
    pub fn size(&self) -> usize {
        self.spelled.len()
    }

    pub fn all(&self) -> &HashMap<String, u32> {
        &self.ids
    }
}
