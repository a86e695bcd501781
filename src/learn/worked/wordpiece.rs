//! WordPiece by hand, longest piece first, and one sentence in six scripts.
//!
//! Sources: Schuster and Nakajima 2012, 'Japanese and Korean voice search'; the `##` of a piece that goes on inside a
//! word is BERT's (Devlin et al. 2018), as is the word 'unaffable'.

use super::Step;

/// Script and 'The cat sat on the mat' (a rug in some) in a language that is written in it: English, Greek, Russian,
/// Arabic, Hindi, Chinese.
pub const SENTENCES: [(&str, &str); 6] = [
    ("Latin", "The cat sat on the mat"),
    ("Greek", "Η γάτα κάθισε στο χαλί"),
    ("Cyrillic", "Кошка села на коврик"),
    ("Arabic", "جلست القطة على السجادة"),
    ("Devanagari", "बिल्ली चटाई पर बैठी"),
    ("Han", "猫坐在垫子上"),
];

/// The word that is cut.
const WORD: &str = "unaffable";

/// A small vocabulary: pieces that a word begins with, and pieces inside one.
const PIECES: [&str; 9] = ["a", "able", "u", "un", "##a", "##able", "##aff", "##f", "##le"];

/// Cuts a word, the longest piece first; `None` is [UNK]: at some place nothing fits.
pub fn cut(word: &str, pieces: &[&str]) -> Option<Vec<String>> {
    let mut cut = Vec::new();
    let mut rest = word;
    while !rest.is_empty() {
        let inside = rest.len() < word.len();
        let taken = tries(rest, inside, pieces).pop().filter(|(_, fits)| *fits)?.0;
        rest = &rest[taken.len() - if inside { 2 } else { 0 }..];
        cut.push(taken);
    }
    Some(cut)
}

/// What is tried at one place, from the longest on down to the first that is in the vocabulary.
fn tries(rest: &str, inside: bool, pieces: &[&str]) -> Vec<(String, bool)> {
    let ends = rest.char_indices().map(|(at, character)| at + character.len_utf8());
    let mut tries = Vec::new();
    for end in ends.rev() {
        let piece = format!("{}{}", if inside { "##" } else { "" }, &rest[..end]);
        let fits = pieces.contains(&piece.as_str());
        tries.push((piece, fits));
        if fits {
            break;
        }
    }
    tries
}

pub(super) fn steps() -> Vec<Step> {
    let mut steps = vec![
        Step::new(format!("A word and a vocabulary: '{WORD}'"))
            .line("At the beginning of a word:")
            .line(format!(
                "  {}",
                PIECES.iter().filter(|p| !p.starts_with("##")).copied().collect::<Vec<_>>().join("  ")
            ))
            .line("Going on inside a word:")
            .line(format!(
                "  {}",
                PIECES.iter().filter(|p| p.starts_with("##")).copied().collect::<Vec<_>>().join("  ")
            ))
            .gap()
            .say("There is no order of merges. Of all pieces that fit, the longest is taken."),
    ];
    let taken = cut(WORD, &PIECES).unwrap_or_default();
    let mut rest = WORD;
    for (number, piece) in taken.iter().enumerate() {
        let tried = tries(rest, number > 0, &PIECES);
        rest = &rest[piece.trim_start_matches("##").len()..];
        let left = if rest.is_empty() { "nothing is left".to_owned() } else { format!("left: {rest}") };
        steps.push(
            Step::new(format!("Piece {} is taken: {piece}", number + 1))
                .rows(
                    tried.iter().map(|(piece, fits)| format!("  {piece:<12} {}", if *fits { "← taken" } else { "no" })),
                )
                .gap()
                .line(format!("{}; {left}", taken[..=number].join(" "))),
        );
    }
    let unknown = "unfit";
    let shown = cut(unknown, &PIECES).map_or_else(|| "[UNK]".to_owned(), |pieces| pieces.join(" "));
    steps.push(
        Step::new("And if nothing fits?")
            .line(format!("  {WORD:<10} →  {}", taken.join(" ")))
            .line(format!("  {unknown:<10} →  {shown}"))
            .gap()
            .say(&format!(
                "'{unknown}' starts well, with un and ##f. \
                 Then no piece begins with its next letter, and the whole word is lost."
            )),
    );
    let mut last = Step::new("One sentence, six scripts").line("script      characters   bytes  bytes each");
    for (script, sentence) in SENTENCES {
        let (characters, bytes) = (sentence.chars().count(), sentence.len());
        let each = bytes as f64 / characters as f64;
        last = last.line(format!("{script:<12}{characters:>10}{bytes:>8}{each:>12.1}")).line(format!("  {sentence}"));
    }
    steps.push(last.line("A space is 1 byte in all of them."));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classical_word_is_cut() {
        assert_eq!(cut(WORD, &PIECES).unwrap(), ["un", "##aff", "##able"]);
        assert_eq!(cut("unf", &PIECES).unwrap(), ["un", "##f"]); // so far 'unfit' goes well
        assert_eq!(cut("unfit", &PIECES), None);
    }

    /// Nothing is taken back: `ab` leaves a rest that does not fit, though `a` would have done.
    #[test]
    fn a_greedy_cut_can_miss_what_another_finds() {
        assert_eq!(cut("abc", &["a", "ab", "##bc"]), None);
        assert_eq!(cut("abc", &["a", "##bc"]).unwrap(), ["a", "##bc"]);
    }

    #[test]
    fn pieces_may_be_of_any_script() {
        assert_eq!(cut("кошка", &["кош", "##ка"]).unwrap(), ["кош", "##ка"]);
        assert_eq!(cut("猫坐", &["猫", "##坐"]).unwrap(), ["猫", "##坐"]);
    }

    #[test]
    fn letters_take_the_bytes_that_lesson_3_says() {
        let letters = |script: &str| {
            let (_, sentence) = SENTENCES.into_iter().find(|(name, _)| *name == script).unwrap();
            sentence.chars().filter(|character| *character != ' ').map(char::len_utf8).collect::<Vec<_>>()
        };
        for (script, bytes) in
            [("Latin", 1), ("Greek", 2), ("Cyrillic", 2), ("Arabic", 2), ("Devanagari", 3), ("Han", 3)]
        {
            assert!(letters(script).iter().all(|&length| length == bytes), "{script}");
        }
    }

    #[test]
    fn the_third_step_takes_a_piece() {
        assert_eq!(steps()[2].title, "Piece 2 is taken: ##aff");
        assert!(steps().last().unwrap().lines.iter().any(|line| line.contains("Devanagari")));
    }
}
