//! Baselines: runs that are kept under a name of the user's, in the folder for data, to be compared with later.

use super::file::{self, read, replace_run};
use super::run::Run;
use crate::system::folders;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The longest name.
const LONGEST: usize = 64;

/// What a baseline is called. It is the name of a file and leads nowhere else: letters, digits, `.`, `_` and `-` of ASCII,
/// beginning with a letter or a digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// Why there is no such baseline, or why it cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no folder for data.
    #[error("{0}: there is no place for baselines")]
    NoFolder(&'static str),
    #[error("there is no baseline '{name}'; {}", known(others))]
    Missing { name: Name, others: Vec<String> },
    #[error(transparent)]
    File(#[from] file::Error),
}

/// Keeps a run under a name, in place of the one that had it. Returns its file, and whether there was one before.
///
/// # Errors
/// It cannot be written.
pub fn keep(name: &Name, run: &Run) -> Result<(PathBuf, bool), Error> {
    keep_in(&folder()?, name, run)
}

/// The run that is kept under a name.
///
/// # Errors
/// There is none, or its file cannot be read.
pub fn open(name: &Name) -> Result<Run, Error> {
    open_in(&folder()?, name)
}

fn folder() -> Result<PathBuf, Error> {
    folders::data().map(|folder| folder.join("baselines")).map_err(Error::NoFolder)
}

fn keep_in(folder: &Path, name: &Name, run: &Run) -> Result<(PathBuf, bool), Error> {
    std::fs::create_dir_all(folder).map_err(|source| file::Error::Io { path: folder.to_owned(), source })?;
    let path = name.within(folder);
    let replaces = path.exists();
    replace_run(&path, run)?;
    Ok((path, replaces))
}

fn open_in(folder: &Path, name: &Name) -> Result<Run, Error> {
    let path = name.within(folder);
    match path.exists() {
        true => Ok(read(&path)?),
        false => Err(Error::Missing { name: name.clone(), others: names_in(folder) }),
    }
}

/// The names of all baselines, sorted.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |file: String| file.strip_suffix(".jsonl")?.parse().ok().map(|Name(name)| name);
    let mut names: Vec<String> =
        entries.filter_map(|entry| name(entry.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

fn known(names: &[String]) -> String {
    match names {
        [] => "there is none yet: profile --save-baseline NAME keeps one".to_owned(),
        names => format!("there are {}", names.join(", ")),
    }
}

impl Name {
    fn within(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.jsonl", self.0))
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&c));
        if begins && is_plain && name.len() <= LONGEST {
            return Ok(Self(name.to_owned()));
        }
        Err(format!(
            "expected a name of at most {LONGEST} letters, digits, '.', '_' and '-' that begins with a letter or a digit"
        ))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;

    #[test]
    fn names_are_names_of_files_and_lead_nowhere() {
        for name in ["main", "v1.2_rc-3", "0", "A"] {
            assert_eq!(name.parse::<Name>().unwrap().to_string(), name);
        }
        let long = "a".repeat(LONGEST + 1);
        let hostile = [
            "",
            ".",
            "..",
            "../x",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "-x",
            ".x",
            "a b",
            "a\0",
            "ä",
            "a\n",
            "\u{1b}[2J",
            "~",
            &long,
        ];
        for name in hostile {
            assert!(name.parse::<Name>().unwrap_err().starts_with("expected a name"), "{name:?}");
        }
    }

    #[test]
    fn a_baseline_is_kept_replaced_and_listed() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("baselines");
        let [main, other]: [Name; 2] = ["main", "other"].map(|name| name.parse().unwrap());
        let none = open_in(&folder, &main).unwrap_err().to_string();
        assert_eq!(none, "there is no baseline 'main'; there is none yet: profile --save-baseline NAME keeps one");
        let (first, second) = (fixture::run(&[fixture::prefill()]), fixture::traced());
        assert!(!keep_in(&folder, &main, &first).unwrap().1);
        assert_eq!(open_in(&folder, &main).unwrap(), first);
        let (path, replaces) = keep_in(&folder, &main, &second).unwrap();
        assert!(replaces && path == folder.join("main.jsonl"));
        assert_eq!(open_in(&folder, &main).unwrap(), second);
        std::fs::write(folder.join(".hidden.jsonl"), "").unwrap();
        let missing = open_in(&folder, &other).unwrap_err().to_string();
        assert_eq!(missing, "there is no baseline 'other'; there are main");
    }
}
