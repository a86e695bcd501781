//! Going on with a study that was interrupted.

use super::{StudyReader, StudyWriter};
use crate::record::file::{Error, Result};
use crate::record::study::{Arm, Event, Header, Study};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

impl StudyWriter {
    /// Opens the file at `path` again to go on with its study, and returns what is in it. A last line that was cut off
    /// is dropped; arms of `arms` that come after those of the file are written to it.
    ///
    /// # Errors
    /// [`Error::Another`] if the study in it is of another kind, model, machine or version, or its arms are not the
    /// first ones of `arms`; those of [`StudyReader`]; [`Error::Io`], also where there is no such file.
    pub fn append(path: &Path, header: &Header, arms: &[Arm]) -> Result<(Self, Study)> {
        let mut reader = StudyReader::open(path)?;
        let mut study = Study::default();
        reader.by_ref().try_for_each(|event| event.map(|event| study.apply(event)))?;
        if let Some(differs) = differs(&study, header, arms) {
            return Err(Error::Another { path: path.to_owned(), differs });
        }
        let file = reopened(path, reader.lines.complete());
        let file = file.map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let mut writer = Self { path: path.to_owned(), file, line: Vec::new() };
        for arm in arms.iter().skip(study.arms.len()) {
            let event = Event::Arm(Box::new(arm.clone()));
            writer.write(&event)?;
            study.apply(event);
        }
        // It goes on.
        study.status = None;
        Ok((writer, study))
    }
}

/// The file, to be written on after its first `complete` bytes, which end a line.
fn reopened(path: &Path, complete: u64) -> io::Result<File> {
    let mut file = File::options().read(true).write(true).open(path)?;
    file.set_len(complete)?;
    file.seek(SeekFrom::Start(complete.saturating_sub(1)))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

/// In what the study of a file is another than the one that is asked for, of this header and these arms.
fn differs(study: &Study, new: &Header, new_arms: &[Arm]) -> Option<String> {
    let (old, old_arms) = (&study.header, &study.arms);
    let text = |header: &Header| {
        header.text.as_ref().map_or("no text".to_owned(), |text| format!("{} ({} tokens)", text.name, text.tokens))
    };
    let shape = |header: &Header| {
        let model = &header.model;
        let [blocks, d, vocabulary] = [model.n_layers, model.d_model, model.d_vocab];
        format!("{}, {blocks} blocks, d_model {d}, {vocabulary} tokens, {}", model.name, model.weight_bytes)
    };
    let headers: [(&str, String, String); 7] = [
        ("kind", old.kind.words(), new.kind.words()),
        ("model", shape(old), shape(new)),
        ("device", old.device.clone(), new.device.clone()),
        ("machine", old.machine.clone(), new.machine.clone()),
        ("LibTorch", old.libtorch.clone(), new.libtorch.clone()),
        ("Blockscope", old.blockscope.clone(), new.blockscope.clone()),
        ("text", text(old), text(new)),
    ];
    if let Some((what, old, new)) = headers.into_iter().find(|(_, old, new)| old != new) {
        return Some(format!("its {what} is {old}, not {new}"));
    }
    if old_arms.len() > new_arms.len() {
        return Some(format!("it has {} arms, not {}", old_arms.len(), new_arms.len()));
    }
    old_arms.iter().zip(new_arms).enumerate().find_map(|(number, (old, new))| {
        let names = old.toggles.iter().chain(&new.toggles).map(|(name, _)| name.as_str());
        let differing = ["prompt_tokens", "new_tokens"].into_iter().chain(names).find_map(|name| {
            let [old, new] = [old, new].map(|arm| arm.setting(name).unwrap_or_else(|| "not there".to_owned()));
            (old != new).then(|| format!("{name} is {old}, not {new}"))
        })?;
        Some(format!("in its arm {} ({}) {differing}", number + 1, old.name))
    })
}
