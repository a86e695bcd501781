//! `blockscope tokenize`: a text as the model sees it.

use super::args::{ModelName, from_argument};
use super::failure::{Failure, Result};
use super::output::Output;
use crate::model::source::Source;
use crate::profile::session::open_tokenizer;
use crate::text::{Input, Token};
use serde_json::{Value, json};

/// Show the tokens of a text: ids, pieces, bytes
///
/// Special tokens that are written out, such as <|im_start|>, are read as such, and those that the model
/// wants around a prompt are added, as generate does it; --plain does neither.
#[derive(Debug, clap::Args)]
#[command(allow_missing_positional = true)]
pub struct Args {
    #[command(flatten)]
    model: ModelName,

    /// The text; - reads it from standard input
    #[arg(allow_hyphen_values = true)]
    text: String,

    /// Nothing but text: read no special tokens, add none
    #[arg(long)]
    plain: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let text = from_argument(&args.text)?;
    let source = Source::open(args.model.named())?;
    let mut warnings = Vec::new();
    let tokenizer = open_tokenizer(&source, &mut warnings)?.ok_or_else(|| {
        Failure::Failed(format!("{} has no tokenizer: name a model that was trained on text", source.named))
    })?;
    for warning in &warnings {
        out.warning(warning);
    }
    let tokens = tokenizer.tokenize(&text, if args.plain { Input::Text } else { Input::Prompt })?;
    if args.json {
        return out.json(&result(&tokens));
    }
    for token in &tokens {
        let special = if token.special { "  special" } else { "" };
        out.line(&format!("{:>7}  {}{special}", token.id, token.label()))?;
    }
    out.note(&format!("{} tokens, {} bytes", tokens.len(), text.len()));
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
