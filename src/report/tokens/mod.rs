//! How tokenizers cut a text, as tables.

pub mod json;
mod name;
mod side_by_side;
mod steps;

pub use steps::merges;

use super::grid::{Align, Table, wrapped};
use super::piece::Piece;
use crate::text::{Cuts, Placed, script};
use crate::units::exactly;
use name::name;

/// How the lines are read that stand side by side.
const BARS: &str = "│ ends a token; a small number says how many parts a character is cut into; characters are \
                    code points, and what a model adds around a prompt is left out";

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
    pieces.push(Piece::Note(wrapped(BARS, width)));
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
    pieces.push(Piece::Note(wrapped(BARS, width)));
    pieces
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
    use crate::text::Token;

    fn token(id: u32, bytes: &[u8]) -> Token {
        Token { id, text: String::from_utf8_lossy(bytes).into_owned(), bytes: bytes.to_vec(), special: false }
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
        assert_eq!(tokens(&placed)[0].plain(80), expected);
    }
}
