//! A study as a table to read, as Markdown for a pull request, as JSON and CSV for other programs.

mod compare;
pub mod csv;
pub mod json;
mod matrix;
mod sweep;
#[cfg(test)]
mod tests;

use super::layout::Detail;
use super::markdown;
use super::table::{Piece, title};
use crate::record::study::{Kind, Pairing, Study};
use crate::record::{Status, Watched};

const DASH: &str = "–";

/// The report on a study, for a screen of `width` columns: where it is narrow, columns are left out. `detail` is about
/// the parts of a comparison.
pub fn report(study: &Study, detail: Detail, width: usize) -> Vec<Piece> {
    let pieces = match study.header.kind {
        Kind::Compare => compare::report(study, detail, Some(width)),
        Kind::Matrix => matrix::report(study, Some(width)),
        Kind::Sweep { .. } => sweep::report(study, Some(width)),
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
        Kind::Compare => compare::report(study, detail, None),
        Kind::Matrix => matrix::report(study, None),
        Kind::Sweep { .. } => sweep::report(study, None),
    }
}

/// As Markdown, for a pull request: of a comparison the parts added up over all blocks.
pub fn markdown(study: &Study) -> String {
    markdown::write(&pieces(study, Detail::Summed))
}

/// What was studied, on what.
fn setting(study: &Study) -> [Piece; 2] {
    let header = &study.header;
    let mut lines = vec![format!(
        "{} · {} · LibTorch {} · Blockscope {}",
        header.device, header.machine, header.libtorch, header.blockscope
    )];
    if let Some(first) = study.arms.first() {
        let shared: Vec<String> = first
            .toggles
            .iter()
            .filter(|toggle| study.arms.iter().all(|arm| arm.toggles.contains(toggle)))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        lines.push(format!("all: {}", if shared.is_empty() { DASH.to_owned() } else { shared.join(",") }));
        let length = |name: &str, what: &str| {
            let same = study.arms.iter().all(|arm| arm.setting(name) == first.setting(name));
            first.setting(name).filter(|_| same).map(|length| format!("{length} {what}"))
        };
        let lengths = [length("prompt_tokens", "prompt tokens"), length("new_tokens", "new tokens")];
        lines.push(lengths.into_iter().flatten().chain([how(study)]).collect::<Vec<_>>().join(" · "));
    }
    [Piece::Title(title(&header.model)), Piece::Text(lines.join("\n"))]
}

/// `24 rounds, interleaved`, and how it ended where that was early.
fn how(study: &Study) -> String {
    let rounds = match study.rounds() {
        1 => "1 round".to_owned(),
        rounds => format!("{rounds} rounds"),
    };
    let how = match study.header.pairing {
        Pairing::Interleaved => format!("{rounds}, interleaved in random order (seed {})", study.header.seed),
        Pairing::Separate => "two runs from different times".to_owned(),
    };
    match &study.status {
        Some(Status::Done) => how,
        Some(Status::Cancelled) => format!("{how}, then cancelled"),
        Some(Status::Failed(reason)) => format!("{how}, then it failed: {reason}"),
        None => format!("{how} so far"),
    }
}

/// Where the times come from.
fn watched(study: &Study) -> &'static str {
    match study.samples.iter().any(|sample| sample.watched == Watched::Plain) {
        true => "measured, while no parts were timed",
        false => "measured, while the parts were timed",
    }
}

/// Arms that were not measured, and why.
fn refused(study: &Study) -> Option<Piece> {
    // Of many with the same reason it is said once.
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in study.arms.iter().filter_map(|arm| Some((arm.name.as_str(), arm.refused.as_deref()?))) {
        match reasons.iter_mut().find(|(other, _)| *other == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    let said = |(why, names): &(&str, Vec<&str>)| match names.as_slice() {
        [name] => format!("{name}: {why}"),
        names => format!("{} and {} more: {why}", names[0], names.len() - 1),
    };
    (!reasons.is_empty()).then(|| Piece::List(reasons.iter().map(said).collect()))
}
