//! `tokenizer.json`, which holds a whole pipeline of the `tokenizers` crate.

use super::files::parse;
use super::opened::Opened;
use crate::text::encoder::Encoder;
use crate::text::vocabulary::{Spelling, Vocabulary, bytes_without_token};
use crate::text::{Error, Result, shown};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// Reads the pipeline. Its own post-processor adds the tokens around a prompt.
///
/// # Errors
/// When it is none, or contradicts itself.
pub fn open(path: &Path, bytes: &[u8]) -> Result<Opened> {
    let outline: Outline = parse(path, bytes)?;
    outline.check_merges().map_err(|problem| Error::file(path, problem))?;
    let mut encoder: Encoder =
        serde_json::from_slice(bytes).map_err(|error| Error::file(path, format!("not a tokenizer: {error}")))?;
    // Somebody's batch settings; a prompt is never cut or padded unasked.
    encoder.with_truncation(None).map_err(|error| Error::file(path, error.to_string()))?;
    encoder.with_padding(None);
    let vocabulary = vocabulary(&encoder, outline.spelling()).map_err(|words| Error::file(path, words))?;
    Ok(Opened {
        encoder,
        vocabulary,
        lost: outline.lost(),
        leading_space: outline.takes_a_space_away(),
        before: None,
        after: None,
        bos: None,
        eos: None,
    })
}

/// What is looked at in `tokenizer.json` before the `tokenizers` crate gets it.
#[derive(Deserialize)]
struct Outline {
    model: Model,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    decoder: Value,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default)]
    vocab: Value,
    #[serde(default)]
    merges: Vec<Merge>,
    continuing_subword_prefix: Option<String>,
    unk_token: Option<String>,
}

/// The older and the newer way to write a merge.
#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Line(String),
    Pair(String, String),
}

impl Outline {
    /// The `tokenizers` crate takes on trust that a merge makes a token.
    fn check_merges(&self) -> Result<(), String> {
        let Value::Object(vocab) = &self.model.vocab else { return Ok(()) };
        let prefix = self.model.continuing_subword_prefix.as_deref().unwrap_or("");
        for merge in &self.model.merges {
            let (left, right) = match merge {
                Merge::Line(line) => line.split_once(' ').unwrap_or((line, "")),
                Merge::Pair(left, right) => (left.as_str(), right.as_str()),
            };
            let made = right.strip_prefix(prefix).map(|right| format!("{left}{right}"));
            if ![Some(left), Some(right), made.as_deref()]
                .iter()
                .all(|token| token.is_some_and(|t| vocab.contains_key(t)))
            {
                let (left, right) = (shown::line(left), shown::line(right));
                return Err(format!("expected merges of tokens into a token, found `{left}` and `{right}`"));
            }
        }
        Ok(())
    }

    fn spelling(&self) -> Spelling {
        let everywhere = [&self.normalizer, &self.pre_tokenizer, &self.decoder];
        if everywhere.iter().any(|part| find(part, &|step| is(step, "ByteLevel"))) {
            Spelling::ByteLevel
        } else if find(&self.decoder, &|step| is(step, "ByteFallback") || is(step, "Metaspace")) {
            Spelling::SentencePiece
        } else {
            Spelling::Plain
        }
    }

    /// Bytes without a token, where there is no `unk` either to take their place.
    fn lost(&self) -> [bool; 256] {
        match &self.model.vocab {
            Value::Object(vocab) if self.spelling() == Spelling::ByteLevel && self.model.unk_token.is_none() => {
                bytes_without_token(vocab.keys().map(String::as_str))
            }
            _ => [false; 256],
        }
    }

    /// Whether decoding takes away a space that encoding put before the text.
    fn takes_a_space_away(&self) -> bool {
        find(&self.decoder, &|step| {
            let stripped = is(step, "Strip") && step["content"] == " " && step["start"].as_u64() > Some(0);
            stripped || is(step, "Metaspace") && step["prepend_scheme"] != "never" && step["add_prefix_space"] != false
        })
    }
}

/// Whether this step, or one inside it, is as wanted.
fn find(step: &Value, wanted: &dyn Fn(&Value) -> bool) -> bool {
    let inside = |name: &str| step[name].as_array().is_some_and(|steps| steps.iter().any(|step| find(step, wanted)));
    wanted(step) || ["decoders", "pretokenizers", "normalizers"].into_iter().any(inside)
}

fn is(step: &Value, kind: &str) -> bool {
    step["type"] == kind
}

fn vocabulary(encoder: &Encoder, spelling: Spelling) -> Result<Vocabulary, String> {
    let tokens = encoder.get_vocab(true);
    let added = encoder.get_added_tokens_decoder();
    Vocabulary::new(tokens.into_iter().map(|(token, id)| match added.get(&id) {
        Some(added) => (id, added.content.clone().into_bytes(), added.special),
        None => (id, spelling.bytes(&token), false),
    }))
}
