//! Words on their way from bytes to tokens, merge by merge.

use super::name::NAME;
use crate::report::grid::{Align, Table, wrapped};
use crate::report::piece::Piece;
use crate::text::{Step, Taken, Token, Word, shown};
use crate::units::exactly;

/// Columns at most of a word's pieces: to SentencePiece a whole text is one word.
const PIECES: usize = 160;

/// How the words of a text were merged, one step a row, on a screen of `width` columns.
pub fn merges(words: &[Word], width: usize) -> Vec<Piece> {
    let mut rows = vec![["word", "rank", "makes"].map(str::to_owned).to_vec()];
    for word in words {
        let name = shown::label(word.text.as_bytes());
        let taken = match word.taken {
            Taken::Merged => "",
            Taken::Whole => "whole",
            Taken::Added => "added",
        };
        rows.push(vec![shown::truncate(&name, NAME).into_owned(), String::new(), taken.to_owned()]);
        let step = |step: &Step| vec![String::new(), exactly(step.rank.into()), step.token.label()];
        rows.extend(word.steps.iter().map(step));
    }
    let column = |index: usize| rows.iter().map(|row| shown::width(&row[index])).max().unwrap_or(0) + 2;
    let room = width.saturating_sub(column(0) + column(1) + column(2)).clamp(NAME, PIECES);
    let pieces = words.iter().flat_map(|word| {
        let mut labels: Vec<String> = word.pieces.iter().map(Token::label).collect();
        let begins = around(&labels, 0, room);
        std::iter::once(begins).chain(word.steps.iter().map(move |step| {
            labels.remove(step.at + 1);
            labels[step.at] = step.token.label();
            around(&labels, step.at, room)
        }))
    });
    let pieces: Vec<String> = std::iter::once("pieces".to_owned()).chain(pieces).collect();
    rows.iter_mut().zip(pieces).for_each(|(row, pieces)| row.push(pieces));
    let has = |taken| words.iter().any(|word| word.taken == taken);
    let mut note = "rank: the place of a merge among all; of those that are possible the lowest is next".to_owned();
    if has(Taken::Whole) {
        note.push_str("; whole: it is in the vocabulary, and is taken without merges");
    }
    if has(Taken::Added) {
        note.push_str("; added: a token that is looked for before the text is split into words");
    }
    let columns = vec![Align::Left, Align::Right, Align::Left, Align::Left];
    vec![Piece::Table(Table { columns, rows }), Piece::Note(wrapped(&note, width))]
}

/// As many pieces around the one at `at` as fit `columns`, with `…` where some are left out.
fn around(labels: &[String], at: usize, columns: usize) -> String {
    // Each takes a column at least: a text without spaces is one word, and never joined as a whole for nothing.
    if labels.len() <= columns {
        let all = labels.join(" ");
        if shown::width(&all) <= columns {
            return all;
        }
    }
    let (mut from, mut to) = (at, at);
    let dotted = shown::width("… ") + shown::width(" …");
    let mut left = (columns + 1).saturating_sub(dotted); // before the first piece there is no blank
    let mut fits = |label: Option<&String>| {
        let needed = label.map(|label| shown::width(label) + 1).filter(|&needed| needed <= left);
        left -= needed.unwrap_or(0);
        needed.is_some()
    };
    loop {
        let behind = fits(labels.get(to));
        to += usize::from(behind);
        let before = from > 0 && fits(labels.get(from - 1));
        from -= usize::from(before);
        if !behind && !before {
            break;
        }
    }
    let dots = |some: bool, dots: &'static str| if some { dots } else { "" };
    let kept = labels[from..to].join(" ");
    format!("{}{kept}{}", dots(from > 0, "… "), dots(to < labels.len(), " …"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: u32, bytes: &[u8]) -> Token {
        Token { id, text: String::from_utf8_lossy(bytes).into_owned(), bytes: bytes.to_vec(), special: false }
    }

    #[test]
    fn every_step_shows_what_it_makes() {
        let word = Word {
            text: " the".into(),
            place: 0..4,
            taken: Taken::Merged,
            pieces: vec![token(1, b" "), token(2, b"t"), token(3, b"h"), token(4, b"e")],
            steps: vec![
                Step { at: 2, rank: 10, token: token(5, b"he") },
                Step { at: 0, rank: 2100, token: token(6, b" t") },
                Step { at: 0, rank: 3000, token: token(7, b" the") },
            ],
        };
        let expected = "\
word   rank  makes  pieces
·the                · t h e
         10  he     · t he
      2,100  ·t     ·t he
      3,000  ·the   ·the";
        assert_eq!(merges(&[word], 80)[0].plain(80), expected);
    }

    #[test]
    fn where_there_is_no_room_the_pieces_around_the_merge_are_shown() {
        let labels: Vec<String> = ('a'..='z').map(String::from).collect();
        assert_eq!(around(&labels, 0, 13), "a b c d e …");
        assert_eq!(around(&labels, 12, 13), "… k l m n o …");
        assert_eq!(around(&labels, 25, 13), "… v w x y z");
        assert_eq!(around(&labels[..4], 2, 7), "a b c d");
        for columns in 0..60 {
            for at in 0..labels.len() {
                assert!(shown::width(&around(&labels, at, columns)) <= columns.max(4), "{at} in {columns}");
            }
        }
    }
}
