//! `blockscope run`: the terminal interface on a model.

use super::args::ModelArgs;
use super::failure::Result;
use super::view::open_interface;
use clap::ColorChoice;

/// Open the terminal interface on a model
#[derive(Debug, clap::Args, Default)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    /// The text to begin with
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: Option<String>,
}

pub fn run(args: Args, colours: ColorChoice) -> Result {
    let toggles = args.model.toggles()?;
    open_interface(args.model.named(), toggles, args.prompt, None, colours)
}
