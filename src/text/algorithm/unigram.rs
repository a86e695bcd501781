//! Unigram: of all ways to cut a text into pieces, the one whose scores, logarithms of probabilities, add up to the
//! most (Kudo, arXiv:1804.10959). Found with one look at each place, as Viterbi's algorithm does.
//!
//! The `tokenizers` crate has it, too, but takes seconds to read a vocabulary of 250,000 pieces, and finds marks such as
//! `<s>` in a text that merely spells them.

use super::fallback::Fallback;
use super::names::Names;
use super::trie::Trie;
use tokenizers::Token;

/// How much less than the worst piece an unknown character scores.
const UNKNOWN: f32 = 10.0;

/// How scores are added. Where two ways are as good as each other but for rounding, this decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sums {
    /// In 32 bits, as SentencePiece itself adds.
    Single,
    /// In 64 bits, as the `tokenizers` crate and llama.cpp do.
    Double,
}

/// A vocabulary whose pieces have scores.
#[derive(Debug)]
pub struct Unigram {
    names: Names,
    pieces: Trie,
    /// By id.
    scores: Vec<f32>,
    /// Pieces that are taken wherever they stand, by rising id.
    certain: Vec<u32>,
    worst: f32,
    best: f32,
    sums: Sums,
    fallback: Fallback,
}

/// The best way to a place in a text.
#[derive(Debug, Clone, Copy)]
struct Way {
    score: f64,
    /// Where its last piece begins, and which it is; none of a character that is unknown.
    start: usize,
    piece: Option<u32>,
}

impl Unigram {
    /// `pieces` are what text may become, of which those that are `certain` (by rising id) are taken wherever they
    /// stand. `scores` by id.
    pub fn new(
        names: Names,
        pieces: &[u32],
        certain: Vec<u32>,
        scores: Vec<f32>,
        sums: Sums,
        fallback: Fallback,
    ) -> Self {
        let uncertain = || pieces.iter().filter(|id| certain.binary_search(id).is_err()).map(|&id| scores[id as usize]);
        let (worst, best) = (uncertain().fold(f32::MAX, f32::min), uncertain().fold(f32::MIN, f32::max));
        let pieces = Trie::new(pieces.iter().filter_map(|&id| Some((names.token(id)?, id))));
        Self { names, pieces, scores, certain, worst, best, sums, fallback }
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The tokens of a text that was normalised.
    pub fn tokens(&self, text: &str) -> Vec<Token> {
        let mut tokens = Vec::new();
        for (start, end, piece) in self.cut(text) {
            match piece {
                Some(id) => tokens.push(self.names.placed(id, (start, end))),
                None => self.fallback.put(&text[start..end], (start, end), &self.names, &mut tokens),
            }
        }
        tokens
    }

    /// The pieces of a text, in order: where each begins and ends.
    fn cut(&self, text: &str) -> Vec<(usize, usize, Option<u32>)> {
        let mut ways: Vec<Option<Way>> = vec![None; text.len() + 1];
        ways[0] = Some(Way { score: 0.0, start: 0, piece: None });
        for (start, character) in text.char_indices() {
            let Some(so_far) = ways[start].map(|way| way.score) else { continue };
            let whole = start + character.len_utf8();
            let mut known = false;
            for (length, id) in self.pieces.prefixes(&text.as_bytes()[start..]) {
                known |= start + length == whole;
                self.consider(&mut ways[start + length], so_far + self.score(id, length), start, Some(id));
            }
            if !known {
                self.consider(&mut ways[whole], so_far + f64::from(self.worst - UNKNOWN), start, None);
            }
        }
        let mut cut = Vec::new();
        let mut end = text.len();
        while let Some(way) = ways[end].filter(|_| end > 0) {
            cut.push((way.start, end, way.piece));
            end = way.start;
        }
        cut.reverse();
        cut
    }

    /// What a piece of so many bytes adds; one that is certain more than any that are as long together.
    fn score(&self, id: u32, length: usize) -> f64 {
        match self.certain.binary_search(&id) {
            Ok(_) => f64::from(length as f32 * self.best) - 0.1,
            Err(_) => f64::from(self.scores[id as usize]),
        }
    }

    /// Takes this way to a place if there is none yet that is as good.
    fn consider(&self, way: &mut Option<Way>, score: f64, start: usize, piece: Option<u32>) {
        if way.is_none_or(|way| score > way.score) {
            let score = if self.sums == Sums::Single { f64::from(score as f32) } else { score };
            *way = Some(Way { score, start, piece });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_that_score_most_together_are_taken() {
        let names = ["<unk>", "a", "b", "ab", "c", "abc", "<x>"].map(str::to_owned).to_vec();
        let names = Names::new(names, |id| id > 0);
        let scores = vec![0.0, -1.0, -1.5, -2.0, -1.0, -4.0, 0.0];
        let fallback = Fallback::new(|_| None, Some(0));
        let unigram = Unigram::new(names, &[1, 2, 3, 4, 5, 6], vec![6], scores, Sums::Double, fallback);
        let ids = |text: &str| unigram.tokens(text).iter().map(|token| token.id).collect::<Vec<_>>();
        assert_eq!(ids("abc"), [3, 4]);
        assert_eq!(ids("ab"), [3]);
        assert_eq!(ids("ba"), [2, 1]);
        assert_eq!(ids("a日本b"), [1, 0, 2]); // unknown ones are one
        assert_eq!(ids("<x>a"), [6, 1]);
        assert_eq!(ids("<x"), [0]);
        assert_eq!(ids(""), [0_u32; 0]);
        let places: Vec<_> = unigram.tokens("a日本b").iter().map(|token| token.offsets).collect();
        assert_eq!(places, [(0, 1), (1, 7), (7, 8)]);
    }
}
