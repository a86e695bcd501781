//! `blockscope compare`: what one configuration takes in place of another, with honest uncertainty.

mod plan;

use super::args::{OutArgs, RoundsArg, check_toggles};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use super::studying::{self, Studied};
use crate::analyse::comparison::{Comparison, of_runs};
use crate::analyse::gate::{Gate, failures};
use crate::arch::Toggle;
use crate::engine::Device;
use crate::measure::{Plan, Session};
use crate::record::file::{self, Content};
use crate::record::study::{self, Study, StudyKind};
use crate::report;
use crate::report::layout::Detail;
use clap::builder::NonEmptyStringValueParser;
use std::path::{Path, PathBuf};

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
    named: Vec<String>,

    /// Toggles of the baseline, on top of --set
    #[arg(long, value_name = "NAME=VALUE,…", value_parser = check_toggles)]
    a: Option<String>,

    /// Toggles of what is held against it, on top of --set; may be given again
    #[arg(long, value_name = "NAME=VALUE,…", value_parser = check_toggles, conflicts_with = "all")]
    b: Vec<String>,

    /// Every value of a toggle against its present one
    #[arg(long, value_name = "TOGGLE", value_parser = toggle)]
    all: Option<Toggle>,

    /// Toggles of all, such as weights=bf16,threads=2; may be given again
    #[arg(long = "set", value_name = "NAME=VALUE,…", value_parser = check_toggles)]
    set: Vec<String>,

    /// Where to compute: cpu, cuda, or cuda:N for GPU number N
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: Device,

    /// Length of the prompt, made of the same tokens every time [default: 128]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    prompt_tokens: Option<u32>,

    /// Tokens to generate [default: 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    new_tokens: Option<u32>,

    /// Rounds to make, or a range: until the intervals are narrow [default: 6..24, with many blocks or candidates more]
    #[arg(long, value_name = "N | N..M", value_parser = RoundsArg::parse)]
    rounds: Option<RoundsArg>,

    /// Do not time the parts: only the whole
    #[arg(long)]
    no_parts: bool,

    /// Do not measure how far the predictions are from those of the f32, eager, uncached model
    #[arg(long)]
    no_quality: bool,

    /// A text to measure that on, in place of the one that comes with Blockscope
    #[arg(long, value_name = "FILE", conflicts_with = "no_quality")]
    text: Option<PathBuf>,

    /// What must be reached, as decode.tpot_ratio<=1.05,quality.kl_mean<=0.01; else the exit code is 3
    #[arg(long, value_name = "FIGURE<=NUMBER,…", value_parser = gates)]
    gate: Vec<Gates>,

    /// Print one JSON object in place of the table
    #[arg(long, conflicts_with = "markdown")]
    json: bool,

    /// Print Markdown, as for a pull request
    #[arg(long)]
    markdown: bool,

    #[command(flatten)]
    out: OutArgs,
}

/// Gates of one flag.
#[derive(Debug, Clone)]
struct Gates(Vec<Gate>);

fn gates(list: &str) -> std::result::Result<Gates, String> {
    Gate::list(list).map(Gates).map_err(|error| error.to_string())
}

fn toggle(name: &str) -> std::result::Result<Toggle, String> {
    let names = || Toggle::ALL.iter().map(|toggle| toggle.name()).collect::<Vec<_>>().join(", ");
    let toggle = Toggle::ALL.into_iter().find(|toggle| toggle.name() == name);
    toggle.ok_or_else(|| format!("there is no toggle '{name}'; there are {}", names()))
}

/// What there is to compare.
enum What {
    /// Something that is measured first.
    Measured(String),
    Runs(PathBuf, PathBuf),
    Study(PathBuf),
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let Studied { study, ending } = match args.what()? {
        What::Measured(model) => measure(&model, args, out)?,
        What::Runs(baseline, candidate) => {
            let (study, warnings) = of_runs(&file::read(&baseline)?, &file::read(&candidate)?)?;
            warnings.iter().for_each(|warning| out.warning(warning));
            Studied { study, ending: Ok(()) }
        }
        What::Study(path) => Studied { study: study::file::read(&path)?, ending: Ok(()) },
    };
    print(&study, args, out)?;
    ending?;
    check(&study, args, out)
}

/// Measures the configurations that the flags name.
fn measure(model: &str, args: &Args, out: &mut Output) -> Result<Studied> {
    let plan = args.plan()?;
    studying::check_out(&args.out)?;
    let interrupt = Interrupt::listen()?;
    let session = loading::open_on(args.device, model, &plan.arms[0].toggles, &interrupt, out)?;
    if plan.kind == StudyKind::Compare {
        check_arms(&session, &plan)?;
    }
    studying::study(&session, &plan, &args.out, &interrupt, out)
}

