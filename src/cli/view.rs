//! `blockscope view`: the terminal interface on a saved run.

use super::failure::Result;
use super::run::{open, startup};
use crate::trace::file;
use crate::tui::Begin;
use clap::ColorChoice;
use std::path::PathBuf;

/// Open the terminal interface on a saved run; no model is needed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run file, as profile --out or the interface wrote it
    #[arg(value_name = "RUN")]
    file: PathBuf,
}

pub fn run(args: &Args, colours: ColorChoice) -> Result {
    let run = Box::new(file::read(&args.file)?);
    open(startup(Begin::Run { run, file: args.file.display().to_string() }, colours))
}
