//! `blockscope tokenize`: a text as the model sees it.

use super::args::from_argument;
use super::failure::{Failure, Result};
use super::output::Output;
use crate::model::source::Source;
use crate::profile::open_tokenizer;
use crate::text::{Input, Token};
use serde_json::{Value, json};

/// Show the tokens of a text: ids, pieces, bytes
///
/// Special tokens that are written out, such as <|im_start|>, are read as such, and those that the model
/// wants around a prompt are added, as generate does it; --plain does neither.
#[derive(Debug, clap::Args)]
#[command(override_usage = "blockscope tokenize [OPTIONS] [MODEL] <TEXT>")]
pub struct Args {
    /// The text, and before it a model, if not the default; - as the text reads it from standard input
    // One list, because clap would take a model that a flag follows for the text.
    #[arg(value_names = ["MODEL", "TEXT"], required = true, num_args = 1..=2)]
    words: Vec<String>,

    /// Nothing but text: read no special tokens, add none
    #[arg(long)]
    plain: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let (model, text) = match &args.words[..] {
        [text] => ("", text),
        [model, text] => (model.as_str(), text),
        _ => return Err(Failure::Usage("expected [MODEL] TEXT: put a text of several words into quotes".into())),
    };
    let text = from_argument(text)?;
    let source = Source::open(model)?;
    let (tokenizer, warnings) = open_tokenizer(&source)?;
    let tokenizer = tokenizer.ok_or_else(|| {
        Failure::Failed(format!("{} has no tokenizer: name a model that was trained on text", source.named))
    })?;
    for warning in &warnings {
        out.warning(warning);
    }
    let placed = tokenizer.tokenize(&text, if args.plain { Input::Text } else { Input::Prompt })?;
    let tokens: Vec<Token> = placed.into_iter().map(|placed| placed.token).collect();
    if args.json {
        return out.json(&result(&tokens));
    }
    for token in &tokens {
        let special = if token.special { "  special" } else { "" };
        out.line(&format!("{:>7}  {}{special}", token.id, token.label()))?;
    }
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let (n, bytes) = (tokens.len(), text.len());
    out.note(&format!("{n} token{}, {bytes} byte{}", plural(n), plural(bytes)));
    Ok(())
}

/// What `--json` prints.
fn result(tokens: &[Token]) -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let token = |token: &Token| json!({ "id": token.id, "text": token.text, "bytes": hex(&token.bytes) });
    json!({
        "ids": tokens.iter().map(|token| token.id).collect::<Vec<_>>(),
        "tokens": tokens.iter().map(token).collect::<Vec<_>>(),
    })
}