/// Refuses a comparison with a configuration that cannot be: that is wrong usage, and nothing has been measured.
fn check_arms(session: &Session, plan: &Plan) -> Result {
    let card = session.card();
    plan.arms.iter().try_for_each(|arm| {
        arm.toggles.check(&card.model)?;
        Ok(card.device.check(&arm.toggles)?)
    })
}

/// Holds every candidate against the gates.
///
/// # Errors
/// [`Failure::Gate`] after a sentence for each that failed.
fn check(study: &Study, args: &Args, out: &mut Output) -> Result {
    let gates: Vec<Gate> = args.gate.iter().flat_map(|gates| gates.0.clone()).collect();
    let candidates = (0..).zip(&study.arms).skip(1);
    let (mut failed, mut measured) = (false, 0);
    let many = study.arms.len() > 2;
    for (number, arm) in candidates.filter(|_| !gates.is_empty()) {
        if let Some(why) = arm.refused.as_ref().filter(|_| many) {
            // Of every value of a toggle some cannot be had: that is no failure of the others.
            out.note(&format!("{}: no gate applies: {why}", arm.name));
            continue;
        }
        measured += 1;
        let problems = match Comparison::of(study, 0, number) {
            Some(comparison) if arm.refused.is_none() => failures(&gates, &comparison),
            _ => vec!["it was not measured, so no gate is reached".to_owned()],
        };
        failed |= !problems.is_empty();
        for problem in problems {
            let whose = if many { format!("{}: ", arm.name) } else { String::new() };
            out.error(&format!("{whose}{problem}"));
        }
    }
    if measured == 0 && !gates.is_empty() {
        out.error("nothing was measured, so no gate is reached");
        failed = true;
    }
    if failed { Err(Failure::Gate) } else { Ok(()) }
}

fn print(study: &Study, args: &Args, out: &mut Output) -> Result {
    if args.json {
        return out.json(report::study::json::study(study));
    }
    if study.samples.is_empty() {
        out.note("ended before anything was measured");
        return Ok(());
    }
    match args.markdown {
        true => out.line(report::study::markdown(study).trim_end()),
        false => out.report(&report::study::report(study, Detail::Summed, out.width())),
    }
}

impl Args {
    /// What the names and flags mean together.
    fn what(&self) -> Result<What> {
        let content = |name: &String| {
            let path = Path::new(name);
            if path.is_file() { studying::content(path) } else { Ok(Content::Other) }
        };
        let contents = self.named.iter().map(content).collect::<Result<Vec<_>>>()?;
        let saved = match (&self.named[..], &contents[..]) {
            ([one, other], [Content::Run, Content::Run]) => What::Runs(one.into(), other.into()),
            ([study], [Content::Study]) => What::Study(study.into()),
            ([run], [Content::Run]) => {
                return Err(Failure::Usage(format!("{run} is one run: name another to compare it with")));
            }
            ([_, _], _) => {
                let problem = "two names are those of two run files, as profile --out writes them";
                let not = self.named.iter().zip(&contents).find(|(_, content)| **content != Content::Run);
                let not = not.map_or(String::new(), |(name, content)| match content {
                    Content::Study => format!(", and {name} is a study"),
                    _ if !Path::new(name).exists() => format!(", and there is no {name}"),
                    _ => format!(", and {name} is none"),
                });
                return Err(Failure::Usage(format!("{problem}{not}")));
            }
            (named, _) => return Ok(What::Measured(named.first().cloned().unwrap_or_default())),
        };
        match self.measures() {
            Some(flag) => Err(Failure::Usage(format!("{flag} is for measuring; what is in a file has been measured"))),
            None => Ok(saved),
        }
    }

    /// A flag that only makes sense where something is measured.
    fn measures(&self) -> Option<&'static str> {
        let flags = [
            ("--a", self.a.is_some()),
            ("--b", !self.b.is_empty()),
            ("--all", self.all.is_some()),
            ("--set", !self.set.is_empty()),
            ("--device", self.device != Device::default()),
            ("--prompt-tokens", self.prompt_tokens.is_some()),
            ("--new-tokens", self.new_tokens.is_some()),
            ("--rounds", self.rounds.is_some()),
            ("--no-parts", self.no_parts),
            ("--no-quality", self.no_quality),
            ("--text", self.text.is_some()),
            ("--out", self.out.out.is_some()),
        ];
        flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }
}
