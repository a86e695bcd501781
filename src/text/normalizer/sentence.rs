//! How SentencePiece prepares a text: characters are replaced by a table, spaces at the ends are dropped and runs of
//! them become one, a space is put before the text, and spaces are spelled `▁`.

use super::charsmap::CharsMap;
use crate::text::algorithm::Trie;
use tokenizers::NormalizedString;

/// How a space is spelled.
pub const SPACE: char = '▁';

/// What a model asks for.
#[derive(Debug)]
pub struct Sentence {
    pub replacements: CharsMap,
    /// What stands as it is, whatever the table says.
    pub kept: Trie,
    /// A space is put before a text, or behind it.
    pub added_space: Option<End>,
    /// The space is put before the first part of a text only, not before what follows a mark.
    pub first_only: bool,
    /// Of spaces, none is left at the ends and one elsewhere.
    pub merge_spaces: bool,
    /// Spaces become `▁`.
    pub escape_spaces: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Front,
    Back,
}

impl Sentence {
    /// Nothing but spaces are changed: `▁` for each, and one before the text where that is `added`.
    pub fn plain(added: bool) -> Self {
        let added_space = added.then_some(End::Front);
        let (replacements, kept) = (CharsMap::default(), Trie::default());
        Self { replacements, kept, added_space, first_only: false, merge_spaces: false, escape_spaces: true }
    }

    fn space(&self) -> char {
        if self.escape_spaces { SPACE } else { ' ' }
    }
}

/// A text while it is prepared, in the words of [`NormalizedString::transform`]: each character with how it came.
struct Prepared {
    /// 1: it is new; 0: it stands for one of the text; -n: for one, and n more behind that are gone.
    characters: Vec<(char, isize)>,
    /// Characters of the text that are gone, before anything was prepared.
    gone_first: usize,
}

impl Prepared {
    /// Characters of the text are gone.
    fn skip(&mut self, count: usize) {
        // A new one stands for none of the text: what is gone belongs to the last that does.
        match self.characters.iter_mut().rev().find(|(_, change)| *change <= 0) {
            Some((_, change)) => *change -= count as isize,
            None => self.gone_first += count,
        }
    }

    /// `new` comes in the place of `count` characters.
    fn replace(&mut self, count: usize, new: impl Iterator<Item = char>) {
        let mut left = count;
        for character in new {
            self.characters.push((character, isize::from(left == 0)));
            left = left.saturating_sub(1);
        }
        self.skip(left);
    }
}

impl tokenizers::Normalizer for Sentence {
    fn normalize(&self, text: &mut NormalizedString) -> tokenizers::Result<()> {
        let source = text.get();
        let mut done = Prepared { characters: Vec::with_capacity(source.len()), gone_first: 0 };
        let mut after_space = self.merge_spaces;
        let mut begun = false;
        let space_first = self.added_space == Some(End::Front) && (!self.first_only || text.offsets_original().0 == 0);
        let mut rest = source;
        while !rest.is_empty() {
            let (length, new) = self.next(rest)?;
            let count = rest[..length].chars().count();
            rest = &rest[length..];
            let new = if after_space { new.trim_start_matches(' ') } else { new };
            if !begun && (!new.is_empty() || !self.merge_spaces) {
                begun = true;
                if space_first {
                    done.characters.push((self.space(), 1));
                }
            }
            let escaped = new.chars().map(|character| if character == ' ' { self.space() } else { character });
            done.replace(count, escaped);
            if !new.is_empty() {
                after_space = self.merge_spaces && new.ends_with(' ');
            }
        }
        if self.merge_spaces {
            // A space of the text, or one that was put before nothing.
            while done.characters.last().is_some_and(|&(character, _)| character == self.space()) {
                let change = done.characters.pop().map_or(0, |(_, change)| change);
                done.skip(if change > 0 { 0 } else { 1 - change } as usize);
            }
        }
        if begun && self.added_space == Some(End::Back) {
            done.characters.push((self.space(), 1));
        }
        text.transform(done.characters, done.gone_first);
        Ok(())
    }
}

impl Sentence {
    /// What the text begins with, and what it becomes.
    fn next<'t>(&'t self, text: &'t str) -> tokenizers::Result<(usize, &'t str)> {
        if let Some((length, _)) = self.kept.longest(text.as_bytes()) {
            return Ok((length, &text[..length]));
        }
        if let Some(found) = self.replacements.replacement(text)? {
            return Ok(found);
        }
        let length = text.chars().next().map_or(0, char::len_utf8);
        Ok((length, &text[..length]))
    }
}
