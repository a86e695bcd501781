//! `blockscope capture`: what a model made of a text, as a safetensors file.

use super::args::{ModelArgs, PositionsArg, TextArgs, check_free};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use crate::engine;
use crate::interpret::explore::LensRequest;
use crate::interpret::{Capture, Hooks};
use crate::measure::Session;
use crate::units::Bytes;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Save what can be looked at of a text, to be opened again without the model; or activations by hook name, for Python
///
/// Without --hooks the file has everything that the Heads and Lens screens show: queries, keys, values and log-sum-exp
/// of every head, the residual stream, the scores of all heads, the lens, and who wrote the likeliest tokens.
/// blockscope view opens it, blockscope export draws it. With --hooks it has what these names say, * for any piece of
/// one: 'blocks.*.attn.hook_pattern,logits'. Names are TransformerLens's, tensors have a leading batch dimension, and
/// input_ids lies beside them.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    #[command(flatten)]
    prompt: TextArgs,

    /// Activations alone: names with * in them, separated by commas
    #[arg(long, value_name = "GLOB,…")]
    hooks: Option<String>,

    /// Where the lens is read, and who wrote the likeliest token: all, none, a position, or 0..16
    #[arg(long, value_name = "POSITIONS", default_value = "all", value_parser = PositionsArg::parse, conflicts_with = "hooks")]
    lens: PositionsArg,

    /// Likeliest tokens of each cell of the lens
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100), conflicts_with = "hooks")]
    top: u32,

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
    let hooks = args.hooks.as_ref().map(|hooks| Hooks::parse(hooks)).transpose();
    let hooks = hooks.map_err(|error| Failure::Usage(error.to_string()))?;
    let prompt = args.prompt.prompt()?;
    check_free(&args.out, args.force)?;
    let interrupt = Interrupt::listen()?;
    let session = loading::open(&args.model, &interrupt, out)?;
    let ids = session.prompt_ids(&prompt)?;
    match hooks {
        Some(hooks) => activations(args, &session, &ids, &hooks, &interrupt, out),
        None => all(args, &session, &ids, &interrupt, out),
    }
}

/// Everything that can be looked at.
fn all(args: &Args, session: &Session, ids: &[u32], interrupt: &Interrupt, out: &mut Output) -> Result {
    let lens = args.lens.of(ids.len())?;
    let seen = session.captured(
        ids,
        LensRequest { positions: lens, top: args.top as usize },
        interrupt.control(),
        &mut |how_far| out.progress(how_far),
    );
    out.progress("");
    let seen = match seen {
        Err(engine::Error::Cancelled) => return interrupt.check(),
        seen => seen?,
    };
    seen.write(&args.out)?;
    let heads = seen.metadata.heads.len();
    let positions = seen.lens.as_ref().map_or(0..0, |lens| lens.positions());
    let size = std::fs::metadata(&args.out).map_or(0, |about| about.len());
    if args.json {
        return out.json(json!({
            "out": args.out.display().to_string(), "tokens": ids.len(), "heads": heads, "bytes": size,
            "lens": { "first": positions.start, "positions": positions.len() },
        }));
    }
    out.line(&format!("{} tokens, {heads} heads, the lens at {} positions", ids.len(), positions.len()))?;
    out.note(&format!("{} in {}; blockscope view opens it", Bytes(size), args.out.display()));
    Ok(())
}

/// Activations by hook name.
fn activations(
    args: &Args,
    session: &Session,
    ids: &[u32],
    hooks: &Hooks,
    interrupt: &Interrupt,
    out: &mut Output,
) -> Result {
    let capture = match session.capture(ids, hooks, interrupt.control()) {
        Err(engine::Error::Cancelled) => return interrupt.check(),
        capture => capture?,
    };
    capture.write(&args.out)?;
    if capture.was_made_eager {
        out.note("attention was computed eagerly in this pass: the fused kernel never makes its matrices");
    }
    if args.json {
        return out.json(description(&capture, &args.out));
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
    let tensor = |(name, tensor): (&String, &crate::interpret::capture::CapturedTensor)| json!({ "name": name, "dtype": kind(tensor.is_ids), "shape": tensor.shape });
    json!({ "out": path.display().to_string(), "tensors": capture.tensors.iter().map(tensor).collect::<Vec<_>>() })
}

fn kind(is_ids: bool) -> &'static str {
    if is_ids { "I64" } else { "F32" }
}
