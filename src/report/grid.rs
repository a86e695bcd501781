//! Rows of cells as text: no lines, two spaces between columns.

use comfy_table::{CellAlignment, ContentArrangement, presets};

/// How the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Names.
    Left,
    /// Numbers.
    Right,
}

/// Rows of cells, of which the first is the heading; how they are written is for others to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Align>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// As plain text.
    pub fn plain(&self) -> String {
        grid(&self.columns, self.rows.iter().cloned())
    }
}

/// Lays out `rows`, of which each has a cell for every entry of `columns`. The first may be a heading.
pub fn grid(columns: &[Align], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(presets::NOTHING);
    table.add_rows(rows);
    for (index, align) in columns.iter().enumerate() {
        let Some(column) = table.column_mut(index) else { continue };
        column.set_padding((if index == 0 { 0 } else { 2 }, 0));
        column.set_cell_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Names to the left of what they name.
pub fn facts<'n>(facts: impl IntoIterator<Item = (&'n str, String)>) -> String {
    grid(&[Align::Left, Align::Left], facts.into_iter().map(|(name, fact)| vec![name.to_owned(), fact]))
}

/// Sentences one below the other, each marked, and broken where a line of `width` columns ends.
pub fn bullets(sentences: &[String], width: usize) -> String {
    broken(sentences.iter().map(|sentence| vec!["·", sentence.as_str()]), width)
}

/// Lines of prose, each broken at a space where a line of `width` columns ends.
pub fn wrapped(prose: &str, width: usize) -> String {
    broken(prose.lines().map(|line| vec![line]), width)
}

fn broken<'t>(rows: impl Iterator<Item = Vec<&'t str>>, width: usize) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    // A table measures itself in 16 bits. One column is the gap behind the last one.
    table.set_width(u16::try_from(width.saturating_add(1)).unwrap_or(u16::MAX));
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
