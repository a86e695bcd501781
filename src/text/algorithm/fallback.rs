//! What a character becomes that no token stands for.

use super::names::Names;
use tokenizers::Token;

/// Its bytes, each a token of its own such as `<0xE7>`; or the token for what is unknown, one for a run of them.
#[derive(Debug)]
pub struct Fallback {
    bytes: [Option<u32>; 256],
    unknown: Option<u32>,
}

impl Fallback {
    /// `bytes` are the tokens of single bytes. A character that lacks one of its own is unknown.
    pub fn new(bytes: impl Fn(u8) -> Option<u32>, unknown: Option<u32>) -> Self {
        Self { bytes: std::array::from_fn(|byte| bytes(byte as u8)), unknown }
    }

    /// The token for what is unknown.
    pub fn unknown(&self) -> Option<u32> {
        self.unknown
    }

    /// The tokens of `text`; none where there are neither bytes nor an unknown token.
    pub fn ids(&self, text: &str) -> Vec<u32> {
        let bytes: Option<Vec<u32>> = text.bytes().map(|byte| self.bytes[usize::from(byte)]).collect();
        bytes.unwrap_or_else(|| self.unknown.into_iter().collect())
    }

    /// Puts the tokens of what stands at `offsets` of a word behind those that are `out` already.
    pub fn put(&self, text: &str, offsets: (usize, usize), names: &Names, out: &mut Vec<Token>) {
        for id in self.ids(text) {
            match out.last_mut() {
                Some(last) if last.id == id && Some(id) == self.unknown => last.offsets.1 = offsets.1,
                _ => out.push(names.placed(id, offsets)),
            }
        }
    }
}
