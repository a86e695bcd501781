//! Tokens with ranks, as tiktoken has them: bytes, joined where they are a token together, the lowest rank first.

use super::opened::Opened;
use crate::text::algorithm::{Algorithm, Fallback, Join, Names};
use crate::text::encoder::Encoder;
use crate::text::normalizer::Normalizer;
use crate::text::parts::{Kind, Parts};
use crate::text::split::PreTokenizer;
use crate::text::vocabulary::{Spelling, bytes_without_token, spelled_bytes};
use tokenizers::AddedToken;
use tokenizers::normalizers::unicode::NFC;

/// So many ranks may be missing.
const GAPS: usize = 65_536;

pub struct Ranks {
    /// The bytes of a token and its rank, which is also its id beyond the first.
    pub tokens: Vec<(Vec<u8>, u32)>,
    /// The id of the token of rank 0.
    pub first: u32,
    /// Marks and other tokens that are found in a text before anything else, with their ids.
    pub marks: Vec<(u32, AddedToken)>,
}

impl Ranks {
    /// Builds the tokenizer that splits a text by `words`, which spell bytes as characters; characters are composed
    /// first where they are `composed`.
    ///
    /// # Errors
    /// In words, when ranks or ids contradict each other.
    pub fn open(self, words: PreTokenizer, composed: bool) -> Result<Opened, String> {
        let size = self.tokens.iter().map(|(_, rank)| *rank as usize + 1).max().unwrap_or(0);
        if size > self.tokens.len() + GAPS || self.first as usize > GAPS {
            let count = self.tokens.len();
            return Err(format!("expected ranks near the number of tokens, {count}, found the rank {}", size - 1));
        }
        let first = self.first as usize;
        let mut parts = Parts {
            tokens: vec![String::new(); first + size],
            kinds: vec![Kind::Unused; first + size],
            scores: Vec::new(),
        };
        for (bytes, rank) in &self.tokens {
            let id = first + *rank as usize;
            if bytes.is_empty() || parts.kinds[id] == Kind::Normal {
                return Err(format!("expected one token of rank {rank}, of at least one byte, found another"));
            }
            (parts.tokens[id], parts.kinds[id]) = (spelled_bytes(bytes), Kind::Normal);
        }
        let added = parts.with_added(self.marks)?;
        let normal = |id: u32| parts.kinds[id as usize] == Kind::Normal;
        let ranks = (0..parts.tokens.len() as u32).map(|id| normal(id).then_some(id)).collect();
        let names = Names::new(parts.tokens.clone(), normal);
        let join = Join::new(names, ranks, Fallback::new(|_| None, None)).with_whole_words();
        let mut encoder = Encoder::new(Algorithm::Join(join));
        encoder
            .with_normalizer(composed.then(|| Normalizer::Crate(NFC.into())))
            .map_err(|error| error.to_string())?
            .with_pre_tokenizer(Some(words));
        encoder.add_tokens(added).map_err(|error| error.to_string())?;
        Ok(Opened {
            encoder,
            lost: bytes_without_token(parts.tokens.iter().map(String::as_str)),
            vocabulary: parts.vocabulary(Spelling::ByteLevel)?,
            leading_space: false,
            before: None,
            after: None,
            bos: None,
            eos: None,
        })
    }
}
