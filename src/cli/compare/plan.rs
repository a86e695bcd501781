//! From the flags of `compare` to the study that they ask for.

use super::args::Args;
use crate::arch::{Toggle, Toggles};
use crate::cli::args::{RoundsArg, toggles};
use crate::cli::failure::{Failure, Result};
use crate::measure::{Plan, PlannedArm, QualityText, Rounds};
use crate::record::input;
use crate::record::study::StudyKind;
use std::io::Read;
use std::path::Path;

/// Much more than is read of a text.
const MOST_TEXT: u64 = 4 << 20;

impl Args {
    /// The study that the flags ask for.
    ///
    /// # Errors
    /// They do not say what is to be compared, or the text cannot be read.
    pub fn plan(&self) -> Result<Plan> {
        let (kind, arms) = self.arms()?;
        let rounds = self.rounds.map_or_else(Rounds::default, RoundsArg::rounds);
        let quality = match &self.text {
            _ if self.no_quality => None,
            Some(path) => Some(QualityText::Own { name: path.display().to_string(), text: read(path)? }),
            None => Some(QualityText::Shipped),
        };
        Ok(Plan { kind, arms, rounds, parts: !self.no_parts, quality, seed: 0 })
    }

    fn arms(&self) -> Result<(StudyKind, Vec<PlannedArm>)> {
        let common = toggles(&self.set)?;
        let baseline = common.with(self.a.as_deref().unwrap_or_default())?;
        let mut arms = Vec::new();
        let mut add = |name: String, toggles: Toggles| {
            let (prompt_tokens, new_tokens) = (self.prompt_tokens.unwrap_or(128), self.new_tokens.unwrap_or(32));
            arms.push(PlannedArm { name, toggles, prompt_tokens, new_tokens });
        };
        if let Some(toggle) = self.all {
            let present = baseline.get(toggle);
            add(spelled(toggle, &present), baseline.clone());
            for value in toggle.values().into_iter().filter(|value| *value != present) {
                let mut toggles = baseline.clone();
                toggles.set(toggle, &value)?;
                add(spelled(toggle, &value), toggles);
            }
            return Ok((StudyKind::Matrix, arms));
        }
        if self.b.is_empty() {
            return Err(Failure::Usage(
                "what is to be compared? --b kv_cache=off against the defaults (or against --a …), every value of a \
                 toggle with --all weights, or two run files"
                    .into(),
            ));
        }
        let candidates = self.b.iter().map(|list| Ok(common.with(list)?)).collect::<Result<Vec<Toggles>>>()?;
        add(self.a.as_deref().map_or_else(|| present(&baseline, &self.b), tidy), baseline);
        self.b.iter().zip(candidates).for_each(|(list, toggles)| add(tidy(list), toggles));
        Ok((if self.b.len() == 1 { StudyKind::Compare } else { StudyKind::Matrix }, arms))
    }
}

fn spelled(toggle: Toggle, value: &str) -> String {
    format!("{}={value}", toggle.name())
}

/// A list of toggles without spaces.
fn tidy(list: &str) -> String {
    list.chars().filter(|c| !c.is_whitespace()).collect()
}

/// What the baseline has where the candidates say something: `kv_cache=on`.
fn present(baseline: &Toggles, candidates: &[String]) -> String {
    let names: Vec<&str> = candidates
        .iter()
        .flat_map(|list| list.split(','))
        .filter_map(|pair| Some(pair.split_once('=')?.0.trim()))
        .collect();
    let pairs = baseline.to_pairs().into_iter().filter(|(name, _)| names.contains(&name.as_str()));
    pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}

/// The beginning of a text file; of a very long one, no more than could be used.
fn read(path: &Path) -> Result<String> {
    let failed = |problem: String| Failure::Failed(format!("{}: {problem}", path.display()));
    let mut bytes = Vec::new();
    let file = input::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(MOST_TEXT).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // Cut in the middle of a character.
        Err(error) if error.as_bytes().len() as u64 == MOST_TEXT && error.utf8_error().error_len().is_none() => {
            let whole = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            bytes.truncate(whole);
            String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
        }
        Err(error) => {
            Err(failed(format!("expected text in UTF-8, found another byte at {}", error.utf8_error().valid_up_to())))
        }
    }
}
