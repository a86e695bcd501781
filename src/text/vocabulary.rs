//! The tokens by id: the bytes each stands for, and which of them are special.

use crate::text::shown;
use std::sync::LazyLock;

/// A token as it is in the vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: u32,
    /// Its bytes as text; bytes that are not a whole character are U+FFFD.
    pub text: String,
    /// What it adds to a text. One token need not be a whole character.
    pub bytes: Vec<u8>,
    /// Whether it marks something, as `<|im_end|>` does, rather than being text.
    pub special: bool,
}

impl Token {
    /// As it is written in a table or beside an axis: `·the`, `↵`, `⟨e2 96⟩`.
    pub fn label(&self) -> String {
        shown::label(&self.bytes)
    }
}

/// How a vocabulary spells bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Each byte is a printable character (GPT-2): `Ġthe`.
    ByteLevel,
    /// Spaces are `▁`, and bytes without a token of their own are `<0x0A>`.
    SentencePiece,
    /// As it stands.
    Plain,
}

impl Spelling {
    /// The bytes of the text that a token spells.
    pub fn bytes(self, token: &str) -> Vec<u8> {
        match self {
            // What is not in the alphabet can only mean itself.
            Spelling::ByteLevel => token.chars().map(byte_of).collect::<Option<_>>().unwrap_or_else(|| token.into()),
            Spelling::SentencePiece => match byte_token(token) {
                Some(byte) => vec![byte],
                None => token.replace('▁', " ").into_bytes(),
            },
            Spelling::Plain => token.into(),
        }
    }
}

/// The byte that a SentencePiece token such as `<0x0A>` stands for.
pub(super) fn byte_token(token: &str) -> Option<u8> {
    let hex = token.strip_prefix("<0x")?.strip_suffix('>')?;
    let digits = hex.len() == 2 && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
    digits.then(|| u8::from_str_radix(hex, 16).ok()).flatten()
}

/// The byte-level alphabet: the character of each byte. Printable Latin-1 stands for itself; the other 68 bytes follow
/// from U+0100 on, in order.
static ALPHABET: LazyLock<[char; 256]> = LazyLock::new(|| {
    let mut next = '\u{100}'..;
    std::array::from_fn(|byte| match byte as u8 {
        itself @ (b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff) => char::from(itself),
        _ => next.next().unwrap_or_default(),
    })
});

/// Bytes in the byte-level alphabet.
pub(super) fn spelled_bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| ALPHABET[usize::from(*byte)]).collect()
}

/// The byte that a character of the byte-level alphabet stands for.
fn byte_of(character: char) -> Option<u8> {
    static BYTES: LazyLock<[Option<u8>; 256 + 68]> = LazyLock::new(|| {
        let mut bytes = [None; 256 + 68];
        for (byte, character) in (0..=u8::MAX).zip(ALPHABET.iter()) {
            bytes[*character as usize] = Some(byte);
        }
        bytes
    });
    *BYTES.get(character as usize)?
}

/// The bytes that no token of a byte-level vocabulary stands for: text that has them would lose them.
pub(super) fn bytes_without_token<'a>(tokens: impl Iterator<Item = &'a str>) -> [bool; 256] {
    let mut without = [true; 256];
    for token in tokens {
        let mut characters = token.chars();
        if let (Some(only), None) = (characters.next(), characters.next())
            && let Some(byte) = byte_of(only)
        {
            without[usize::from(byte)] = false;
        }
    }
    without
}

/// All tokens by id. Ids may have gaps.
#[derive(Debug)]
pub(super) struct Vocabulary {
    entries: Vec<Option<Entry>>,
}

#[derive(Debug)]
struct Entry {
    bytes: Box<[u8]>,
    special: bool,
}

impl Vocabulary {
    /// # Errors
    /// In words, when an id lies absurdly far beyond the number of tokens.
    pub fn new(tokens: impl IntoIterator<Item = (u32, Vec<u8>, bool)>) -> Result<Self, String> {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let size = tokens.iter().map(|(id, ..)| *id as usize + 1).max().unwrap_or(0);
        if size > 16 * tokens.len() + 65_536 {
            return Err(format!("expected ids near the number of tokens, {}, found the id {}", tokens.len(), size - 1));
        }
        let mut entries = Vec::new();
        entries.resize_with(size, || None);
        for (id, bytes, special) in tokens {
            entries[id as usize] = Some(Entry { bytes: bytes.into(), special });
        }
        Ok(Self { entries })
    }

    /// One more than the largest id.
    pub fn size(&self) -> usize {
        self.entries.len()
    }

    pub fn token(&self, id: u32) -> Option<Token> {
        let (bytes, special) = (self.bytes(id)?, self.is_special(id));
        let text = String::from_utf8_lossy(bytes).into_owned();
        Some(Token { id, text, bytes: bytes.to_vec(), special })
    }

    pub fn bytes(&self, id: u32) -> Option<&[u8]> {
        self.entry(id).map(|entry| &*entry.bytes)
    }

    pub fn is_special(&self, id: u32) -> bool {
        self.entry(id).is_some_and(|entry| entry.special)
    }

    fn entry(&self, id: u32) -> Option<&Entry> {
        self.entries.get(id as usize)?.as_ref()
    }
}
