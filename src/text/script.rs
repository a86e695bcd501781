//! Which script the characters of a text are written in, and how many tokens each takes.

use super::Placed;
use std::ops::RangeInclusive;
use unicode_script::{Script, UnicodeScript};

/// Spaces, digits, punctuation: what several scripts share.
pub const COMMON: &str = "common";

/// Most of the characters that Unicode counts as emoji; the rest are [`COMMON`].
const EMOJI: [RangeInclusive<char>; 2] = ['\u{1f000}'..='\u{1faff}', '\u{2600}'..='\u{27bf}'];

/// What a script takes of a text and of its tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Unicode's name of it, such as `Latin` or `Han`; [`COMMON`]; or `emoji`.
    pub script: String,
    /// Code points.
    pub characters: usize,
    /// A token counts in equal parts for the bytes that it stands for, so the shares of a text add up to its tokens.
    pub tokens: f64,
}

impl Share {
    /// How many tokens one of its characters takes.
    pub fn tokens_per_character(&self) -> f64 {
        self.tokens / self.characters as f64
    }
}

/// The shares of the scripts of `text`, in which `tokens` stand, most characters first.
pub fn shares(text: &str, tokens: &[Placed]) -> Vec<Share> {
    let mut by_byte = vec![0.0; text.len()];
    for place in tokens.iter().filter_map(|token| token.place.clone()) {
        // A space that the tokenizer put there counts for what it stands before.
        let start = place.start.min(text.len().saturating_sub(1));
        let bytes = &mut by_byte[start..place.end.max(start + 1)];
        let part = 1.0 / bytes.len() as f64;
        bytes.iter_mut().for_each(|tokens| *tokens += part);
    }
    let mut shares: Vec<Share> = Vec::new();
    let mut last = COMMON;
    for (from, character) in text.char_indices() {
        last = script(character, last);
        let tokens: f64 = by_byte[from..from + character.len_utf8()].iter().sum();
        match shares.iter_mut().find(|share| share.script == last) {
            Some(share) => {
                share.characters += 1;
                share.tokens += tokens;
            }
            None => shares.push(Share { script: last.to_owned(), characters: 1, tokens }),
        }
    }
    shares.sort_by_key(|share| std::cmp::Reverse(share.characters));
    shares
}

/// A mark, a joiner or a selector belongs to the character before it, of the script `before`.
fn script(character: char, before: &'static str) -> &'static str {
    match character.script() {
        _ if EMOJI.iter().any(|range| range.contains(&character)) => "emoji",
        Script::Inherited => before,
        Script::Common | Script::Unknown => COMMON,
        script => script.full_name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Token;

    fn placed(place: std::ops::Range<usize>) -> Placed {
        Placed { token: Token { id: 0, text: String::new(), bytes: Vec::new(), special: false }, place: Some(place) }
    }

    #[test]
    fn marks_and_joiners_belong_to_the_character_before_them() {
        let counted = |text: &str| -> Vec<(String, usize)> {
            shares(text, &[]).into_iter().map(|share| (share.script, share.characters)).collect()
        };
        let named = |rows: &[(&str, usize)]| -> Vec<(String, usize)> {
            rows.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
        };
        assert_eq!(counted("abc дом 日本 12!"), named(&[("common", 6), ("Latin", 3), ("Cyrillic", 3), ("Han", 2)]));
        assert_eq!(counted("e\u{301} हिं"), named(&[("Devanagari", 3), ("Latin", 2), ("common", 1)]));
        assert_eq!(counted("👩🏽\u{200d}💻❤\u{fe0f}"), named(&[("emoji", 6)]));
        assert_eq!(counted("عربي かな カナ"), named(&[("Arabic", 4), ("common", 2), ("Hiragana", 2), ("Katakana", 2)]));
        assert_eq!(counted(""), named(&[]));
    }

    #[test]
    fn a_token_counts_for_the_bytes_that_it_stands_for() {
        // `a` and the first two bytes of 日 are one token, its last byte another.
        let found = shares("a日", &[placed(0..3), placed(3..4)]);
        let row = |script: &str| found.iter().find(|share| share.script == script).unwrap().tokens;
        assert!((row("Latin") - 1.0 / 3.0).abs() < 1e-12);
        assert!((row("Han") - 5.0 / 3.0).abs() < 1e-12);
        assert!((found.iter().map(|share| share.tokens).sum::<f64>() - 2.0).abs() < 1e-12);
    }
}
