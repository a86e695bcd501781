//! A study as a table to read, as Markdown for a pull request, as JSON and CSV for other programs.

mod about;
mod compare;
pub mod csv;
pub mod gates;
pub mod json;
mod matrix;
mod sweep;
#[cfg(test)]
mod tests;

use super::layout::Detail;
use super::markdown;
use super::piece::Piece;
use crate::record::study::{Study, StudyKind};

/// The report on a study, for a screen of `width` columns: where it is narrow, columns are left out. `detail` is about
/// the parts of a comparison.
pub fn report(study: &Study, detail: Detail, width: usize) -> Vec<Piece> {
    let pieces = match study.header.kind {
        StudyKind::Compare => compare::report(study, detail, Some(width)),
        StudyKind::Matrix => matrix::report(study, Some(width)),
        StudyKind::Sweep { .. } => sweep::report(study, Some(width)),
    };
    let fitted = |piece| match piece {
        Piece::Note(note) => Piece::Note(super::grid::wrapped(&note, width)),
        Piece::Text(text) => Piece::Text(super::grid::wrapped(&text, width)),
        other => other,
    };
    pieces.into_iter().map(fitted).collect()
}

/// The same as a document: with all columns, and nothing drawn of characters.
pub fn pieces(study: &Study, detail: Detail) -> Vec<Piece> {
    match study.header.kind {
        StudyKind::Compare => compare::report(study, detail, None),
        StudyKind::Matrix => matrix::report(study, None),
        StudyKind::Sweep { .. } => sweep::report(study, None),
    }
}

/// As Markdown, for a pull request: of a comparison the parts added up over all blocks.
pub fn markdown(study: &Study) -> String {
    markdown::write(&pieces(study, Detail::Summed))
}
