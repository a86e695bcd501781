//! `blockscope capture`: activations by hook name, as a safetensors file.

use super::args::{ModelArgs, TurnArgs, check_free};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use crate::model;
use crate::profile::{Capture, Hooks};
use crate::units::Bytes;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Save activations by hook name, to be opened in Python
///
/// Hooks have TransformerLens's names, and * stands for any piece of one: 'blocks.*.attn.hook_pattern,logits'.
/// Every tensor has a leading batch dimension; input_ids lies beside them.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    #[command(flatten)]
    prompt: TurnArgs,

    /// What to save: names with * in them, separated by commas
    #[arg(long, value_name = "GLOB,…")]
    hooks: String,

    /// The safetensors file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Replace FILE if it is there already
    #[arg(long)]
    force: bool,

    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let hooks = Hooks::parse(&args.hooks).map_err(|error| Failure::Usage(error.to_string()))?;
    let prompt = args.prompt.prompt()?;
    check_free(&args.out, args.force)?;
    let interrupt = Interrupt::listen()?;
    let session = loading::open(&args.model, &interrupt, out)?;
    let ids = session.prompt_ids(&prompt)?;
    let capture = match session.capture(&ids, &hooks, interrupt.control()) {
        Err(model::Error::Cancelled) => return interrupt.check(),
        capture => capture?,
    };
    capture.write(&args.out)?;
    if capture.was_made_eager {
        out.note("attention was computed eagerly in this pass: the fused kernel never makes its matrices");
    }
    if args.json {
        return out.json(&description(&capture, &args.out));
    }
    for (name, tensor) in &capture.tensors {
        out.line(&format!("{name}  {}  {:?}", kind(tensor.is_ids), tensor.shape))?;
    }
    let size: usize = capture.tensors.values().map(|tensor| tensor.bytes.len()).sum();
    out.note(&format!("{} tensors, {} in {}", capture.tensors.len(), Bytes(size as u64), args.out.display()));
    Ok(())
}

/// What `--json` prints.
fn description(capture: &Capture, path: &Path) -> Value {
    let tensor = |(name, tensor): (&String, &crate::profile::capture::Kept)| json!({ "name": name, "dtype": kind(tensor.is_ids), "shape": tensor.shape });
    json!({ "out": path.display().to_string(), "tensors": capture.tensors.iter().map(tensor).collect::<Vec<_>>() })
}

fn kind(is_ids: bool) -> &'static str {
    if is_ids { "I64" } else { "F32" }
}
