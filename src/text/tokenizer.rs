//! Text to token ids and back.

use super::encoder::Encoder;
use super::vocabulary::{Token, Vocabulary};
use super::{ChatTemplate, Error, Result, guarded};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// What a text is, and so what its tokens are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A prompt to continue. A special token that is written out, such as `<|im_start|>`, is that token,
    /// and the tokens that the model wants around a text (often one at its beginning) are added.
    Prompt,
    /// What a chat template made. Special tokens are read, nothing is added: the template wrote it all.
    Rendered,
    /// Nothing but text: `<|im_start|>` is the characters that it is written with.
    Text,
}

/// Whether special tokens appear in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Specials {
    Show,
    Hide,
}

/// A model's tokenizer, with what else its files say about text.
///
/// Made by `Tokenizer::from_folder` or `Tokenizer::from_gguf`.
pub struct Tokenizer {
    /// The file that it was made from.
    pub(super) path: PathBuf,
    /// Behind a lock only because "special tokens as text" is a setting of the whole thing.
    pub(super) encoder: Mutex<Encoder>,
    pub(super) vocabulary: Vocabulary,
    /// Bytes that text must not have, for the encoder would leave them out.
    pub(super) lost: [bool; 256],
    /// Tokens around a prompt that the encoder does not add itself.
    pub(super) before: Option<u32>,
    pub(super) after: Option<u32>,
    /// Whether encoding puts a space before a text, which decoding takes away again.
    pub(super) leading_space: bool,
    pub(super) bos: Option<u32>,
    pub(super) stops: Vec<u32>,
    pub(super) chat_template: Option<ChatTemplate>,
    pub(super) warnings: Vec<String>,
}

impl Tokenizer {
    /// The ids of a text. An empty text has no ids but those that [`Input::Prompt`] adds.
    ///
    /// # Errors
    /// When the text has a character that this vocabulary has no token for, as some have for a few
    /// control characters.
    pub fn encode(&self, text: &str, input: Input) -> Result<Vec<u32>> {
        let encoding = self
            .with_encoder(text, input, |encoder| encoder.encode_fast(text, input == Input::Prompt).map_err(refused))?;
        let ids = encoding.get_ids();
        let (before, after) = self.around(input, ids.first().copied());
        Ok(before.into_iter().chain(ids.iter().copied()).chain(after).collect())
    }

    /// Does `work` on `text` with the encoder, which is set to read special tokens in it or not.
    pub(super) fn with_encoder<T>(
        &self,
        text: &str,
        input: Input,
        work: impl FnOnce(&Encoder) -> Result<T>,
    ) -> Result<T> {
        if let Some(at) = text.bytes().position(|byte| self.lost[usize::from(byte)]) {
            let at = (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            let character = text[at..].chars().next().map_or(0, u32::from);
            let problem = format!("this vocabulary has no token for U+{character:04X}, at byte {at}: take it out");
            return Err(Error::Encode(problem));
        }
        let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        encoder.set_encode_special_tokens(input == Input::Text);
        guarded(&self.path, || work(&encoder))
    }

    /// The tokens that go before and after those of the encoder, of which `first` is the first.
    pub(super) fn around(&self, input: Input, first: Option<u32>) -> (Option<u32>, Option<u32>) {
        match input {
            // Who writes the first token out does not want it twice.
            Input::Prompt => (self.before.filter(|&bos| first != Some(bos)), self.after),
            Input::Rendered | Input::Text => (None, None),
        }
    }

    /// The text of these ids; bytes that are no character are U+FFFD.
    ///
    /// # Errors
    /// When an id is not in the vocabulary.
    pub fn decode(&self, ids: &[u32], specials: Specials) -> Result<String> {
        let mut bytes = Vec::new();
        let mut begun = false;
        for &id in ids {
            let size = self.vocab_size();
            let token = self.vocabulary.bytes(id).ok_or(Error::Unknown { id, size })?;
            if self.vocabulary.is_special(id) {
                if specials == Specials::Show {
                    bytes.extend_from_slice(token);
                }
                continue;
            }
            let token = if begun || !self.leading_space { token } else { token.strip_prefix(b" ").unwrap_or(token) };
            begun = true;
            bytes.extend_from_slice(token);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The token of this id, if the vocabulary has one.
    pub fn token(&self, id: u32) -> Option<Token> {
        self.vocabulary.token(id)
    }

    /// One more than the largest id. A model's embedding may be padded beyond it.
    pub fn vocab_size(&self) -> usize {
        self.vocabulary.size()
    }

    /// The token that marks the beginning of a text, where there is one.
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The tokens that end a text or a turn.
    pub fn stops(&self) -> &[u32] {
        &self.stops
    }

    /// How the model wants a conversation written.
    pub fn chat_template(&self) -> Option<&ChatTemplate> {
        self.chat_template.as_ref()
    }

    /// What the user should know, such as a pre-tokenizer that had to be guessed.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(super) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    pub(super) fn known(&self, id: u32) -> Result<Token> {
        self.token(id).ok_or(Error::Unknown { id, size: self.vocab_size() })
    }
}

/// What the encoder says about a text that it does not take.
pub(super) fn refused(error: tokenizers::Error) -> Error {
    Error::Encode(error.to_string())
}

impl fmt::Debug for Tokenizer {
    /// Without the vocabulary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("vocab_size", &self.vocab_size())
            .field("bos", &self.bos)
            .field("stops", &self.stops)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}
