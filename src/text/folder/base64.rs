//! Bytes in 64 characters, as RFC 4648 writes them.

/// The bytes that `text` stands for, with the signs `=` that fill it up or without them.
///
/// # Errors
/// In words, when it has another character or ends within a byte.
pub fn decode(text: &str) -> Result<Vec<u8>, String> {
    let signs = text.trim_end_matches('=');
    if signs.len() % 4 == 1 {
        return Err("a base64 text is cut off".into());
    }
    let mut bytes = Vec::with_capacity(signs.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for sign in signs.bytes() {
        let six = match sign {
            b'A'..=b'Z' => sign - b'A',
            b'a'..=b'z' => sign - b'a' + 26,
            b'0'..=b'9' => sign - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(format!("expected base64, found the byte {sign:#04x}")),
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_are_read() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob")]
        {
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(decode("/+8=").unwrap(), [0xff, 0xef]);
        assert!(decode("Z").is_err() && decode("Zm 9").is_err() && decode("Zm=v").is_err());
    }
}
