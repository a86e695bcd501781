//! JSON in ASCII alone.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// Writes JSON in which every character beyond printable ASCII is escaped: whatever a name holds is read the same
/// in any encoding, and does nothing to a terminal.
///
/// # Errors
/// Those of `out`.
pub fn ascii(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Ascii)).map_err(io::Error::from)
}

/// serde escapes quotes, backslashes and the control characters below the space; the rest is done here.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let is_plain = |c: char| matches!(c, ' '..='~');
        if fragment.chars().all(is_plain) {
            return writer.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            if is_plain(c) {
                writer.write_all(&[c as u8])?;
            } else {
                c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_ascii_and_comes_back() {
        let text = "a \"b\" \\ \n \u{1b}[31m \u{7f} \u{9b} · 漢 \u{202e} \u{1f642}";
        let mut written = Vec::new();
        ascii(&mut written, &text).unwrap();
        assert!(written.iter().all(|byte| matches!(byte, b' '..=b'~')), "{}", String::from_utf8_lossy(&written));
        assert_eq!(serde_json::from_slice::<String>(&written).unwrap(), text);
    }
}
