//! Joining by score: a word begins as its characters; of all neighbours that are a token together, those whose token
//! ranks best are joined, the leftmost first, again and again. SentencePiece's BPE ranks tokens by their scores (Kudo
//! and Richardson, arXiv:1808.06226), tiktoken by their order. No list of merges is needed, as Sennrich's BPE has it:
//! two tokens may be joined wherever the vocabulary has what they make.

use super::fallback::Fallback;
use super::names::Names;
use super::trie::Trie;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;
use tokenizers::Token;

/// A vocabulary whose tokens are joined.
#[derive(Debug)]
pub struct Join {
    names: Names,
    /// By id; none of a token that text never becomes.
    ranks: Vec<Option<u32>>,
    /// Tokens that are found before anything is joined, and are never part of another.
    frozen: Trie,
    /// Tokens that are made on the way to others, but are taken apart again in the end.
    unused: Vec<u32>,
    fallback: Fallback,
    /// A word that is a token is that, whatever joining would make of it.
    whole_words: bool,
}

/// Two neighbours of a word become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joint {
    /// Which piece, from 0, is joined with the one behind it.
    pub at: usize,
    pub rank: u32,
    /// The token that they become.
    pub made: u32,
}

/// A piece of a word, in a list that is linked both ways. What was joined to its left neighbour is empty.
#[derive(Debug, Clone)]
struct Piece {
    place: Range<usize>,
    before: Option<usize>,
    behind: Option<usize>,
    frozen: bool,
}

impl Join {
    /// `ranks` by id, 0 first.
    pub fn new(names: Names, ranks: Vec<Option<u32>>, fallback: Fallback) -> Self {
        Self { names, ranks, frozen: Trie::default(), unused: Vec::new(), fallback, whole_words: false }
    }

    pub fn with_frozen(mut self, frozen: Trie) -> Self {
        self.frozen = frozen;
        self
    }

    /// By rising id.
    pub fn with_unused(mut self, unused: Vec<u32>) -> Self {
        self.unused = unused;
        self
    }

    pub fn with_whole_words(mut self) -> Self {
        self.whole_words = true;
        self
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The tokens of a word.
    pub fn tokens(&self, word: &str) -> Vec<Token> {
        if let Some(id) = self.whole(word) {
            return vec![self.names.placed(id, (0, word.len()))];
        }
        let mut apart = HashMap::new();
        let pieces = self.joined(word, &mut apart, |_, _, _| {});
        let mut tokens = Vec::new();
        let mut at = (!pieces.is_empty()).then_some(0);
        while let Some(piece) = at.map(|at| &pieces[at]) {
            self.put(word, piece.place.clone(), piece.frozen, &apart, &mut tokens);
            at = piece.behind;
        }
        tokens
    }

    /// The token that this word is taken as whole.
    pub fn whole(&self, word: &str) -> Option<u32> {
        self.ranked(word).filter(|_| self.whole_words).map(|(id, _)| id)
    }

    /// What a word begins as, and what is joined in which order.
    ///
    /// # Errors
    /// In words, when a piece takes part that has no token to show.
    pub fn steps(&self, word: &str) -> Result<(Vec<u32>, Vec<Joint>), String> {
        let mut begin: Vec<u32> = Vec::new();
        let mut counts: Vec<usize> = Vec::new();
        for piece in self.pieces(word) {
            let text = &word[piece.place.clone()];
            let ids = match self.id(text, piece.frozen) {
                Some(id) => vec![id],
                None => self.fallback.ids(text),
            };
            let fused = ids.first() == self.fallback.unknown().as_ref() && begin.last() == ids.first();
            counts.push(if fused { 0 } else { ids.len() });
            begin.extend(ids.into_iter().filter(|_| !fused));
        }
        let mut steps = Vec::new();
        let mut nameless = false;
        self.joined(word, &mut HashMap::new(), |left, right, (made, rank)| {
            nameless |= counts[left] != 1 || counts[right] != 1;
            steps.push(Joint { at: counts[..left].iter().sum(), rank, made });
            counts[right] = 0;
        });
        if nameless {
            return Err("a character takes part in a merge that has no token of its own".into());
        }
        Ok((begin, steps))
    }

    /// Joins what can be. `apart` keeps where what is unused was joined; `seen` is told of every joining: which piece,
    /// which other, what they become and its rank.
    fn joined<'w>(
        &self,
        word: &'w str,
        apart: &mut HashMap<&'w str, usize>,
        mut seen: impl FnMut(usize, usize, (u32, u32)),
    ) -> Vec<Piece> {
        let mut pieces = self.pieces(word);
        let mut queue = BinaryHeap::new();
        let mut consider = |pieces: &[Piece], left: usize, right: usize, queue: &mut BinaryHeap<_>| {
            if pieces[left].frozen || pieces[right].frozen {
                return;
            }
            let (start, end) = (pieces[left].place.start, pieces[right].place.end);
            if let Some((id, rank)) = self.ranked(&word[start..end]) {
                queue.push(Reverse((rank, left, end, id)));
                if self.unused.binary_search(&id).is_ok() {
                    apart.insert(&word[start..end], pieces[right].place.start - start);
                }
            }
        };
        for right in 1..pieces.len() {
            consider(&pieces, right - 1, right, &mut queue);
        }
        while let Some(Reverse((rank, left, end, id))) = queue.pop() {
            // What was joined meanwhile has another length, or is empty.
            let Some(right) = pieces[left].behind.filter(|_| !pieces[left].place.is_empty()) else { continue };
            if pieces[right].place.end != end {
                continue;
            }
            seen(left, right, (id, rank));
            pieces[left].place.end = end;
            pieces[right].place = end..end;
            pieces[left].behind = pieces[right].behind;
            if let Some(behind) = pieces[left].behind {
                pieces[behind].before = Some(left);
                consider(&pieces, left, behind, &mut queue);
            }
            if let Some(before) = pieces[left].before {
                consider(&pieces, before, left, &mut queue);
            }
        }
        pieces
    }

