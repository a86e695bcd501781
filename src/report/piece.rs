//! The pieces of a report, whatever writes them down.

use super::grid::{Table, bullets};

/// A piece of the report, so that whoever prints it can set titles and notes apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Title(String),
    Text(String),
    Table(Table),
    /// Sentences, each for itself.
    List(Vec<String>),
    /// Where numbers come from, and what to make of them.
    Note(String),
}

impl Piece {
    /// As plain text, in lines of `width` columns where it can be broken.
    pub fn plain(&self, width: usize) -> String {
        match self {
            Piece::Title(text) | Piece::Text(text) | Piece::Note(text) => text.clone(),
            Piece::Table(table) => table.plain(),
            Piece::List(sentences) => bullets(sentences, width),
        }
    }
}
