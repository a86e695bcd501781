//! `blockscope tokenize`: a text as the model sees it, and as others would.

use super::args::from_argument;
use super::failure::{Failure, Result};
use super::output::Output;
use crate::engine::source::Source;
use crate::gguf::Gguf;
use crate::measure::open_tokenizer;
use crate::report::tokens as report;
use crate::text::{Cut, Cuts, Error, Input, SAMPLE, Tokenizer};
use crate::units::many;
use std::path::Path;

/// Show the tokens of a text: ids, pieces, bytes, places, merges; side by side with other tokenizers
///
/// Special tokens that are written out, such as <|im_start|>, are read as such, and those that the model
/// wants around a prompt are added, as generate does it; --plain does neither. Only the tokenizer is read: a
/// MODEL may also be a folder with nothing but a tokenizer.json, or a .gguf file of a kind that cannot be run.
#[derive(Debug, clap::Args)]
#[command(override_usage = "blockscope tokenize [OPTIONS] [MODEL] <TEXT>\n       \
    blockscope tokenize [OPTIONS] --sample [MODEL]")]
pub struct Args {
    /// The text, and before it a model, if not the default; - as the text reads it from standard input,
    /// without one line end at its end
    // One list, because clap would take a model that a flag follows for the text.
    #[arg(value_names = ["MODEL", "TEXT"], required_unless_present = "sample", num_args = 1..=2)]
    words: Vec<String>,

    /// Show how byte-pair encoding merges every word, step by step
    #[arg(long, conflicts_with_all = ["with", "sample"])]
    steps: bool,

    /// Cut the same text with this model's tokenizer too, side by side; may be given again
    #[arg(long, value_name = "MODEL")]
    with: Vec<String>,

    /// In place of a text one sentence in six languages
    #[arg(long)]
    sample: bool,

    /// Nothing but text: read no special tokens, add none
    #[arg(long)]
    plain: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let (model, text) = match (&args.words[..], args.sample) {
        ([], true) => ("", None),
        ([model], true) => (model.as_str(), None),
        (_, true) => return Err(Failure::Usage("--sample is the text: expected [MODEL] and no TEXT".into())),
        ([text], false) => ("", Some(text)),
        ([model, text], false) => (model.as_str(), Some(text)),
        _ => return Err(Failure::Usage("expected [MODEL] TEXT: put a text of several words into quotes".into())),
    };
    let text = text.map(|text| from_argument(text)).transpose()?;
    let input = if args.plain { Input::Text } else { Input::Prompt };
    match text {
        Some(text) if args.with.is_empty() => {
            let (_, tokenizer) = open(model, out)?;
            if args.steps {
                steps(args, &tokenizer, &text, input, out)
            } else {
                tokens(args, &tokenizer, &text, input, out)
            }
        }
        text => side_by_side(args, model, text, out),
    }
}

fn tokens(args: &Args, tokenizer: &Tokenizer, text: &str, input: Input, out: &mut Output) -> Result {
    let tokens = tokenizer.tokenize(text, input)?;
    if args.json {
        return out.json(report::json::tokens(&tokens));
    }
    out.report(&report::tokens(&tokens))?;
    out.note(&format!("{}, {}", many(tokens.len(), "token"), many(text.len(), "byte")));
    Ok(())
}

fn steps(args: &Args, tokenizer: &Tokenizer, text: &str, input: Input, out: &mut Output) -> Result {
    let words = tokenizer.merges(text, input)?;
    if args.json {
        return out.json(report::json::merges(&words));
    }
    out.report(&report::merges(&words, out.width()))?;
    let merges = words.iter().map(|word| word.steps.len()).sum();
    let tokens = words.iter().map(|word| word.tokens().len()).sum();
    let [words, merges, tokens] =
        [(words.len(), "word"), (merges, "merge"), (tokens, "token")].map(|(n, what)| many(n, what));
    out.note(&format!("{words}, {merges}, {tokens}"));
    Ok(())
}

/// This text, or else the sample, by this tokenizer and those of `--with`.
fn side_by_side(args: &Args, model: &str, text: Option<String>, out: &mut Output) -> Result {
    let named = std::iter::once(model).chain(args.with.iter().map(String::as_str));
    let tokenizers: Vec<(String, Tokenizer)> = named.map(|named| open(named, out)).collect::<Result<_>>()?;
    // What a model wants around a prompt says nothing about the text.
    let input = if args.plain { Input::Text } else { Input::Rendered };
    let cuts = |language: Option<&'static str>, text: String| -> Result<Cuts> {
        let cut = |(name, tokenizer): &(String, Tokenizer)| {
            Cut::new(name, tokenizer, &text, input).map_err(|error| Failure::Failed(format!("{name}: {error}")))
        };
        let cuts = tokenizers.iter().map(cut).collect::<Result<_>>()?;
        Ok(Cuts { language, text, cuts })
    };
    let one = text.is_some();
    let all: Vec<Cuts> = match text {
        Some(text) => vec![cuts(None, text)?],
        None => SAMPLE.iter().map(|&(language, text)| cuts(Some(language), text.to_owned())).collect::<Result<_>>()?,
    };
    if args.json {
        return out.json(report::json::cuts(&all));
    }
    let width = out.width();
    out.report(&if one { report::cuts(&all[0], width) } else { report::languages(&all, width) })
}

/// The tokenizer of the model that `named` names, and what to call it.
fn open(named: &str, out: &mut Output) -> Result<(String, Tokenizer)> {
    let (name, tokenizer, warnings) = match Source::open(named) {
        Ok(source) => {
            let (tokenizer, warnings) = open_tokenizer(&source)?;
            (source.named, tokenizer, warnings)
        }
        Err(error) => {
            let tokenizer = without_model(Path::new(named))?.ok_or(error)?;
            let warnings = tokenizer.warnings().to_vec();
            (named.to_owned(), Some(tokenizer), warnings)
        }
    };
    for warning in &warnings {
        out.warning(warning);
    }
    let problem = || Failure::Failed(format!("{name} has no tokenizer: name a model that was trained on text"));
    let tokenizer = tokenizer.ok_or_else(problem)?;
    Ok((name, tokenizer))
}

/// A tokenizer needs no model that can be run: a folder may hold it alone, a file be of any architecture.
fn without_model(path: &Path) -> Result<Option<Tokenizer>> {
    Ok(if Tokenizer::is_in_folder(path) {
        Some(Tokenizer::from_folder(path)?)
    } else if path.is_file() && path.extension().is_some_and(|extension| extension == "gguf") {
        Some(Tokenizer::from_gguf(&Gguf::open(path).map_err(Error::from)?)?)
    } else {
        None
    })
}
