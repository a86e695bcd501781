//! `blockscope run`: the terminal interface on a model.

use super::args::ModelArgs;
use super::failure::{Failure, Result};
use crate::model::source::cached_models;
use crate::profile::Prompt;
use crate::trace::{Run, Study, file, study};
use crate::tui::{self, Begin, CachedModel, Startup};
use clap::ColorChoice;
use std::io;
use std::path::Path;

/// Open the terminal interface on a model and run it
#[derive(Debug, clap::Args, Default)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    /// The text to begin with
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: Option<String>,

    /// Put the text into the model's chat template, as a user's turn
    #[arg(long, requires = "prompt")]
    chat: bool,

    /// Most tokens to generate
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_new: Option<u32>,

    /// Load the model, but run it only when asked to
    #[arg(long)]
    wait: bool,
}

pub fn run(args: &Args, colours: ColorChoice) -> Result {
    let prompt = args.prompt.clone().map(|text| if args.chat { Prompt::Chat(text) } else { Prompt::Text(text) });
    let startup = Startup {
        prompt,
        new_tokens: args.max_new,
        run_at_once: !args.wait,
        ..startup(Begin::Model(args.model.named().to_owned()), colours)
    };
    let (toggles, device) = (args.model.toggles()?, args.model.device());
    // Before the screen is taken: what refuses, or warns on standard error, does it where it can be read.
    device.open()?;
    open(Startup { toggles, device, ..startup })
}

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
