//! `blockscope learn`: the lessons, on the screen; or their experiments, without one.

use super::args::ModelArgs;
use super::failure::{Failure, Result};
use super::interface::{open, startup};
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use crate::engine;
use crate::engine::Device;
use crate::engine::source::check_path;
use crate::interpret::proof::{Outcome, PROOFS, Subject};
use crate::learn::lessons;
use crate::measure::Prompt;
use crate::tui::{self, Begin, LESSON_TEXT, Lessons, Startup};
use clap::ColorChoice;

/// Tokens of a prompt where there is no tokenizer for a text.
const WITHOUT_TEXT: u32 = 32;

/// Learn how a transformer works, lesson by lesson, on a real model; or prove what the lessons claim
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A lesson from 1 to 26, or all [default: all]
    #[arg(value_name = "LESSON", value_parser = lesson)]
    lesson: Option<Lessons>,

    #[command(flatten)]
    model: ModelArgs,

    /// The text that the model reads
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, default_value = LESSON_TEXT)]
    prompt: String,

    /// Without a screen: make the experiments, print a line each, end with 1 if one does not pass
    #[arg(long)]
    check: bool,
}

/// Reads `7` or `all`.
fn lesson(word: &str) -> std::result::Result<Lessons, String> {
    let number = word.parse().ok().filter(|number| (1..=lessons().len()).contains(number));
    match number {
        Some(number) => Ok(Lessons::One(number - 1)),
        None if word == "all" => Ok(Lessons::All),
        None => Err(format!("expected a number from 1 to {}, or all; a MODEL comes after it", lessons().len())),
    }
}

pub fn run(args: &Args, colours: ColorChoice, out: &mut Output) -> Result {
    if args.check {
        return check(args, out);
    }
    check_path(args.model.named())?;
    args.model.device().open()?;
    open(of(args, colours)?)
}

/// Draws what [`run`] will show first, if that is a screen.
pub fn announce(args: &Args, colours: ColorChoice) {
    if !args.check
        && args.model.device() == Device::Cpu
        && check_path(args.model.named()).is_ok()
        && let Ok(startup) = of(args, colours)
    {
        tui::announce(&startup);
    }
}

/// What the interface begins with.
fn of(args: &Args, colours: ColorChoice) -> Result<Startup> {
    Ok(Startup {
        toggles: args.model.toggles()?,
        device: args.model.device(),
        prompt: Some(Prompt::Text(args.prompt.clone())),
        lessons: Some(args.lesson.unwrap_or(Lessons::All)),
        ..startup(Begin::Model(args.model.named().to_owned()), colours)
    })
}

/// Makes the experiments of the lessons that were asked for.
fn check(args: &Args, out: &mut Output) -> Result {
    let asked = match args.lesson.unwrap_or(Lessons::All) {
        Lessons::All => 0..lessons().len(),
        Lessons::One(lesson) => lesson..lesson + 1,
    };
    let interrupt = Interrupt::listen()?;
    let session = loading::open(&args.model, &interrupt, out)?;
    let prompt = match session.tokenizer() {
        Some(_) => Prompt::Text(args.prompt.clone()),
        None => Prompt::Synthetic(WITHOUT_TEXT),
    };
    let subject = Subject::new(&session, session.prompt_ids(&prompt)?, interrupt.control())?;
    let (mut passed, mut failed, mut left) = (0, 0, 0);
    for lesson in asked {
        out.progress(&format!("lesson {}: {}", lesson + 1, lessons()[lesson].title));
        let came = PROOFS[lesson].run(&subject);
        out.progress("");
        match came {
            Err(engine::Error::Cancelled) => return interrupt.check(),
            // What cannot be tried on this model is no failure of it.
            Err(engine::Error::Request(why)) => {
                left += 1;
                out.line(&format!("skip  {:>2}  {}: {why}", lesson + 1, lessons()[lesson].title))?;
            }
            Err(error) => return Err(error.into()),
            Ok(found) => {
                *if found.passes() { &mut passed } else { &mut failed } += 1;
                out.line(&line(lesson, &found))?;
            }
        }
    }
    out.line(&format!("{passed} passed, {failed} failed, {left} skipped"))?;
    if failed > 0 {
        return Err(Failure::Failed(format!("{failed} of the lessons' claims do not hold on this model")));
    }
    Ok(())
}

/// `PASS   7  law          Attention is an average: largest |Σ − 1| 2.4e-7 ≤ 1e-4`
fn line(lesson: usize, found: &Outcome) -> String {
    let (verdict, proof) = (if found.passes() { "PASS" } else { "FAIL" }, &PROOFS[lesson]);
    let title = &lessons()[lesson].title;
    format!("{verdict}  {:>2}  {:<11}  {title}: {} {found} ({})", lesson + 1, proof.kind, proof.measure, found.said)
}
