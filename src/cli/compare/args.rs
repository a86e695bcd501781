//! What can be asked of a comparison.

use crate::analyse::gate::Gate;
use crate::arch::Toggle;
use crate::cli::args::{OutArgs, RoundsArg, check_toggles};
use crate::engine::Device;
use crate::record::baseline::Name;
use clap::builder::NonEmptyStringValueParser;
use std::path::PathBuf;

/// Compare configurations of a model, measured side by side; or two saved runs
///
/// Every round executes all of them and the baseline twice, in random order: how far it is from itself is the noise
/// floor. Rounds go on until the intervals are narrow. `compare MODEL --a kv_cache=off --b kv_cache=on` compares two,
/// `--b` given again or `--all weights` many; `compare RUN1 RUN2` what profile --out wrote; `compare STUDY` prints what
/// compare --out wrote.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A model [default: smollm2], or two run files, or a study file
    #[arg(value_name = "MODEL | FILE", num_args = 0..=2, value_parser = NonEmptyStringValueParser::new())]
    pub named: Vec<String>,

    /// Compare with the run that profile --save-baseline NAME kept: another run file, or else what is measured now, with the
    /// same prompt, tokens and repeats, on the same model with the same toggles unless MODEL or --set say otherwise
    #[arg(long, value_name = "NAME", conflicts_with_all = ["a", "b", "all", "prompt_tokens", "new_tokens", "rounds",
        "no_parts", "no_quality", "text"])]
    pub baseline: Option<Name>,

    /// Toggles of the baseline, on top of --set
    #[arg(long, value_name = "NAME=VALUE,…", value_parser = check_toggles)]
    pub a: Option<String>,

    /// Toggles of what is held against it, on top of --set; may be given again
    #[arg(long, value_name = "NAME=VALUE,…", value_parser = check_toggles, conflicts_with = "all")]
    pub b: Vec<String>,

    /// Every value of a toggle against its present one
    #[arg(long, value_name = "TOGGLE", value_parser = toggle)]
    pub all: Option<Toggle>,

    /// Toggles of all, such as weights=bf16,threads=2; may be given again
    #[arg(long = "set", value_name = "NAME=VALUE,…", value_parser = check_toggles)]
    pub set: Vec<String>,

    /// Where to compute: cpu, cuda, or cuda:N for GPU number N
    #[arg(long, value_name = "DEVICE", default_value_t)]
    pub device: Device,

    /// Length of the prompt, made of the same tokens every time [default: 128]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub prompt_tokens: Option<u32>,

    /// Tokens to generate [default: 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub new_tokens: Option<u32>,

    /// Rounds to make, or a range: until the intervals are narrow [default: 6..24, with many blocks or candidates more]
    #[arg(long, value_name = "N | N..M", value_parser = RoundsArg::parse)]
    pub rounds: Option<RoundsArg>,

    /// Do not time the parts: only the whole
    #[arg(long)]
    pub no_parts: bool,

    /// Do not measure how far the predictions are from those of the f32, eager, uncached model
    #[arg(long)]
    pub no_quality: bool,

    /// A text to measure that on, in place of the one that comes with Blockscope
    #[arg(long, value_name = "FILE", conflicts_with = "no_quality")]
    pub text: Option<PathBuf>,

    /// What must be reached, as decode.tpot_ratio<=1.05,quality.kl_mean<=0.01; else the exit code is 3
    #[arg(long, value_name = "FIGURE<=NUMBER,…", value_parser = gates)]
    pub gate: Vec<Gates>,

    /// Print one JSON object in place of the table
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,

    /// Print Markdown, as for a pull request
    #[arg(long)]
    pub markdown: bool,

    #[command(flatten)]
    pub out: OutArgs,
}

/// Gates of one flag.
#[derive(Debug, Clone)]
pub struct Gates(pub Vec<Gate>);

fn gates(list: &str) -> std::result::Result<Gates, String> {
    Gate::list(list).map(Gates).map_err(|error| error.to_string())
}

fn toggle(name: &str) -> std::result::Result<Toggle, String> {
    let names = || Toggle::ALL.iter().map(|toggle| toggle.name()).collect::<Vec<_>>().join(", ");
    let toggle = Toggle::ALL.into_iter().find(|toggle| toggle.name() == name);
    toggle.ok_or_else(|| format!("there is no toggle '{name}'; there are {}", names()))
}
