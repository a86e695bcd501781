//! The command line: one file a subcommand.
//!
//! Results go to standard output, everything said beside them to standard error. Exit codes: 0 done,
//! 1 the work failed, 2 wrong usage, 3 a gate of `compare` was not reached; 130, 143 and 129 ended by Ctrl-C, by
//! SIGTERM and with its terminal (the interface, which gives back the terminal and has nothing to lose, ends with 0).

mod ablate;
mod args;
mod bench;
mod capture;
mod compare;
mod completions;
mod doctor;
mod explore;
mod export;
mod failure;
mod generate;
mod implied;
mod inspect;
mod interface;
mod interrupt;
mod learn;
mod loading;
mod man;
mod output;
mod panics;
mod peaks;
mod profile;
mod progress;
mod recording;
mod run;
mod studying;
mod sweep;
mod tokenize;
mod view;

use crate::text::shown;
use clap::{ColorChoice, CommandFactory, Parser, Subcommand};
use failure::Failure;
use output::Output;
pub use panics::report_panics;
use std::ffi::OsString;
use std::io::{self, Write};

/// Shows a transformer at work, block by block: what each part computes, what it costs, and what every
/// optimisation really buys.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = MODEL_HELP)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Learn(learn::Args),
    Generate(generate::Args),
    Profile(profile::Args),
    Bench(bench::Args),
    Compare(compare::Args),
    Sweep(sweep::Args),
    Explore(explore::Args),
    Ablate(ablate::Args),
    Capture(capture::Args),
    Tokenize(tokenize::Args),
    Inspect(inspect::Args),
    View(view::Args),
    Export(export::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
    Man(man::Args),
}

const MODEL_HELP: &str = "\
MODEL is a folder in Hugging Face layout, a .gguf file, smollm2 (the default), or random:PRESET or
random:path/to/config.json (the shapes only, with seeded weights). Without a command it is `blockscope run`:
`blockscope ./file.gguf`, `blockscope --prompt hi`, `blockscope --set weights=int4`.";

impl Cli {
    /// Reads the command line. Where it begins with a model, or with an option of `run`, it stands for `run`.
    ///
    /// # Errors
    /// What is wrong with it, or the help that was asked for.
    pub fn read(mut words: Vec<OsString>) -> Result<Self, clap::Error> {
        if let Some(at) = implied::run_at(&words, &Cli::command()) {
            words.insert(at, "run".into());
        }
        Cli::try_parse_from(&words).map_err(|error| implied::explained(error, &words))
    }
}

/// Draws the first frame if the interface was asked for, without anything that computes.
pub fn announce(cli: Cli) {
    match cli.command.unwrap_or_else(|| Command::Run(run::Args::default())) {
        Command::Run(args) => run::announce(&args, cli.color),
        Command::Learn(args) => learn::announce(&args, cli.color),
        _ => {}
    }
}

/// Does what was asked for, and returns the exit code.
pub fn run(cli: Cli) -> u8 {
    let mut out = Output::new(cli.color);
    let done = match cli.command.unwrap_or_else(|| Command::Run(run::Args::default())) {
        Command::Run(args) => run::run(&args, cli.color),
        Command::Learn(args) => learn::run(&args, cli.color, &mut out),
        Command::Generate(args) => generate::run(&args, &mut out),
        Command::Profile(args) => profile::run(&args, &mut out),
        Command::Bench(args) => bench::run(&args, &mut out),
        Command::Compare(args) => compare::run(&args, &mut out),
        Command::Sweep(args) => sweep::run(&args, &mut out),
        Command::Explore(args) => explore::run(&args, &mut out),
        Command::Ablate(args) => ablate::run(&args, &mut out),
        Command::Capture(args) => capture::run(&args, &mut out),
        Command::Tokenize(args) => tokenize::run(&args, &mut out),
        Command::Inspect(args) => inspect::run(&args, &mut out),
        Command::View(args) => view::run(&args, cli.color, &mut out),
        Command::Export(args) => export::run(&args, &mut out),
        Command::Doctor(args) => doctor::run(&args, &mut out),
        Command::Completions(args) => completions::run(&args, Cli::command(), &mut out),
        Command::Man(args) => man::run(&args, Cli::command(), &mut out),
    };
    let flushed = out.flush();
    let done = done.and(flushed);
    if let Err(failure) = &done
        && let Some(message) = failure.message()
    {
        out.error(&message);
    }
    // With the terminal goes whoever could read it.
    match done {
        Err(Failure::Interrupted(libc::SIGINT)) => out.note("ended by Ctrl-C"),
        Err(Failure::Interrupted(libc::SIGTERM)) => out.note("ended by SIGTERM"),
        _ => {}
    }
    done.err().map_or(0, |failure: Failure| failure.code())
}

/// Says what is wrong with the command line, or the help that was asked for; returns the exit code. What was given as an
/// argument is repeated there: it is neutralised and cut like everything foreign.
pub fn explain(error: &clap::Error) -> u8 {
    let plain = error.render().to_string();
    let safe = shown::bounded(&shown::prose(&plain)).into_owned();
    // Help is as long as it is, and goes to standard output.
    let is_harmless = !error.use_stderr() || safe == plain;
    let _ = if is_harmless { error.print() } else { write!(io::stderr(), "{safe}") };
    error.exit_code() as u8
}