    /// What a word begins as: frozen tokens and characters.
    fn pieces(&self, word: &str) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::with_capacity(word.len());
        let mut start = 0;
        while let Some(character) = word[start..].chars().next() {
            let frozen = self.frozen.longest(&word.as_bytes()[start..]).map(|(length, _)| length);
            let end = start + frozen.unwrap_or(character.len_utf8());
            let at = pieces.len();
            let behind = (end < word.len()).then_some(at + 1);
            pieces.push(Piece { place: start..end, before: at.checked_sub(1), behind, frozen: frozen.is_some() });
            start = end;
        }
        pieces
    }

    /// Puts the tokens of a piece behind those that are `out` already: what is unused is taken apart again.
    fn put(&self, word: &str, place: Range<usize>, frozen: bool, apart: &HashMap<&str, usize>, out: &mut Vec<Token>) {
        let text = &word[place.clone()];
        let offsets = (place.start, place.end);
        match (self.id(text, frozen), apart.get(text)) {
            (Some(id), None) => out.push(self.names.placed(id, offsets)),
            (_, Some(&left)) => {
                // Both are shorter, and no token is longer than a few hundred bytes.
                self.put(word, place.start..place.start + left, false, apart, out);
                self.put(word, place.start + left..place.end, false, apart, out);
            }
            (None, None) => self.fallback.put(text, offsets, &self.names, out),
        }
    }

    fn id(&self, text: &str, frozen: bool) -> Option<u32> {
        if frozen {
            self.frozen.longest(text.as_bytes()).map(|(_, id)| id)
        } else {
            self.ranked(text).map(|(id, _)| id)
        }
    }

    /// The token that text may become, and its rank.
    fn ranked(&self, text: &str) -> Option<(u32, u32)> {
        let id = self.names.id(text)?;
        Some((id, self.ranks[id as usize]?))
    }
}

/// The ranks of tokens by their scores, the best first; tokens that score the same rank the same. Those that do not
/// take part have none.
pub fn ranks(scores: &[f32], takes_part: impl Fn(usize) -> bool) -> Vec<Option<u32>> {
    let mut order: Vec<usize> = (0..scores.len()).filter(|&id| takes_part(id)).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut ranks = vec![None; scores.len()];
    let mut rank = 0;
    for (at, &id) in order.iter().enumerate() {
        if at > 0 && scores[order[at - 1]] != scores[id] {
            rank += 1;
        }
        ranks[id] = Some(rank);
    }
    ranks
}
