//! Numbers in threes: 1234567 as 1, 234 and 567.

use tokenizers::Offsets;
use tokenizers::tokenizer::pattern::Pattern;

/// Cuts what is nothing but numbers in threes, from the right, as commas would; leaves everything else whole. As an
/// expression, each cut would look at all that follows, which takes too long on many digits.
pub struct Threes;

impl Pattern for Threes {
    fn find_matches(&self, text: &str) -> tokenizers::Result<Vec<(Offsets, bool)>> {
        if text.is_empty() || !text.chars().all(char::is_numeric) {
            return Ok(vec![((0, text.len()), false)]);
        }
        let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
        let first = starts.len() % 3;
        let cuts = (0..starts.len()).filter(|at| at % 3 == first && *at > 0).map(|at| starts[at]);
        let mut parts = Vec::new();
        let mut start = 0;
        for end in cuts.chain([text.len()]) {
            parts.push(((start, end), true));
            start = end;
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_from_the_right() {
        let cut = |text: &'static str| -> Vec<&str> {
            Threes.find_matches(text).unwrap().into_iter().map(|((start, end), _)| &text[start..end]).collect()
        };
        assert_eq!(cut("1"), ["1"]);
        assert_eq!(cut("123"), ["123"]);
        assert_eq!(cut("1234"), ["1", "234"]);
        assert_eq!(cut("12345"), ["12", "345"]);
        assert_eq!(cut("123456"), ["123", "456"]);
        assert_eq!(cut("٣٣٣٣"), ["٣", "٣٣٣"]);
        assert_eq!(cut("1234a"), ["1234a"]);
        assert_eq!(cut(""), [""]);
    }
}
