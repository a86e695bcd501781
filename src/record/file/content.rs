//! What a file of lines of JSON holds, by its beginning.

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A run of one configuration, as `profile --out` writes it.
    Run,
    /// A study of several, as `compare --out` and `sweep --out` write it.
    Study,
    /// Neither.
    Other,
}

impl Content {
    /// What a file that begins like this holds; its first 64 bytes are enough. The version comes first, and after it a
    /// study says that it is one.
    pub fn of(beginning: &[u8]) -> Self {
        // Somebody may have written it with spaces.
        let dense: Vec<u8> =
            beginning.iter().take(256).filter(|byte| !byte.is_ascii_whitespace()).take(64).copied().collect();
        let Some(rest) = dense.strip_prefix(b"{\"version\":") else { return Content::Other };
        let version = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match &rest[version..] {
            _ if version == 0 => Content::Other,
            rest if rest.starts_with(b",\"study\":") => Content::Study,
            _ => Content::Run,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells() {
        for (beginning, content) in [
            ("{\"version\":1,\"study\":\"compare\",…", Content::Study),
            (" { \"version\" : 12 , \"study\" : \"sweep\"", Content::Study),
            ("{\"version\":1,\"blockscope\":\"0.1.0\"", Content::Run),
            ("{\"version\":", Content::Other),
            ("{\"version\":\"1\",\"study\":", Content::Other),
            ("{\"schemaVersion\":1", Content::Other),
            ("", Content::Other),
        ] {
            assert_eq!(Content::of(beginning.as_bytes()), content, "{beginning}");
        }
    }
}
