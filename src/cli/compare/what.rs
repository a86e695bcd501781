//! What the names and flags of `compare` mean together.

use super::args::Args;
use crate::cli::failure::{Failure, Result};
use crate::cli::studying;
use crate::engine::Device;
use crate::record::baseline::Name;
use crate::record::file::Content;
use std::path::{Path, PathBuf};

/// What there is to compare.
pub enum What {
    /// Something that is measured first.
    Measured(String),
    Runs(PathBuf, PathBuf),
    Study(PathBuf),
    /// A baseline, and a run file to hold against it.
    BaselineAndRun(Name, PathBuf),
    /// A baseline, and the model that is measured like it: an empty name for the same one.
    BaselineAndModel(Name, String),
}

impl Args {
    /// What the names and flags mean together.
    ///
    /// # Errors
    /// They do not go together; a file cannot be read.
    pub fn what(&self) -> Result<What> {
        let content = |name: &String| {
            let path = Path::new(name);
            if path.is_file() { studying::content(path) } else { Ok(Content::Other) }
        };
        let contents = self.named.iter().map(content).collect::<Result<Vec<_>>>()?;
        if let Some(name) = &self.baseline {
            return self.with_baseline(name, &contents);
        }
        let saved = match (&self.named[..], &contents[..]) {
            ([one, other], [Content::Run, Content::Run]) => What::Runs(one.into(), other.into()),
            ([study], [Content::Study]) => What::Study(study.into()),
            ([run], [Content::Run]) => {
                return Err(Failure::Usage(format!("{run} is one run: name another to compare it with")));
            }
            ([_, _], _) => {
                let problem = "two names are those of two run files, as profile --out writes them";
                let not = self.named.iter().zip(&contents).find(|(_, content)| **content != Content::Run);
                let not = not.map_or(String::new(), |(name, content)| match content {
                    Content::Study => format!(", and {name} is a study"),
                    _ if !Path::new(name).exists() => format!(", and there is no {name}"),
                    _ => format!(", and {name} is none"),
                });
                return Err(Failure::Usage(format!("{problem}{not}")));
            }
            (named, _) => return Ok(What::Measured(named.first().cloned().unwrap_or_default())),
        };
        self.saved(saved)
    }

    /// What is in files, unless something is to be measured.
    fn saved(&self, what: What) -> Result<What> {
        match self.measures() {
            Some(flag) => Err(Failure::Usage(format!("{flag} is for measuring; what is in a file has been measured"))),
            None => Ok(what),
        }
    }

    /// What a baseline is compared with.
    fn with_baseline(&self, name: &Name, contents: &[Content]) -> Result<What> {
        match (&self.named[..], contents) {
            ([run], [Content::Run]) => self.saved(What::BaselineAndRun(name.clone(), run.into())),
            ([study], [Content::Study]) => {
                Err(Failure::Usage(format!("{study} is a study: with --baseline name a MODEL, or a run file")))
            }
            ([_, _], _) => Err(Failure::Usage("with --baseline name one MODEL, or one run file".into())),
            (named, _) => Ok(What::BaselineAndModel(name.clone(), named.first().cloned().unwrap_or_default())),
        }
    }

    /// A flag that only makes sense where something is measured.
    fn measures(&self) -> Option<&'static str> {
        let flags = [
            ("--a", self.a.is_some()),
            ("--b", !self.b.is_empty()),
            ("--all", self.all.is_some()),
            ("--set", !self.set.is_empty()),
            ("--device", self.device != Device::default()),
            ("--prompt-tokens", self.prompt_tokens.is_some()),
            ("--new-tokens", self.new_tokens.is_some()),
            ("--rounds", self.rounds.is_some()),
            ("--no-parts", self.no_parts),
            ("--no-quality", self.no_quality),
            ("--text", self.text.is_some()),
            ("--out", self.out.out.is_some()),
        ];
        flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }
}
