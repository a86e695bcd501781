//! A text once for every tokenizer, with a bar where it was cut. What stands above each other is the same text.
//!
//! ```text
//! smollm2   The│·qu ick│·日₂│本
//! tiny      T│he│·qu│ick│·│日₃│本₃
//! ```
//!
//! A character that is cut inside has the number of its parts beside it.

use super::name::name;
use crate::text::{Cut, Cuts, shown};
use std::collections::BTreeSet;
use unicode_segmentation::UnicodeSegmentation;

/// Lines of at most `width` columns, where the text between two cuts allows it.
pub fn lines(cuts: &Cuts, width: usize) -> String {
    let names: Vec<String> = cuts.cuts.iter().map(name).collect();
    let margin = names.iter().map(|name| shown::width(name)).max().unwrap_or(0) + 2;
    let margins = || names.iter().map(|name| format!("{name}{}", blank(margin - shown::width(name)))).collect();
    let mut blocks: Vec<Vec<String>> = vec![margins()];
    let mut used = margin;
    for column in columns(cuts) {
        let wide = column.first().map_or(0, |cell| shown::width(cell));
        if used > margin && used + wide > width {
            blocks.push(margins());
            used = margin;
        }
        used += wide;
        for (line, cell) in blocks.last_mut().into_iter().flatten().zip(column) {
            line.push_str(&cell);
        }
    }
    let block =
        |lines: &Vec<String>| lines.iter().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n");
    let gap = if names.len() > 1 { "\n\n" } else { "\n" };
    blocks.iter().map(block).collect::<Vec<_>>().join(gap)
}

/// The text between two places where anybody cuts, for every tokenizer: equally wide, with a bar behind it or none.
fn columns(cuts: &Cuts) -> Vec<Vec<String>> {
    let text = &cuts.text;
    let bars: Vec<BTreeSet<usize>> = cuts.cuts.iter().map(boundaries).collect();
    // A character is never shown in parts, nor without its marks.
    let starts = text.grapheme_indices(true).map(|(start, _)| start);
    let shared: Vec<usize> = starts.skip(1).filter(|start| bars.iter().any(|bars| bars.contains(start))).collect();
    let mut from = 0;
    let mut columns = Vec::new();
    for to in shared.into_iter().chain((!text.is_empty()).then_some(text.len())) {
        let cells: Vec<String> = bars.iter().map(|bars| cell(text, from, to, bars)).collect();
        let wide = cells.iter().map(|cell| shown::width(cell)).max().unwrap_or(0);
        let bar = |bars: &BTreeSet<usize>| if to < text.len() && bars.contains(&to) { "│" } else { " " };
        let padded = |(cell, bars): (&String, &BTreeSet<usize>)| {
            // The bar right behind the text, not behind the blanks.
            format!("{cell}{}{}", bar(bars), blank(wide - shown::width(cell)))
        };
        columns.push(cells.iter().zip(&bars).map(padded).collect());
        from = to;
    }
    columns
}

/// The bytes `from..to` of the text; where they are cut inside, with the number of parts.
fn cell(text: &str, from: usize, to: usize, bars: &BTreeSet<usize>) -> String {
    let label = shown::label(&text.as_bytes()[from..to]);
    match bars.range(from + 1..to).count() + 1 {
        1 => label,
        parts => label + &subscript(parts),
    }
}

fn subscript(n: usize) -> String {
    n.to_string().chars().filter_map(|digit| char::from_u32('₀' as u32 + digit.to_digit(10)?)).collect()
}

/// Where tokens begin and end.
fn boundaries(cut: &Cut) -> BTreeSet<usize> {
    cut.tokens.iter().filter_map(|token| token.place.as_ref()).flat_map(|place| [place.start, place.end]).collect()
}

fn blank(columns: usize) -> String {
    " ".repeat(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Placed, Token};

    /// A text cut at these bytes by each tokenizer.
    fn cuts(text: &str, ends: &[(&str, &[usize])]) -> Cuts {
        let cut = |(name, ends): &(&str, &[usize])| {
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let token = |(start, end): (usize, usize)| {
                let token = Token { id: 0, text: String::new(), bytes: Vec::new(), special: false };
                Placed { token, place: Some(start..end) }
            };
            let tokens = starts.zip(ends.iter().copied().chain([text.len()])).map(token).collect();
            Cut { tokenizer: (*name).to_owned(), vocab_size: 1, tokens, scripts: Vec::new() }
        };
        Cuts { language: None, text: text.to_owned(), cuts: ends.iter().map(cut).collect() }
    }

    #[test]
    fn the_same_text_stands_above_itself() {
        let both = cuts("The quick brown", &[("one", &[3, 9]), ("other", &[1, 3, 6, 9])]);
        assert_eq!(lines(&both, 80), "one    T he│·qu ick│·brown\nother  T│he│·qu│ick│·brown");
    }

    #[test]
    fn a_character_that_is_cut_has_the_number_of_its_parts() {
        let both = cuts("a日本", &[("whole", &[1, 4]), ("bytes", &[1, 3, 4])]);
        assert_eq!(lines(&both, 80), "whole  a│日│ 本\nbytes  a│日₂│本");
    }

    #[test]
    fn lines_end_where_anybody_cuts() {
        let both = cuts("aaaabbbbcccc", &[("x", &[4, 8]), ("y", &[8])]);
        assert_eq!(lines(&both, 13), "x  aaaa│bbbb│\ny  aaaa bbbb│\n\nx  cccc\ny  cccc");
        assert_eq!(lines(&cuts("", &[("x", &[])]), 13), "x");
    }

    #[test]
    fn nothing_in_a_text_or_a_name_drives_the_terminal() {
        let hostile = cuts("\u{1b}[2J\n\u{202e}", &[("\u{1b}]0;\n", &[1])]);
        assert_eq!(lines(&hostile, 80), "␛]0;↵  ␛│[2J↵⟨U+202E⟩");
    }
}
