//! A study with what came of gates.

use super::{json, pieces};
use crate::analyse::gate::Outcome;
use crate::record::study::Study;
use crate::report::layout::Detail;
use crate::report::markdown;
use crate::report::piece::Piece;
use serde_json::{Value, json};

/// What `compare --gate --json` prints; without gates what it prints of every study.
pub fn json(study: &Study, outcomes: &[Outcome]) -> Value {
    let mut whole = json::study(study);
    if !outcomes.is_empty() {
        whole["gates"] = outcomes.iter().map(outcome).collect();
    }
    whole
}

fn outcome(outcome: &Outcome) -> Value {
    json!({
        "candidate": outcome.candidate,
        "gate": outcome.gate,
        "passed": outcome.passed,
        "value": outcome.found.map(|found| found.value),
        "interval": outcome.found.and_then(|found| found.interval).map(|(low, high)| [low, high]),
        "repeats": outcome.found.and_then(|found| found.repeats),
        "said": outcome.said,
    })
}

/// As Markdown, for a pull request: what came of the gates stands at the end.
pub fn markdown(study: &Study, outcomes: &[Outcome]) -> String {
    let mut all = pieces(study, Detail::Summed);
    if !outcomes.is_empty() {
        let many = study.arms.len() > 2;
        let said = |outcome: &Outcome| match many {
            true => format!("{}: {}", outcome.candidate, outcome.said),
            false => outcome.said.clone(),
        };
        all.push(Piece::Title("gates".into()));
        all.push(Piece::List(outcomes.iter().map(said).collect()));
    }
    markdown::write(&all)
}
