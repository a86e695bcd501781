//! `blockscope inspect`: what a model is, without loading its weights.

use super::failure::Result;
use super::output::Output;
use crate::gguf::Gguf;
use crate::model::Toggles;
use crate::model::source::{Origin, Source};
use crate::model::spec::{Activation, MlpKind, Norm, Positions, RopeScaling, Spec};
use crate::model::toggles::ALL_PRECISIONS;
use crate::model::weights::inventory::{self, Inventory};
use crate::model::weights::safetensors::Folder;
use crate::model::weights::{self, WeightSource};
use crate::profile::open_tokenizer;
use crate::report::grid::{Align, facts, grid};
use crate::report::table::Piece;
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

/// Problems that are told one by one: a file that lacks one tensor may lack them all.
const MOST_PROBLEMS: usize = 20;

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
    for warning in warnings.iter().chain(inventory.problems.iter().take(MOST_PROBLEMS)) {
        out.warning(warning);
    }
    if let Some(more @ 1..) = inventory.problems.len().checked_sub(MOST_PROBLEMS) {
        out.warning(&format!("and {more} more tensors are missing or have another shape; --json lists all"));
    }
    if args.json {
        return out.json(&describe(&source, &inventory, text.as_ref()));
    }
    out.report(&report(&source, &inventory, text.as_ref()))
}

/// The weights as the model's file has them.
fn take_inventory(source: &Source) -> Result<Inventory> {
    Ok(match &source.origin {
        Origin::Gguf(gguf) => inventory::of(&source.spec, Some(gguf.as_ref() as &dyn WeightSource), &|name| {
            gguf.tensor(name).ok().map(|tensor| (tensor.kind.name().into_owned(), tensor.bytes() as u64))
        }),
        Origin::Folder(path) => {
            let folder = Folder::open(path)?;
            inventory::of(&source.spec, Some(&folder), &|name| folder.format(name))
        }
        Origin::Random => inventory::of(&source.spec, None, &|_| None),
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
        return out.json(&json!({
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
fn sizes(spec: &Spec) -> Vec<(&'static str, u64)> {
    let with = |weights| Toggles { weights, ..Toggles::default() };
    let possible = ALL_PRECISIONS.into_iter().filter(|&precision| with(precision).check(spec).is_ok());
    possible.map(|precision| (precision.name(), weights::bytes(spec, &with(precision).formats()))).collect()
}

/// The report on standard output.
fn report(source: &Source, inventory: &Inventory, text: Option<&Text>) -> Vec<Piece> {
    let spec = &source.spec;
    let path = source.path().map(|path| format!(" · {}", path.display())).unwrap_or_default();
    let row = |part: &inventory::PartWeights| {
        let bytes = if part.file_bytes == 0 { "–".to_owned() } else { Bytes(part.file_bytes).to_string() };
        vec![part.name.to_owned(), count(part.parameters), bytes, formats(&part.formats)]
    };
    let mut weights = vec![["part", "parameters", "in the file", "formats"].map(str::to_owned).to_vec()];
    weights.extend(inventory.parts.iter().map(row));
    if spec.tied {
        weights.push(["lm head", "–", "–", "the embedding again"].map(str::to_owned).to_vec());
    }
    weights.push(row(&inventory.total()));
    let memory: Vec<_> = sizes(spec).into_iter().map(|(name, bytes)| format!("{} at {name}", Bytes(bytes))).collect();
    let cache = Bytes(spec.kv_bytes(1, crate::model::toggles::Precision::F32));
    vec![
        Piece::Title(format!("{} · {}{path}", spec.name, spec.family.name())),
        Piece::Text(facts(architecture(spec))),
        Piece::Title("weights".into()),
        Piece::Text(grid(&[Align::Left, Align::Right, Align::Right, Align::Left], weights)),
        Piece::Note(format!("in memory {}; KV cache {cache} a token at f32", memory.join(", "))),
        Piece::Title("text".into()),
        Piece::Text(text.map_or("no tokenizer: it takes token ids only".into(), describe_text)),
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

/// The architecture in words.
fn architecture(spec: &Spec) -> Vec<(&'static str, String)> {
    let heads = match spec.n_heads / spec.n_kv_heads.max(1) {
        1 => format!("{} of width {}", spec.n_heads, spec.d_head),
        group => {
            format!("{} of width {}, {group} to a key/value head ({})", spec.n_heads, spec.d_head, spec.n_kv_heads)
        }
    };
    let (gating, activation) = match spec.mlp {
        MlpKind::Gated(activation) => ("gated ", activation),
        MlpKind::Plain(activation) => ("", activation),
    };
    let activation = match activation {
        Activation::Silu => "SiLU",
        Activation::Gelu => "GELU",
        Activation::GeluTanh => "GELU (tanh)",
    };
    let norm = match spec.norm {
        Norm::Rms { eps } => format!("RMSNorm, ε {:e}", eps as f32),
        Norm::Layer { eps } => format!("LayerNorm, ε {:e}", eps as f32),
    };
    let positions = match &spec.positions {
        Positions::Learned => "learned".to_owned(),
        Positions::Rope(rope) => {
            let scaling = match &rope.scaling {
                RopeScaling::Default => String::new(),
                RopeScaling::Linear { factor } => format!(", linear ×{factor}"),
                RopeScaling::Llama3 { factor, .. } => format!(", llama3 ×{factor}"),
                RopeScaling::PerFrequency(_) => ", a factor for each frequency".to_owned(),
            };
            format!("RoPE, θ {}{scaling}", rope.theta)
        }
    };
    let biased = [("q k v", spec.biases.qkv), ("attention output", spec.biases.out), ("MLP", spec.biases.mlp)];
    let biased: Vec<_> = biased.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    vec![
        ("blocks", spec.n_layers.to_string()),
        ("residual stream", spec.d_model.to_string()),
        ("heads", heads),
        ("MLP", format!("{gating}{activation}, width {}", spec.d_mlp)),
        ("norm", norm),
        ("positions", positions),
        ("biases", if biased.is_empty() { "none".into() } else { biased.join(", ") }),
        ("vocabulary", spec.d_vocab.to_string()),
        ("context", format!("{} tokens", spec.n_ctx)),
        ("LM head", if spec.tied { "tied to the embedding" } else { "its own" }.into()),
        ("parameters", format!("{} ({})", spec.parameters(), count(spec.parameters()))),
    ]
}

/// `Q4_1 ×210, F32 ×61`
fn formats(formats: &[(String, usize)]) -> String {
    formats.iter().map(|(format, n)| format!("{format} ×{n}")).collect::<Vec<_>>().join(", ")
}

/// What `--json` prints.
fn describe(source: &Source, inventory: &Inventory, text: Option<&Text>) -> Value {
    let spec = &source.spec;
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
    let memory: serde_json::Map<String, Value> =
        sizes(spec).into_iter().map(|(name, bytes)| (name.to_owned(), bytes.into())).collect();
    json!({
        "name": spec.name,
        "source": source.named,
        "path": source.path().map(|path| path.display().to_string()),
        "family": spec.family.name(),
        "n_layers": spec.n_layers,
        "n_heads": spec.n_heads,
        "n_kv_heads": spec.n_kv_heads,
        "d_model": spec.d_model,
        "d_head": spec.d_head,
        "d_mlp": spec.d_mlp,
        "d_vocab": spec.d_vocab,
        "n_ctx": spec.n_ctx,
        "architecture": architecture(spec).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect::<serde_json::Map<_, _>>(),
        "tied": spec.tied,
        "parameters": spec.parameters(),
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
