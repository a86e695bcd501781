//! A model in several files, as llama.cpp splits them: `NAME-00001-of-00003.gguf` and so on. The first has the metadata,
//! each has tensors of its own; `split.no`, `split.count` and `split.tensors.count` say how they belong together.

use super::error::{Error, Result};
use super::header::Header;
use super::mapped::Mapped;
use crate::system::map::Map;
use std::path::{Path, PathBuf};

/// Which of a model's files one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// From 0.
    number: u64,
    of: u64,
}

/// All files of a model.
pub(super) struct Whole {
    /// Of the first.
    pub path: PathBuf,
    /// In their order.
    pub maps: Vec<Map>,
    /// Of the first, with the tensors of all.
    pub header: Header,
}

/// Where a file belongs, if it is one of several.
pub(super) fn place(header: &Header, bytes: &[u8]) -> Option<Place> {
    let entry = |key| header.entry(key).and_then(|entry| entry.integer(bytes)).and_then(|n| u64::try_from(n).ok());
    let of = entry("split.count").filter(|&of| of > 1)?;
    Some(Place { number: entry("split.no").unwrap_or(0), of })
}

/// Opens all files of the model of which `path` is one.
///
/// # Errors
/// It is not named as such a file is; another one is missing, or does not belong to it.
pub(super) fn open(path: &Path, place: Place) -> Result<Whole> {
    let Place { number, of } = place;
    let problem = |words: &str| Error::format(path, format!("is file {} of {of} of a model{words}", number + 1));
    let stem = stem(path, place)
        .ok_or_else(|| problem(&format!(", but is not named so: expected a name that ends in `{}`", ending(place))))?;
    let mut maps = Vec::new();
    let mut whole: Option<Header> = None;
    for number in 0..of {
        let part = path.with_file_name(name(&stem, Place { number, of }));
        let Mapped { map, header } = Mapped::open(&part).map_err(|error| match error {
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                problem(&format!("; {} is missing beside it: fetch all of them", part.display()))
            }
            error => error,
        })?;
        if self::place(&header, &map) != Some(Place { number, of }) {
            return Err(Error::format(
                &part,
                format!("expected file {} of {of} of a model, found another", number + 1),
            ));
        }
        maps.push(map);
        match &mut whole {
            None => whole = Some(header),
            Some(whole) => {
                whole.absorb(header, number as usize).map_err(|problem| Error::format(&part, problem))?;
            }
        }
    }
    let Some(header) = whole else { return Err(problem("")) };
    let expected = header.entry("split.tensors.count").and_then(|entry| entry.integer(&maps[0]));
    if expected.is_some_and(|expected| expected != header.tensors.len() as i128) {
        let found = header.tensors.len();
        return Err(problem(&format!(
            ", which together hold {found} tensors; expected {}",
            expected.unwrap_or_default()
        )));
    }
    let path = path.with_file_name(name(&stem, Place { number: 0, of }));
    Ok(Whole { path, maps, header })
}

/// What the names of all files of a model begin with.
fn stem(path: &Path, place: Place) -> Option<PathBuf> {
    let own = path.file_name()?.to_str()?;
    own.strip_suffix(&ending(place)).map(PathBuf::from)
}

fn name(stem: &Path, place: Place) -> String {
    format!("{}{}", stem.display(), ending(place))
}

/// `-00001-of-00003.gguf`
fn ending(Place { number, of }: Place) -> String {
    format!("-{:05}-of-{of:05}.gguf", number + 1)
}

/// Whether a file is one of a model's, but not the first, by its name.
pub fn is_later(name: &str) -> bool {
    let number = |text: &str| (text.len() == 5).then(|| text.parse::<u32>().ok()).flatten();
    let pieces = name.strip_suffix(".gguf").and_then(|name| name.rsplit_once("-of-"));
    let number = pieces.and_then(|(name, of)| number(of).and_then(|_| number(name.rsplit_once('-')?.1)));
    number.is_some_and(|number| number > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gguf::Gguf;
    use crate::gguf::fixture::{bytes, tensor};
    use candle_core::quantized::GgmlDType::F32;
    use candle_core::quantized::gguf_file::Value;
    use std::fs;

    /// A model in three files, of which the first has no tensor.
    fn written(folder: &Path) -> Vec<PathBuf> {
        let tensors =
            [vec![], vec![("a", tensor(&[2, 3], F32))], vec![("b", tensor(&[4], F32)), ("c", tensor(&[1], F32))]];
        let file = |(number, tensors): (usize, &Vec<_>)| {
            let path = folder.join(format!("tiny-{:05}-of-00003.gguf", number + 1));
            let metadata = [
                ("split.no", Value::U16(number as u16)),
                ("split.count", Value::U16(3)),
                ("split.tensors.count", Value::I32(3)),
                ("general.name", Value::String(format!("file {number}"))),
            ];
            fs::write(&path, bytes(&metadata, tensors)).unwrap();
            path
        };
        tensors.iter().enumerate().map(file).collect()
    }

    #[test]
    fn all_files_of_a_model_are_one_whichever_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let files = written(folder.path());
        for file in &files {
            let gguf = Gguf::open(file).unwrap();
            assert_eq!((gguf.path(), gguf.str("general.name").unwrap()), (files[0].as_path(), "file 0"));
            let names: Vec<&str> = gguf.tensors().iter().map(|tensor| tensor.name.as_str()).collect();
            assert_eq!(names, ["a", "b", "c"]);
            let (mut a, mut b) = ([0.0; 6], [0.0; 4]);
            gguf.dequantise("a", &mut a).unwrap();
            gguf.dequantise("b", &mut b).unwrap();
            assert_eq!((a[..4] == b, a[1] != 0.0), (true, true), "the same beginning of the same series");
        }
    }

    #[test]
    fn a_file_that_is_missing_or_of_another_model_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let files = written(folder.path());
        let refusal = || Gguf::open(&files[0]).unwrap_err().to_string();
        let second = fs::read(&files[1]).unwrap();
        fs::copy(&files[2], &files[1]).unwrap();
        assert!(refusal().contains("expected file 2 of 3 of a model, found another"), "{}", refusal());
        fs::remove_file(&files[1]).unwrap();
        assert!(refusal().contains("tiny-00002-of-00003.gguf is missing beside it"), "{}", refusal());
        fs::write(&files[1], second).unwrap();
        let renamed = folder.path().join("model.gguf");
        fs::rename(&files[0], &renamed).unwrap();
        let refusal = Gguf::open(&renamed).unwrap_err().to_string();
        assert!(refusal.contains("is file 1 of 3 of a model, but is not named so"), "{refusal}");
    }

    #[test]
    fn later_files_are_known_by_their_names() {
        let names = ["a-00002-of-00003.gguf", "a-00001-of-00003.gguf", "a.gguf", "a-2-of-3.gguf"];
        assert_eq!(names.map(is_later), [true, false, false, false]);
    }
}
