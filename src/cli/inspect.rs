//! `blockscope inspect`: what a model is, without loading its weights.

use super::failure::Result;
use super::output::Output;
use crate::arch::formats::{ALL_PRECISIONS, Precision};
use crate::arch::inventory::{self, Inventory, LISTED};
use crate::arch::mask::Mask;
use crate::arch::words::in_words;
use crate::arch::{Model, Toggles};
use crate::engine::source::{Origin, Source};
use crate::engine::weights::safetensors::Folder;
use crate::gguf::Gguf;
use crate::measure::open_tokenizer;
use crate::report::grid::{Align, facts, grid};
use crate::report::piece::Piece;
use crate::text::Tokenizer;
use crate::units::{Bytes, count};
use clap::builder::NonEmptyStringValueParser;
use serde_json::{Value, json};
use std::path::Path;

/// Show a model's architecture, its weights part by part, and its tokenizer, without loading it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder, a .gguf file, smollm2 or random:PRESET [default: smollm2]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    model: Option<String>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is known of the text side of a model.
struct Text {
    vocabulary: usize,
    bos: Option<String>,
    stops: Vec<String>,
    has_chat_template: bool,
    /// The kind of vocabulary and of pre-tokenizer, where the file names them.
    kind: Option<String>,
}

impl Text {
    fn of(tokenizer: &Tokenizer, gguf: Option<&Gguf>) -> Self {
        let spelled = |id| tokenizer.token(id).map_or_else(|| id.to_string(), |token| token.text);
        Self {
            vocabulary: tokenizer.vocab_size(),
            bos: tokenizer.bos().map(spelled),
            stops: tokenizer.stops().iter().map(|&id| spelled(id)).collect(),
            has_chat_template: tokenizer.chat_template().is_some(),
            kind: gguf.and_then(kind),
        }
    }
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let named = args.model.as_deref().unwrap_or_default();
    let source = match Source::open(named) {
        Ok(source) => source,
        Err(error) => return vocabulary_only(named).map_or(Err(error.into()), |gguf| vocabulary(&gguf, args, out)),
    };
    let (text, warnings) = match open_tokenizer(&source) {
        Ok((tokenizer, warnings)) => (tokenizer.map(|tokenizer| Text::of(&tokenizer, gguf_of(&source))), warnings),
        // A model whose text cannot be read can still be looked at.
        Err(error) => (None, vec![format!("no tokenizer: {error}")]),
    };
    let inventory = take_inventory(&source)?;
    for warning in warnings.iter().chain(inventory.problems.iter().take(LISTED)) {
        out.warning(warning);
    }
    if let Some(more @ 1..) = inventory.problems.len().checked_sub(LISTED) {
        out.warning(&format!("and {more} more tensors are missing or have another shape; --json lists all"));
    }
    if args.json {
        return out.json(describe(&source, &inventory, text.as_ref()));
    }
    out.report(&report(&source, &inventory, text.as_ref()))
}

/// The weights as the model's file has them.
fn take_inventory(source: &Source) -> Result<Inventory> {
    Ok(match &source.origin {
        Origin::Gguf(gguf) => inventory::of(&source.model, Some(gguf.as_ref())),
        Origin::Folder(path) => inventory::of(&source.model, Some(&Folder::open(path)?)),
        Origin::Random => inventory::of(&source.model, None),
    })
}

fn gguf_of(source: &Source) -> Option<&Gguf> {
    match &source.origin {
        Origin::Gguf(gguf) => Some(gguf),
        Origin::Folder(_) | Origin::Random => None,
    }
}

/// The file that was named, if it is one with a vocabulary and no weights, of whatever architecture.
fn vocabulary_only(named: &str) -> Option<Gguf> {
    Gguf::open(Path::new(named)).ok().filter(|gguf| gguf.tensors().is_empty())
}

/// What such a file holds.
fn vocabulary(gguf: &Gguf, args: &Args, out: &mut Output) -> Result {
    let tokenizer = Tokenizer::from_gguf(gguf)?;
    for warning in tokenizer.warnings() {
        out.warning(warning);
    }
    let text = Text::of(&tokenizer, Some(gguf));
    let (path, architecture) = (gguf.path().display(), gguf.str("general.architecture").unwrap_or("no architecture"));
    let nothing = "no weights: this file holds a vocabulary only; `blockscope tokenize` cuts texts with it";
    if args.json {
        return out.json(json!({
            "source": args.model, "path": path.to_string(), "family": architecture,
            "parameters": 0, "parts": [], "problems": [nothing], "tokenizer": described(Some(&text)),
        }));
    }
    out.report(&[
        Piece::Title(format!("{architecture} · {path}")),
        Piece::Text(nothing.into()),
        Piece::Title("text".into()),
        Piece::Text(describe_text(&text)),
    ])
}

