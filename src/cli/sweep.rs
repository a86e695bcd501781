//! `blockscope sweep`: times a model along a setting that is a number, and says by which law they grow.

mod over;

use super::args::{ModelArgs, OutArgs, RoundsArg};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use super::studying::{self, Studied};
use crate::measure::{Plan, PlannedArm, Session};
use crate::record::Study;
use crate::record::study::StudyKind;
use crate::report;
use crate::report::layout::Detail;
use over::Over;

/// Time a model along a setting that is a number: a table with the law by which the times grow, or JSON
///
/// Where --out names a file and the command is ended by Ctrl-C, the same command goes on from that file.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    /// A setting and its values: prompt_tokens=64..2048 (doubling), 64..2048*1.5, or a list as attention=eager,fused
    ///
    /// Settings are prompt_tokens, new_tokens, context (how deep a sequence is when tokens are decoded: the length of
    /// its prompt) and every toggle. Given again, every combination is measured; the first that is a number is the axis.
    #[arg(long, value_name = "NAME=VALUES", required = true, value_parser = Over::parse)]
    over: Vec<Over>,

    /// Length of the prompt where it is not swept over, of the same tokens every time
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    prompt_tokens: u32,

    /// Tokens to generate where they are not swept over; the first comes out of the prefill
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    new_tokens: u32,

    /// Rounds to make, each of every point once, in random order, or a range: until the intervals are narrow
    #[arg(long, value_name = "N | N..M", default_value = "6..9", value_parser = RoundsArg::parse)]
    rounds: RoundsArg,

    /// Print one JSON object in place of the table
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    out: OutArgs,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let plan = args.plan()?;
    studying::check_out(&args.out)?;
    let interrupt = Interrupt::listen()?;
    let session = open(args, &plan, &interrupt, out)?;
    let Studied { study, ending } = studying::study(&session, &plan, &args.out, &interrupt, out)?;
    print(&study, args, out)?;
    ending
}

/// The model, built as the first of the arms that it can be built for; the study lists the others as refused.
///
/// # Errors
/// It cannot be loaded, or no arm can be had: then the reason of the last.
fn open(args: &Args, plan: &Plan, interrupt: &Interrupt, out: &mut Output) -> Result<Session> {
    let (device, named) = (args.model.device(), args.model.named());
    let mut opened = Err(Failure::Usage("a sweep needs a point".into()));
    for arm in &plan.arms {
        opened = loading::open_on(device, named, &arm.toggles, interrupt, out);
        if !matches!(opened, Err(Failure::Usage(_))) {
            break;
        }
    }
    opened
}

impl Args {
    fn plan(&self) -> Result<Plan> {
        let base = PlannedArm {
            name: String::new(),
            toggles: self.model.toggles()?,
            prompt_tokens: self.prompt_tokens,
            new_tokens: self.new_tokens,
        };
        let (axis, arms) = over::arms(&self.over, &base)?;
        Ok(Plan {
            kind: StudyKind::Sweep { over: axis },
            arms,
            rounds: self.rounds.rounds(),
            parts: false,
            quality: None,
            seed: 0,
        })
    }
}

/// The result so far; of one that was interrupted, how it is gone on with.
fn print(study: &Study, args: &Args, out: &mut Output) -> Result {
    if args.json {
        out.json(report::study::json::study(study))?;
    } else if study.samples.is_empty() {
        out.note("ended before anything was measured");
    } else {
        out.report(&report::study::report(study, Detail::Summed, out.width()))?;
    }
    Ok(())
}
