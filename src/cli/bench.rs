//! `blockscope bench`: rates as llama-bench measures them.

use super::args::ModelArgs;
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use crate::engine;
use crate::record::benchmark::{Benchmark, Measured, Test, Work};
use crate::report::benchmark as report;
use clap::ValueEnum;

/// Measure tokens per second as llama-bench does: prompts (pp), tokens one by one (tg), both at some depth (d)
///
/// A row for each length and depth: the mean of all repetitions ± their standard deviation. Only passes are timed, after one
/// repetition to warm up; tokens are made up and not chosen. `bench -p 512 -n 128 -d 0,4096 -r 5` gives pp512, tg128,
/// pp512 @ d4096 and tg128 @ d4096.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    /// Lengths of prompts; 0 for none
    #[arg(short = 'p', long = "n-prompt", value_name = "N,…", value_delimiter = ',', default_value = "512")]
    prompt: Vec<u32>,

    /// How many tokens to generate, one by one; 0 for none
    #[arg(short = 'n', long = "n-gen", value_name = "N,…", value_delimiter = ',', default_value = "128")]
    generate: Vec<u32>,

    /// How many tokens come before those that are timed
    #[arg(short = 'd', long = "n-depth", value_name = "N,…", value_delimiter = ',', default_value = "0")]
    depth: Vec<u32>,

    /// Repetitions of each test; one alone has no deviation
    #[arg(short, long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repetitions: u32,

    /// How the result is printed
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Md)]
    output: Format,
}

/// What the result is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table in Markdown
    Md,
    /// One JSON object
    Json,
    /// A line for each test, in bytes, nanoseconds and tokens per second
    Csv,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let tests = args.tests();
    if tests.is_empty() {
        return Err(Failure::Usage("there is nothing to measure: give a length above 0 with -p or -n".into()));
    }
    let interrupt = Interrupt::listen()?;
    let session = loading::open(&args.model, &interrupt, out)?;
    // Before the first is measured: what cannot be had is not found out after an hour.
    tests.iter().try_for_each(|&test| session.check_test(test))?;
    let mut benchmark = Benchmark { header: session.benchmark_header(), tests: Vec::new() };
    for test in tests {
        let times = session.time_test(test, args.repetitions, interrupt.control(), &mut |repetition| {
            let which = if repetition == 0 { "warm-up".into() } else { format!("{repetition}/{}", args.repetitions) };
            out.progress(&format!("{test} · {which}"));
        });
        out.progress("");
        match times {
            Err(engine::Error::Cancelled) => break,
            times => benchmark.tests.push(Measured { test, times: times? }),
        }
    }
    match args.output {
        Format::Json => out.json(report::json(&benchmark))?,
        Format::Md => out.line(report::markdown(&benchmark).trim_end())?,
        Format::Csv => out.stream(&report::csv(&benchmark))?,
    }
    interrupt.check()
}

impl Args {
    /// What is measured, in the order of llama-bench: by depth, prompts first.
    fn tests(&self) -> Vec<Test> {
        let prompts = self.prompt.iter().map(|&tokens| Work::Prompt(tokens));
        let works: Vec<Work> = prompts.chain(self.generate.iter().map(|&tokens| Work::Generation(tokens))).collect();
        let at = |depth: &u32| works.iter().map(|&work| Test { work, depth: *depth }).collect::<Vec<_>>();
        self.depth.iter().flat_map(at).filter(|test| test.tokens() > 0).collect()
    }
}
