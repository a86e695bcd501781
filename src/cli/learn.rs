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
use crate::interpret::proof::{Bound, Outcome, PROOFS, Subject, measured};
use crate::learn::{Form, Lesson, Measured, Prediction, figure, lessons};
use crate::measure::Prompt;
use crate::tui::{self, Begin, LESSON_TEXT, Lessons, Startup};
use clap::ColorChoice;
use serde_json::{Value, json};

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

    /// Without a screen: run the experiments and measure what the lessons ask to predict, print a line each, end with 1
    /// if an experiment does not pass
    #[arg(long)]
    check: bool,

    /// With --check: print one JSON object
    #[arg(long, requires = "check")]
    json: bool,
}

/// Reads `7` or `all`.
fn lesson(word: &str) -> std::result::Result<Lessons, String> {
    let number = word.parse().ok().filter(|number| (1..=lessons().len()).contains(number));
    match number {
        Some(number) => Ok(Lessons::One(number - 1)),
        None if word == "all" => Ok(Lessons::All),
        None => Err(format!(
            "expected a number from 1 to {}, or all; a MODEL comes after it: `blockscope learn all MODEL`",
            lessons().len()
        )),
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

/// What came of a lesson's prediction: a value, or why it could not be measured.
type Found = std::result::Result<Measured, String>;

/// Runs the experiments of the lessons that were asked for.
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
    let mut all = Vec::new();
    for lesson in asked {
        out.progress(&format!("lesson {}: {}", lesson + 1, lessons()[lesson].title));
        let came = refusable(PROOFS[lesson].run(&subject));
        let prediction = lessons()[lesson].prediction();
        let found = prediction.map(|prediction| refusable(measured(prediction.quantity, &subject)));
        out.progress("");
        let (came, found) = match (came, found.transpose()) {
            (Ok(came), Ok(found)) => (came, found),
            (Err(engine::Error::Cancelled), _) | (_, Err(engine::Error::Cancelled)) => return interrupt.check(),
            (Err(error), _) | (_, Err(error)) => return Err(error.into()),
        };
        match &came {
            Ok(came) if came.passes() => passed += 1,
            Ok(_) => failed += 1,
            // What cannot be tried on this model is no failure of it.
            Err(_) => left += 1,
        }
        let predicted = prediction.zip(found);
        if args.json {
            all.push(as_json(lesson, &came, predicted.as_ref()));
            continue;
        }
        match &came {
            Ok(came) => out.line(&line(lesson, came))?,
            Err(why) => out.line(&format!("skip  {:>2}  {}: {why}", lesson + 1, lessons()[lesson].title))?,
        }
        if let Some((prediction, found)) = predicted {
            out.line(&format!("      predict  {} {}", prediction.asked, answer(prediction, &found)))?;
        }
    }
    match args.json {
        true => out.json(json!({
            "model": session.card().info.name, "lessons": all, "passed": passed, "failed": failed, "skipped": left,
        }))?,
        false => out.line(&format!("{passed} passed, {failed} failed, {left} skipped"))?,
    }
    if failed > 0 {
        return Err(Failure::Failed(format!("{failed} of the lessons' claims do not hold on this model")));
    }
    Ok(())
}

/// What cannot be tried on this model, as a reason beside the results.
fn refusable<T>(came: engine::Result<T>) -> engine::Result<std::result::Result<T, String>> {
    match came {
        Ok(came) => Ok(Ok(came)),
        Err(engine::Error::Request(why)) => Ok(Err(why)),
        Err(error) => Err(error),
    }
}

/// `PASS   7  law          Attention is an average: largest |Σ − 1| 2.4e-7 ≤ 1e-4`
fn line(lesson: usize, found: &Outcome) -> String {
    let (verdict, proof) = (if found.passes() { "PASS" } else { "FAIL" }, &PROOFS[lesson]);
    let title = &lessons()[lesson].title;
    format!("{verdict}  {:>2}  {:<11}  {title}: {} {found} ({})", lesson + 1, proof.kind, proof.measure, found.said)
}

/// `measured 71.8 %`, or things with their values, the largest first.
fn answer(prediction: &Prediction, found: &Found) -> String {
    match (found, &prediction.form) {
        (Err(why), _) => format!("not measured: {why}"),
        (Ok(Measured::Number(value)), form) => format!("measured {}", form.with_unit(*value)),
        (Ok(Measured::Order(values)), form) => {
            let name = |item: usize| match form {
                Form::Order(items) => items.get(item).map_or("", String::as_str),
                Form::Number { .. } => "",
            };
            let ranked = Measured::ranking(values).into_iter();
            let ranked: Vec<String> = ranked.map(|item| format!("{} {}", name(item), figure(values[item]))).collect();
            format!("measured {}", ranked.join(" > "))
        }
    }
}

/// A lesson's experiment and prediction.
fn as_json(
    lesson: usize,
    came: &std::result::Result<Outcome, String>,
    predicted: Option<&(&'static Prediction, Found)>,
) -> Value {
    let (Lesson { title, .. }, proof) = (&lessons()[lesson], &PROOFS[lesson]);
    let experiment = match came {
        Ok(found) => {
            let (sign, bound) = match found.bound {
                Bound::AtMost(most) => ("at_most", most),
                Bound::AtLeast(least) => ("at_least", least),
            };
            json!({ "passes": found.passes(), "value": found.value, sign: bound, "said": found.said })
        }
        Err(why) => json!({ "skipped": why }),
    };
    let prediction = predicted.map(|(prediction, found)| {
        let mut said = json!({ "asked": prediction.asked, "quantity": prediction.quantity.name(),
            "about": prediction.quantity.about() });
        match &prediction.form {
            Form::Number { unit, least, most, .. } => {
                (said["unit"], said["least"], said["most"]) = (json!(unit), json!(least), json!(most));
            }
            Form::Order(items) => said["items"] = json!(items),
        }
        match found {
            Ok(Measured::Number(value)) => said["measured"] = json!(value),
            Ok(Measured::Order(values)) => said["measured"] = json!(values),
            Err(why) => said["skipped"] = json!(why),
        }
        said
    });
    json!({
        "lesson": lesson + 1, "title": title, "kind": proof.kind.to_string(), "claim": proof.claim,
        "measure": proof.measure, "experiment": experiment, "prediction": prediction,
    })
}
