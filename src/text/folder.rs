//! A tokenizer out of a folder in Hugging Face layout.
//!
//! | file | read for |
//! |---|---|
//! | `tokenizer.json` | the tokenizer itself |
//! | `tokenizer_config.json` | which tokens begin and end a text; the chat template of most models |
//! | `chat_template.jinja` | the chat template of newer models; it wins |
//! | `generation_config.json` | further tokens that end a turn |

use super::vocabulary::{Spelling, Vocabulary, bytes_without_token};
use super::{ChatTemplate, Error, Result, Tokenizer, guarded};
use crate::system::file;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;
use std::sync::Mutex;

/// The largest known tokenizer files are a tenth of this.
const LARGEST: u64 = 512 << 20;

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

#[derive(Deserialize, Default)]
struct TokenizerConfig {
    #[serde(default)]
    bos_token: Value,
    #[serde(default)]
    eos_token: Value,
    #[serde(default)]
    chat_template: Value,
}

#[derive(Deserialize, Default)]
struct GenerationConfig {
    #[serde(default)]
    eos_token_id: Value,
}

impl Tokenizer {
    /// Reads the tokenizer of the model in `folder`. Only `tokenizer.json` is needed.
    ///
    /// # Errors
    /// When a file is there but cannot be read or contradicts itself, or `tokenizer.json` is missing.
    pub fn from_folder(folder: &Path) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        guarded(&path, || Self::read(folder, &path))
    }

    fn read(folder: &Path, path: &Path) -> Result<Self> {
        let Some(bytes) = read(path)? else {
            let problem = "expected the model's tokenizer here; `tokenizer.json` comes with the model's other files";
            return Err(Error::file(path, problem));
        };
        let outline: Outline = parse(path, &bytes)?;
        outline.check_merges().map_err(|problem| Error::file(path, problem))?;
        let mut encoder = tokenizers::Tokenizer::from_bytes(&bytes)
            .map_err(|error| Error::file(path, format!("not a tokenizer: {error}")))?;
        // Somebody's batch settings; a prompt is never cut or padded unasked.
        encoder.with_truncation(None).map_err(|error| Error::file(path, error.to_string()))?;
        encoder.with_padding(None);

        let mut warnings = Vec::new();
        let spelling = outline.spelling();
        let vocabulary = vocabulary(&encoder, spelling).map_err(|words| Error::file(path, words))?;

        let config: TokenizerConfig = parse_if_there(&folder.join("tokenizer_config.json"))?;
        let generation: GenerationConfig = parse_if_there(&folder.join("generation_config.json"))?;
        let (bos, eos) = (content(&config.bos_token), content(&config.eos_token));
        let mut stops: Vec<u32> = encoder.token_to_id(eos).into_iter().collect();
        stops.extend(ids(&generation.eos_token_id).filter(|&id| (id as usize) < vocabulary.size()));
        stops.sort_unstable();
        stops.dedup();
        let template = match read(&folder.join("chat_template.jinja"))? {
            Some(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            None => template(&config.chat_template).map(str::to_owned),
        };
        let chat_template = template.and_then(|source| ChatTemplate::or_warning(&source, bos, eos, &mut warnings));
        Ok(Self {
            path: path.to_owned(),
            bos: encoder.token_to_id(bos),
            encoder: Mutex::new(encoder),
            vocabulary,
            lost: outline.lost(),
            before: None, // its own post-processor adds them
            after: None,
            leading_space: outline.takes_a_space_away(),
            stops,
            chat_template,
            warnings,
        })
    }
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
                let (left, right) = (super::shown::line(left), super::shown::line(right));
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

fn vocabulary(encoder: &tokenizers::Tokenizer, spelling: Spelling) -> Result<Vocabulary, String> {
    let tokens = encoder.get_vocab(true);
    let added = encoder.get_added_tokens_decoder();
    Vocabulary::new(tokens.into_iter().map(|(token, id)| match added.get(&id) {
        Some(added) => (id, added.content.clone().into_bytes(), added.special),
        None => (id, spelling.bytes(&token), false),
    }))
}

/// A token in a configuration: its text, or an object that holds it.
fn content(token: &Value) -> &str {
    token.as_str().or_else(|| token["content"].as_str()).unwrap_or("")
}

/// A template, or the one named `default` of several.
fn template(value: &Value) -> Option<&str> {
    let default = |named: &&Value| named["name"] == "default";
    value.as_str().or_else(|| value.as_array()?.iter().find(default)?["template"].as_str())
}

/// One id or several.
fn ids(value: &Value) -> impl Iterator<Item = u32> {
    let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    several.iter().filter_map(|id| u32::try_from(id.as_u64()?).ok())
}

fn parse_if_there<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    read(path)?.map_or_else(|| Ok(T::default()), |bytes| parse(path, &bytes))
}

fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| match file::stand_in(bytes) {
        Some(found) => Error::file(path, found),
        None => Error::file(path, format!("not the JSON that was expected: {error}")),
    })
}

/// The bytes of a file that may be missing.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match file::read(path, LARGEST) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(|error| Error::file(path, error.to_string())),
    }
}
