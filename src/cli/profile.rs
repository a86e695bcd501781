//! `blockscope profile`: times a model, whole and part by part.

use super::args::{ModelArgs, OutArgs, from_argument};
use super::failure::Result;
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use super::peaks;
use super::recording::{self, Recorded};
use crate::measure::{Prompt, Request, Session};
use crate::record::baseline::{self, Name};
use crate::record::{Event, PassStart, Phase, Run, Watched};
use crate::report::layout::{Detail, Rows};
use crate::report::{json, table};

/// Time a model without the interface: a table on standard output, or JSON
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    /// Length of the prompt, made of the same tokens every time
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    prompt_tokens: u32,

    /// A text as the prompt; - reads it from standard input, without one line end at its end
    #[arg(long, value_name = "TEXT", conflicts_with = "prompt_tokens", allow_hyphen_values = true)]
    prompt: Option<String>,

    /// Tokens to generate
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    new_tokens: u32,

    /// Measured repetitions: N whose parts are timed, N of the whole alone, in turn; 1 is a single timed one,
    /// or with --trace one of each
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeats: u32,

    /// Record every operator and allocation of the timed repeats
    ///
    /// What was reached is held against what this machine can do at most. Where that was not measured yet for
    /// this number of threads, it is measured first and kept, as doctor does.
    #[arg(long)]
    trace: bool,

    /// With --trace: do not measure what the machine can do at most: percentages of it are missing if that was not done before
    #[arg(long, requires = "trace")]
    no_peaks: bool,

    /// With --trace: below each part, the operators that it called
    #[arg(long, requires = "trace", conflicts_with = "json")]
    operators: bool,

    /// A row for each block
    #[arg(long, conflicts_with_all = ["parts", "json"])]
    blocks: bool,

    /// A row for every part of every block
    #[arg(long, conflicts_with = "json")]
    parts: bool,

    /// Print one JSON object in place of the table
    #[arg(long)]
    json: bool,

    /// Keep the run under this name, in place of the one that had it: compare --baseline NAME holds another against it
    #[arg(long, value_name = "NAME")]
    save_baseline: Option<Name>,

    #[command(flatten)]
    out: OutArgs,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let request = args.request()?;
    recording::check_out(&args.out)?;
    let interrupt = Interrupt::listen()?;
    let mut session = loading::open(&args.model, &interrupt, out)?;
    session.prompt_ids(&request.prompt)?;
    if args.trace && !args.no_peaks {
        know_peaks(&mut session, &interrupt, out)?;
    }

    let mut watch = |_: &Run, event: &Event| {
        // Once a pass, between what is timed: a line on the screen disturbs nothing.
        if let Event::PassStart(start) = event {
            out.progress(&progress(start, &request));
        }
        Ok(())
    };
    let recorded = recording::record(&session, &request, &args.out, &interrupt, &mut watch);
    out.progress("");
    let Recorded { run, ending } = recorded?;

    if args.json {
        out.json(json::profile(&run))?;
    } else if run.ttft().is_some() || run.wall(None).is_some() {
        out.report(&table::profile(&run, args.rows(), out.width()))?;
    } else {
        out.note("ended before anything was measured");
    }
    ending?;
    args.save_baseline.as_ref().map_or(Ok(()), |name| save(name, &run, out))
}

/// Keeps a run that has ended well as a baseline, and says where.
fn save(name: &Name, run: &Run, out: &mut Output) -> Result {
    let (path, replaces) = baseline::keep(name, run)?;
    let before = if replaces { ", in place of the one before" } else { "" };
    out.note(&format!(
        "baseline '{name}' in {}{before}; compare --baseline {name} holds another run against it",
        path.display()
    ));
    Ok(())
}

/// Measures what the machine can do at most under the conditions of this session, unless that is known.
///
/// # Errors
/// Ctrl-C ended it.
fn know_peaks(session: &mut Session, interrupt: &Interrupt, out: &mut Output) -> Result {
    if session.peaks().is_some() {
        return Ok(());
    }
    let (device, threads) = (session.card().device, session.card().toggles.threads);
    let conditions = peaks::conditions(&device.to_string(), threads);
    out.note(&format!(
        "measuring what this machine can do at most ({conditions}): some seconds, once; --no-peaks leaves it out"
    ));
    match peaks::measure(device, threads, interrupt, out)? {
        Ok(peaks) => session.learn_peaks(&peaks),
        Err(problem) => out.warning(&format!("no roofs: {problem}")),
    }
    Ok(())
}

impl Args {
    fn request(&self) -> Result<Request> {
        Ok(Request {
            prompt: match &self.prompt {
                Some(text) => Prompt::Text(from_argument(text)?),
                None => Prompt::Synthetic(self.prompt_tokens),
            },
            new_tokens: self.new_tokens,
            // A timing that depends on what the model happens to say cannot be compared.
            stop: false,
            repeats: self.repeats,
            watched: if self.trace { Watched::Operators } else { Watched::Parts },
            ..Request::default()
        })
    }

    fn rows(&self) -> Rows {
        let detail = match (self.blocks, self.parts) {
            (_, true) => Detail::Parts,
            (true, false) => Detail::Blocks,
            (false, false) => Detail::Summed,
        };
        Rows { detail, operators: self.operators }
    }
}

/// `repeat 2/6 · decode 12/31`
fn progress(start: &PassStart, request: &Request) -> String {
    let all = request.pairs().map_or(1, |pairs| 2 * pairs);
    let repeat = format!("repeat {}/{all}", start.repeat + 1);
    match start.phase {
        Phase::Prefill => format!("{repeat} · prefill {} tokens", start.n_new),
        Phase::Decode => format!("{repeat} · decode {}/{}", start.step + 1, request.new_tokens.saturating_sub(1)),
    }
}
