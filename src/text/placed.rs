//! Where the tokens of a text stand in it.

use super::tokenizer::refused;
use super::{Input, Result, Token, Tokenizer};
use std::ops::Range;

/// A token of a text, and its place there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub token: Token,
    /// The bytes of the text that it stands for: none of them for a space that the tokenizer put there. One that
    /// changes a text first, as some do with spaces and accents, need not find the same bytes there. `None` for a
    /// token that is not of the text: one that the model wants around it.
    pub place: Option<Range<usize>>,
}

impl Tokenizer {
    /// The tokens of a text, in order. Of a byte-level tokenizer, their bytes together are the text's.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn tokenize(&self, text: &str, input: Input) -> Result<Vec<Placed>> {
        let encoding =
            self.with_encoder(text, input, |encoder| encoder.encode(text, input == Input::Prompt).map_err(refused))?;
        let (before, after) = self.around(input, encoding.get_ids().first().copied());
        let unplaced = |id: u32| Ok(Placed { token: self.known(id)?, place: None });
        let mut tokens: Vec<Placed> = before.into_iter().map(unplaced).collect::<Result<_>>()?;
        let mut end = 0;
        let found = encoding.get_ids().iter().zip(encoding.get_offsets()).zip(encoding.get_special_tokens_mask());
        for ((&id, &(from, to)), &added) in found {
            let token = self.known(id)?;
            let place = (added == 0).then(|| placed(text, &token, end, from..to));
            end = place.as_ref().map_or(end, |place| place.end);
            tokens.push(Placed { token, place });
        }
        tokens.extend(after.into_iter().map(unplaced).collect::<Result<Vec<_>>>()?);
        Ok(tokens)
    }
}

/// The encoder gives every token of a character that was cut the whole of it, and to a space that it puts before a
/// text the character behind it; it may leave spaces out. Here each token gets the bytes that are its own, where
/// they follow the `end` of the token before it, and a space that is not in the text gets none.
fn placed(text: &str, token: &Token, end: usize, given: Range<usize>) -> Range<usize> {
    let within = |inner: &Range<usize>, outer: &Range<usize>| outer.start <= inner.start && inner.end <= outer.end;
    let own = |bytes: &[u8]| {
        let own = end..end + bytes.len();
        let same = text.as_bytes().get(own.clone()) == Some(bytes);
        (same && (within(&own, &given) || within(&given, &own))).then_some(own)
    };
    own(&token.bytes).or_else(|| own(token.bytes.strip_prefix(b" ")?)).unwrap_or(given)
}
