//! How tokenizers cut a text, as tables.

pub mod json;
mod side_by_side;

use super::grid::{Align, Table, wrapped};
use super::table::Piece;
use crate::text::{Cut, Cuts, Placed, Taken, Token, Word, script, shown};
use crate::units::exactly;

/// Columns at most of a name or a word in a table.
const NAME: usize = 24;

/// The tokens of a text, one a row.
pub fn tokens(tokens: &[Placed]) -> Vec<Piece> {
    let mut rows = vec![["id", "token", "bytes", "place", ""].map(str::to_owned).to_vec()];
    rows.extend(tokens.iter().map(|Placed { token, place }| {
        vec![
            token.id.to_string(),
            token.label(),
            hex(&token.bytes, " "),
            place.as_ref().map_or(String::new(), |place| format!("{}..{}", place.start, place.end)),
            if token.special { "special".into() } else { String::new() },
        ]
    }));
    vec![Piece::Table(Table { columns: vec![Align::Right, Align::Left, Align::Left, Align::Left, Align::Left], rows })]
}

/// How the words of a text were merged, one step a row, on a screen of `width` columns.
pub fn merges(words: &[Word], width: usize) -> Vec<Piece> {
    let mut rows = vec![["word", "rank", "makes", ""].map(str::to_owned).to_vec()];
    let mut pieces: Vec<(Vec<String>, usize)> = Vec::new();
    for word in words {
        let mut labels: Vec<String> = word.pieces.iter().map(Token::label).collect();
        let taken = match word.taken {
            Taken::Merged => "",
            Taken::Whole => "whole",
            Taken::Added => "added",
        };
        let name = shown::label(word.text.as_bytes());
        rows.push(vec![shown::truncate(&name, NAME).into_owned(), String::new(), taken.to_owned(), String::new()]);
        pieces.push((labels.clone(), 0));
        for step in &word.steps {
            labels.remove(step.at + 1);
            labels[step.at] = step.token.label();
            rows.push(vec![String::new(), exactly(step.rank.into()), labels[step.at].clone(), String::new()]);
            pieces.push((labels.clone(), step.at));
        }
    }
    let column = |index: usize| rows.iter().map(|row| shown::width(&row[index])).max().unwrap_or(0) + 2;
    let room = width.saturating_sub(column(0) + column(1) + column(2)).max(NAME);
    rows[0][3] = "pieces".into();
    for (row, (labels, at)) in rows.iter_mut().skip(1).zip(&pieces) {
        row[3] = around(labels, *at, room);
    }
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
    let all = labels.join(" ");
    if shown::width(&all) <= columns {
        return all;
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

/// The same text by several tokenizers: what it takes, also by script, and where each cuts it.
pub fn cuts(cuts: &Cuts, width: usize) -> Vec<Piece> {
    let mut rows = vec![["", "vocabulary", "tokens", "tokens/character", "bytes/token"].map(str::to_owned).to_vec()];
    rows.extend(cuts.cuts.iter().map(|cut| {
        vec![
            name(cut),
            exactly(cut.vocab_size as u64),
            exactly(cut.tokens.len() as u64),
            rate(cuts.tokens_per_character(cut)),
            rate(cuts.bytes_per_token(cut)),
        ]
    }));
    let mut columns = vec![Align::Right; rows[0].len()];
    columns[0] = Align::Left;
    let mut pieces = vec![Piece::Table(Table { columns, rows })];
    pieces.extend(by_script(cuts));
    pieces.push(Piece::Title("where each cuts".into()));
    pieces.push(Piece::Text(side_by_side::lines(cuts, width)));
    pieces
}

/// Tokens per character of each script, where a text has several.
fn by_script(cuts: &Cuts) -> Vec<Piece> {
    let Some(first) = cuts.cuts.first() else { return Vec::new() };
    if first.scripts.iter().filter(|share| share.script != script::COMMON).count() < 2 {
        return Vec::new();
    }
    let heading = ["".to_owned(), "characters".to_owned()].into_iter().chain(cuts.cuts.iter().map(name));
    let mut rows = vec![heading.collect::<Vec<_>>()];
    // Every tokenizer's shares are of the same text, so they come in the same order.
    rows.extend(first.scripts.iter().enumerate().map(|(index, share)| {
        let rates = cuts.cuts.iter().map(|cut| rate(cut.scripts.get(index).map(|share| share.tokens_per_character())));
        [share.script.clone(), exactly(share.characters as u64)].into_iter().chain(rates).collect()
    }));
    let mut columns = vec![Align::Right; rows[0].len()];
    columns[0] = Align::Left;
    vec![Piece::Title("tokens per character, by script".into()), Piece::Table(Table { columns, rows })]
}

/// The same sentence in several languages by several tokenizers.
pub fn languages(all: &[Cuts], width: usize) -> Vec<Piece> {
    let language = |cuts: &Cuts| cuts.language.unwrap_or_default().to_owned();
    let mut heading = vec![String::new(), "characters".to_owned()];
    let tokenizers = all.first().map_or(&[][..], |cuts| &cuts.cuts);
    heading.extend(tokenizers.iter().flat_map(|cut| [name(cut), "/character".into()]));
    let mut rows = vec![heading];
    rows.extend(all.iter().map(|cuts| {
        let mut row = vec![language(cuts), exactly(cuts.characters() as u64)];
        row.extend(
            cuts.cuts.iter().flat_map(|cut| [exactly(cut.tokens.len() as u64), rate(cuts.tokens_per_character(cut))]),
        );
        row
    }));
    let mut columns = vec![Align::Right; rows[0].len()];
    columns[0] = Align::Left;
    let mut pieces =
        vec![Piece::Title("tokens of one sentence, by language".into()), Piece::Table(Table { columns, rows })];
    for cuts in all {
        pieces.push(Piece::Title(language(cuts)));
        pieces.push(Piece::Text(side_by_side::lines(cuts, width)));
    }
    pieces
}

fn name(cut: &Cut) -> String {
    shown::truncate_start(&shown::line(&cut.tokenizer), NAME).into_owned()
}

fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.2}"))
}

/// Bytes as two digits each.
fn hex(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Step;

    fn token(id: u32, bytes: &[u8]) -> Token {
        Token { id, text: String::from_utf8_lossy(bytes).into_owned(), bytes: bytes.to_vec(), special: false }
    }

    fn table(pieces: &[Piece]) -> String {
        pieces[0].plain(80)
    }

    #[test]
    fn bytes_and_places_stand_below_each_other() {
        let end = Token { special: true, ..token(2, b"<|im_end|>") };
        let placed = [
            Placed { token: token(7, "日本".as_bytes()), place: Some(0..6) },
            Placed { token: token(12, b"\x1b["), place: Some(6..8) },
            Placed { token: end, place: None },
        ];
        let expected = "\
id  token       bytes                          place
 7  日本        e6 97 a5 e6 9c ac              0..6
12  ␛[          1b 5b                          6..8
 2  <|im_end|>  3c 7c 69 6d 5f 65 6e 64 7c 3e         special";
        assert_eq!(table(&tokens(&placed)), expected);
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
        assert_eq!(table(&merges(&[word], 80)), expected);
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