/// `gpt2, smollm`: as the GGUF file names its vocabulary and its pre-tokenizer.
fn kind(gguf: &Gguf) -> Option<String> {
    let names = ["tokenizer.ggml.model", "tokenizer.ggml.pre"].map(|key| gguf.str(key).ok());
    let names: Vec<&str> = names.into_iter().flatten().collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Bytes of the weights in memory, in each format that this model can have.
fn sizes(model: &Model) -> Vec<(&'static str, u64)> {
    let with = |weights| Toggles { weights, ..Toggles::default() };
    let possible = ALL_PRECISIONS.into_iter().filter(|&precision| with(precision).check(model).is_ok());
    possible.map(|precision| (precision.name(), model.weight_bytes(&with(precision).formats()))).collect()
}

/// The report on standard output.
fn report(source: &Source, inventory: &Inventory, text: Option<&Text>) -> Vec<Piece> {
    let model = &source.model;
    let path = source.path().map(|path| format!(" · {}", path.display())).unwrap_or_default();
    let row = |part: &inventory::PartWeights| {
        let bytes = if part.file_bytes == 0 { "–".to_owned() } else { Bytes(part.file_bytes).to_string() };
        vec![part.name.to_owned(), count(part.parameters), bytes, formats(&part.formats)]
    };
    let mut weights = vec![["part", "parameters", "in the file", "formats"].map(str::to_owned).to_vec()];
    weights.extend(inventory.parts.iter().map(row));
    if model.head.tied && inventory.parts.iter().all(|part| part.name != "lm head") {
        weights.push(["lm head", "–", "–", "the embedding again"].map(str::to_owned).to_vec());
    }
    weights.push(row(&inventory.total()));
    let memory: Vec<_> = sizes(model).into_iter().map(|(name, bytes)| format!("{} at {name}", Bytes(bytes))).collect();
    let cache = match model.kv_bytes(1, Mask::Causal, Precision::F32) {
        0 => "no KV cache".to_owned(),
        bytes => format!("KV cache {} a token at f32", Bytes(bytes)),
    };
    let words = in_words(model);
    vec![
        Piece::Title(format!("{} · {}{path}", model.name, model.family)),
        Piece::Text(facts(words.iter().map(|(name, value)| (name.as_str(), value.clone())))),
        Piece::Title("weights".into()),
        Piece::Text(grid(&[Align::Left, Align::Right, Align::Right, Align::Left], weights)),
        Piece::Note(format!("in memory {}; {cache}", memory.join(", "))),
        Piece::Title("text".into()),
        Piece::Text(match (text, model.stack.embedding()) {
            (Some(text), _) => describe_text(text),
            (None, Some(_)) => "no tokenizer: it takes token ids only".into(),
            (None, None) => "it reads no text".into(),
        }),
    ]
}

fn describe_text(text: &Text) -> String {
    let mut rows = vec![("vocabulary", format!("{} tokens", text.vocabulary))];
    rows.extend(text.kind.clone().map(|kind| ("tokenizer", kind)));
    rows.push(("begins with", text.bos.clone().unwrap_or("nothing".into())));
    rows.push(("ends at", if text.stops.is_empty() { "no token".into() } else { text.stops.join(" ") }));
    rows.push(("chat template", if text.has_chat_template { "yes" } else { "no" }.into()));
    facts(rows)
}

/// `Q4_1 ×210, F32 ×61`
fn formats(formats: &[(String, usize)]) -> String {
    formats.iter().map(|(format, n)| format!("{format} ×{n}")).collect::<Vec<_>>().join(", ")
}

/// What `--json` prints.
fn describe(source: &Source, inventory: &Inventory, text: Option<&Text>) -> Value {
    let model = &source.model;
    let part = |part: &inventory::PartWeights| {
        let formats: serde_json::Map<String, Value> =
            part.formats.iter().map(|(format, n)| (format.clone(), (*n).into())).collect();
        json!({
            "name": part.name,
            "parameters": part.parameters,
            "file_bytes": part.file_bytes,
            "formats": formats,
        })
    };
    let architecture: serde_json::Map<String, Value> =
        in_words(model).into_iter().map(|(name, value)| (name, value.into())).collect();
    let memory: serde_json::Map<String, Value> =
        sizes(model).into_iter().map(|(name, bytes)| (name.to_owned(), bytes.into())).collect();
    json!({
        "name": model.name,
        "source": source.named,
        "path": source.path().map(|path| path.display().to_string()),
        "family": model.family,
        "n_layers": model.n_layers(),
        "n_heads": model.n_heads(),
        "n_kv_heads": model.n_kv_heads(),
        "d_model": model.stack.d_model,
        "d_head": model.d_head(),
        "d_mlp": model.d_mlp(),
        "d_vocab": model.d_vocab,
        "n_ctx": model.stack.n_ctx,
        "architecture": architecture,
        "tied": model.head.tied,
        "parameters": model.n_parameters(),
        "memory_bytes": memory,
        "parts": inventory.parts.iter().map(part).collect::<Vec<_>>(),
        "total": part(&inventory.total()),
        "problems": inventory.problems,
        "tokenizer": described(text),
    })
}

/// The text side in JSON; null where there is none.
fn described(text: Option<&Text>) -> Value {
    text.map_or(Value::Null, |text| {
        json!({
            "vocabulary": text.vocabulary,
            "kind": text.kind,
            "bos": text.bos,
            "stops": text.stops,
            "chat_template": text.has_chat_template,
        })
    })
}
