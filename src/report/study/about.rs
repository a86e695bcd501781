//! What the reports on every kind of study say: what was studied, how, and what was not measured.

use crate::record::study::{Pairing, Study};
use crate::record::{Status, Watched};
use crate::report::piece::Piece;
use crate::report::table::title;

pub const DASH: &str = "–";

/// What was studied, on what.
pub fn setting(study: &Study) -> [Piece; 2] {
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
pub fn watched(study: &Study) -> &'static str {
    match study.samples.iter().any(|sample| sample.watched == Watched::Plain) {
        true => "measured, while no parts were timed",
        false => "measured, while the parts were timed",
    }
}

/// Arms that were not measured, and why.
pub fn refused(study: &Study) -> Option<Piece> {
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
