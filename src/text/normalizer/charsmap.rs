//! SentencePiece's precompiled table of replacements: `ﬁ` becomes `fi`, `①` becomes `1`.
//!
//! It is a double array (J. Aoe, 1989; as the library Darts-clone packs one into 32-bit units), which finds what a text
//! begins with byte by byte, and behind it the replacements, each ended by a zero byte.

/// The longest that is known takes 33 bytes. The bound keeps a hostile table from making much of little.
const LONGEST_REPLACEMENT: usize = 256;

/// The table, in bounds wherever it is read.
#[derive(Debug, Default)]
pub struct CharsMap {
    units: Vec<u32>,
    replacements: String,
}

impl CharsMap {
    /// Reads the length of the double array, the array and the replacements. No bytes at all are a table that replaces
    /// nothing.
    ///
    /// # Errors
    /// In words, when it is cut off or its replacements are no text.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let (length, rest) = bytes.split_first_chunk().ok_or("its table of replacements is cut off")?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > rest.len() || !length.is_multiple_of(4) {
            let found = format!("expected a table of replacements of {length} bytes, in fours, found {}", rest.len());
            return Err(found);
        }
        let (array, replacements) = rest.split_at(length);
        let units =
            array.chunks_exact(4).map(|unit| u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]])).collect();
        let replacements = String::from_utf8(replacements.to_vec()).map_err(|_| "its replacements are not UTF-8")?;
        Ok(Self { units, replacements })
    }

    /// The longest beginning of `text` that is replaced: its length, and what comes in its place.
    ///
    /// # Errors
    /// In words, when the table points outside of itself.
    pub fn replacement(&self, text: &str) -> Result<Option<(usize, &str)>, String> {
        let unit = |at: usize| self.units.get(at).copied().ok_or("its table of replacements points outside of itself");
        let mut found = None;
        if !self.units.is_empty() {
            let mut at = offset(unit(0)?);
            for (length, byte) in (1..).zip(text.bytes()) {
                at ^= usize::from(byte);
                let node = unit(at)?;
                if node & ((1 << 31) | 0xff) != u32::from(byte) {
                    break;
                }
                at ^= offset(node);
                if node >> 8 & 1 == 1 {
                    found = Some((length, unit(at)? as usize & ((1 << 31) - 1)));
                }
            }
        }
        // A text that is replaced ends at a whole character, or the table is not what it should be.
        let Some((length, start)) = found.filter(|&(length, _)| text.is_char_boundary(length)) else { return Ok(None) };
        let rest = self.replacements.get(start..).ok_or("a replacement lies outside of its table")?;
        let end = rest.bytes().take(LONGEST_REPLACEMENT + 1).position(|byte| byte == 0);
        let end = end.ok_or_else(|| format!("a replacement is longer than {LONGEST_REPLACEMENT} bytes"))?;
        Ok(Some((length, &rest[..end])))
    }
}

/// How far the children of a node are from it.
fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & (1 << 9)) >> 6)) as usize
}
