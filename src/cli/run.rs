//! `blockscope run`: the terminal interface on a model.

use super::args::ModelArgs;
use super::failure::Result;
use super::interface::{open, startup};
use crate::engine::Device;
use crate::engine::source::check_path;
use crate::measure::Prompt;
use crate::tui::{self, Begin, Startup};
use clap::ColorChoice;

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
    check_path(args.model.named())?;
    args.model.device().open()?;
    open(of(args, colours)?)
}

/// Draws what [`run`] will show first. A GPU may refuse, so nothing is drawn before it was opened; the same for a path.
pub fn announce(args: &Args, colours: ColorChoice) {
    if args.model.device() == Device::Cpu
        && check_path(args.model.named()).is_ok()
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
