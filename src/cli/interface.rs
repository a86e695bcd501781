//! Opens the terminal interface, whatever command asked for it.

use super::failure::{Failure, Result};
use super::progress;
use crate::engine::source::cached_models;
use crate::record::{Run, Study, file, study};
use crate::tui::{self, Begin, CachedModel, Startup};
use clap::ColorChoice;
use std::io;
use std::path::Path;

/// What the interface begins with, unless more was asked for.
pub fn startup(begin: Begin, colours: ColorChoice) -> Startup {
    let cached = cached_models().into_iter();
    Startup {
        begin,
        toggles: Default::default(),
        device: Default::default(),
        prompt: None,
        new_tokens: None,
        run_at_once: false,
        color: match colours {
            ColorChoice::Auto => tui::ColorChoice::Auto,
            ColorChoice::Always => tui::ColorChoice::Always,
            ColorChoice::Never => tui::ColorChoice::Never,
        },
        cached: cached.map(|(name, path)| CachedModel { name, source: path.to_string_lossy().into_owned() }).collect(),
        save: Box::new(save),
        save_study: Box::new(save_study),
        lessons: None,
        progress: progress::progress(),
        keep: Box::new(progress::keep),
    }
}

/// Opens the interface until the user leaves it.
pub fn open(startup: Startup) -> Result {
    tui::run(startup).map_err(|error| Failure::Failed(error.to_string()))
}

/// Saves a run; the interface looks for another name where there is such a file already.
fn save(run: &Run, path: &Path) -> io::Result<()> {
    file::write_run(path, run).map_err(plainly)
}

/// Saves a study, in the same way.
fn save_study(study: &Study, path: &Path) -> io::Result<()> {
    study::file::write_study(path, study, file::Existing::Keep).map_err(plainly)
}

/// An error of a file as the interface understands it: one that exists is another name away.
fn plainly(error: file::Error) -> io::Error {
    match error {
        file::Error::Io { source, .. } => source,
        file::Error::Exists { .. } => io::ErrorKind::AlreadyExists.into(),
        other => io::Error::other(other),
    }
}
