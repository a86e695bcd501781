//! Ids to text while they come: what is printed is always whole characters.

use super::vocabulary::Vocabulary;
use super::{Specials, Tokenizer};

/// Turns one id after the other into text. A character whose bytes are spread over several tokens
/// appears with the last of them.
#[derive(Debug)]
pub struct Stream<'a> {
    vocabulary: &'a Vocabulary,
    specials: Specials,
    /// The beginning of a character, at most three bytes between calls.
    pending: Vec<u8>,
}

impl Tokenizer {
    /// A stream that continues a text: a space before its first word is kept.
    pub fn stream(&self, specials: Specials) -> Stream<'_> {
        Stream { vocabulary: self.vocabulary(), specials, pending: Vec::new() }
    }
}

impl Stream<'_> {
    /// The text that became complete with this token; empty for an id without a token, of which models
    /// with a padded vocabulary have some.
    pub fn push(&mut self, id: u32) -> String {
        let Some(bytes) = self.vocabulary.bytes(id) else { return String::new() };
        if self.vocabulary.is_special(id) {
            // A mark ends whatever stood before it.
            let before = self.flush();
            return if self.specials == Specials::Hide { before } else { before + &String::from_utf8_lossy(bytes) };
        }
        self.pending.extend_from_slice(bytes);
        let mut text = String::new();
        let mut rest = self.pending.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(whole) => {
                    text.push_str(whole);
                    rest = &[];
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                    rest = after;
                    // Without a length the character is only unfinished; with one it never will be any.
                    let Some(length) = error.error_len() else { break };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = &rest[length..];
                }
            }
        }
        self.pending = rest.to_vec();
        text
    }

    /// What is left at the end; bytes that never became a character are U+FFFD.
    pub fn flush(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }
}
