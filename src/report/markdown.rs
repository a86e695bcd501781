//! A report as Markdown, for pull requests and notes: titles, tables, lists.

use super::grid::{Align, Table};
use super::piece::Piece;
use crate::text::shown;
use unicode_width::UnicodeWidthStr;

/// The pieces of a report, in order. Foreign text stays text: nothing in it is taken for markup.
pub fn write(pieces: &[Piece]) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        blocks.push(match piece {
            Piece::Title(title) if index == 0 => format!("# {}", line(title)),
            Piece::Title(title) => format!("## {}", line(title)),
            // Two spaces at the end of a line break it.
            Piece::Text(text) => text.lines().map(line).collect::<Vec<_>>().join("  \n"),
            Piece::Note(note) => note.lines().map(|note| format!("*{}*", line(note))).collect::<Vec<_>>().join("  \n"),
            Piece::List(sentences) => {
                sentences.iter().map(|sentence| format!("- {}", line(sentence))).collect::<Vec<_>>().join("\n")
            }
            Piece::Table(table) => self::table(table),
        });
    }
    blocks.join("\n\n") + "\n"
}

/// A table, whose first row is its heading.
pub fn table(table: &Table) -> String {
    written(table, |_| 0)
}

/// The same, with cells as wide as the widest of their column: to be read as it is, too.
pub fn aligned(table: &Table) -> String {
    let widest = |column: usize| {
        let cells = table.rows.iter().filter_map(|row| row.get(column));
        cells.map(|text| cell(text).width()).max().unwrap_or(0)
    };
    written(table, widest)
}

/// A table whose columns are at least so wide.
fn written(table: &Table, width: impl Fn(usize) -> usize) -> String {
    let padded = |(column, text): (usize, String)| {
        let gap = " ".repeat(width(column).saturating_sub(text.width()));
        match table.columns.get(column) {
            Some(Align::Right) => gap + &text,
            _ => text + &gap,
        }
    };
    let row = |cells: &mut dyn Iterator<Item = String>| {
        format!("| {} |", cells.enumerate().map(padded).collect::<Vec<_>>().join(" | "))
    };
    let under = |(column, align): (usize, &Align)| {
        let line = "-".repeat(width(column).saturating_sub(1).max(2));
        if *align == Align::Left { format!(":{line}") } else { format!("{line}:") }
    };
    let mut rows = table.rows.iter().map(|cells| row(&mut cells.iter().map(|text| cell(text))));
    let heading = rows.next().unwrap_or_default();
    let under = row(&mut table.columns.iter().enumerate().map(under));
    [heading, under].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// A cell; a name that is set in keeps its place.
fn cell(text: &str) -> String {
    let name = text.trim_start_matches(' ');
    format!("{}{}", "&emsp;".repeat((text.len() - name.len()) / 2), line(name))
}

/// One line with nothing in it that Markdown would take for more than text.
fn line(text: &str) -> String {
    let mut safe = String::new();
    let text = shown::line(text);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' | '!' | '>' => safe.extend(['\\', c]),
            // Whoever is called by this would be told of it.
            '@' if rest.peek().is_some_and(|next| !next.is_whitespace()) => safe.push_str("@\u{200b}"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_a_table_and_names_are_only_names() {
        let rows = [["part", "time"], ["  a|b <b>", "1 ms"], ["[x](http://y)", "2 ms"]];
        let table = Table {
            columns: vec![Align::Left, Align::Right],
            rows: rows.map(|row| row.map(str::to_owned).to_vec()).to_vec(),
        };
        let text = write(&[
            Piece::Title("# *m*\n@all".into()),
            Piece::Table(table),
            Piece::List(vec!["one".into(), "two".into()]),
            Piece::Note("measured".into()),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].matches('\n').count(), 0);
        assert!(lines[0].starts_with("# \\# \\*m\\*") && !lines[0].contains("@all"), "{}", lines[0]);
        assert_eq!(lines[2..5], ["| part | time |", "| :-- | --: |", "| &emsp;a\\|b &lt;b\\> | 1 ms |"]);
        assert!(lines[5].starts_with("| \\[x\\](http"), "{}", lines[5]);
        assert!(text.ends_with("- one\n- two\n\n*measured*\n"), "{text}");
    }
}
