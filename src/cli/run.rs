//! `blockscope run`: the terminal interface on a model.

use super::args::ModelArgs;
use super::failure::{Failure, Result};
use super::learn;
use crate::measure::Prompt;
use crate::model::Device;
use crate::model::source::cached_models;
use crate::record::{Run, Study, file, study};
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
    // Before the screen is taken: what refuses, or warns on standard error, does it where it can be read.
    args.model.device().open()?;
    open(of(args, colours)?)
}

/// Draws what [`run`] will show first. A GPU may refuse, so nothing is drawn before it was opened.
pub fn announce(args: &Args, colours: ColorChoice) {
    if args.model.device() == Device::Cpu
        && let Ok(startup) = of(args, colours)
    {
        tui::announce(&startup);
    }
}

/// What the interface begins with, as it was asked for.
fn of(args: &Args, colours: ColorChoice) -> Result<Startup> {
    let prompt = args.prompt.clone().map(|text| if args.chat { Prompt::Chat(text) } else { Prompt::Text(text) });
    Ok(Startup {
        toggles: args.model.toggles()?,
        device: args.model.device(),
        prompt,
        new_tokens: args.max_new,
        run_at_once: !args.wait,
        ..startup(Begin::Model(args.model.named().to_owned()), colours)
    })
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
        lessons: None,
        progress: learn::progress(),
        keep: Box::new(learn::keep),
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
