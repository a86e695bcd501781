//! A tokenizer out of a folder in Hugging Face layout.
//!
//! | file | read for |
//! |---|---|
//! | `tokenizer.json` | the tokenizer itself; where it is missing, one of the next four |
//! | `tekken.json` | Mistral's |
//! | `tokenizer.model` | SentencePiece's, or tiktoken's as Llama 3 has it |
//! | `spiece.model` | SentencePiece's, as T5 has it |
//! | `qwen.tiktoken` | the first Qwen's |
//! | `tokenizer_config.json` | which tokens begin and end a text; the chat template of most models; further tokens |
//! | `added_tokens.json` | further tokens |
//! | `chat_template.jinja` | the chat template of newer models; it wins |
//! | `generation_config.json` | further tokens that end a turn |

mod base64;
mod config;
mod files;
mod opened;
mod protobuf;
mod ranks;
mod sentence_piece;
mod tekken;
mod tiktoken;
mod tokenizer_json;

use super::{ChatTemplate, Error, Result, Tokenizer, guarded};
use config::Config;
use files::{parse_if_there, read, read_model};
use opened::Opened;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The files of a tokenizer itself, the first that is there counts.
const FILES: [&str; 5] = ["tokenizer.json", "tekken.json", "tokenizer.model", "spiece.model", "qwen.tiktoken"];

#[derive(Deserialize, Default)]
struct GenerationConfig {
    #[serde(default)]
    eos_token_id: Value,
}

impl Tokenizer {
    /// Whether `folder` has a file that a tokenizer can be read from.
    pub fn is_in_folder(folder: &Path) -> bool {
        FILES.iter().any(|name| folder.join(name).exists())
    }

    /// Reads the tokenizer of the model in `folder`. Only the tokenizer's own file is needed.
    ///
    /// # Errors
    /// When a file is there but cannot be read or contradicts itself, or the tokenizer's is missing.
    pub fn from_folder(folder: &Path) -> Result<Self> {
        let mut warnings = Vec::new();
        let config = Config::read(folder)?;
        let (path, opened) = open(folder, &config, &mut warnings)?;
        let encoder = opened.encoder;
        let generation: GenerationConfig = parse_if_there(&folder.join("generation_config.json"))?;
        let named = |name: &str, own: Option<u32>| encoder.token_to_id(name).or(own);
        let (bos, eos) = (named(config.bos(), opened.bos), named(config.eos(), opened.eos));
        let mut stops: Vec<u32> = eos.into_iter().collect();
        stops.extend(ids(&generation.eos_token_id).filter(|&id| (id as usize) < opened.vocabulary.size()));
        stops.sort_unstable();
        stops.dedup();
        let template = match read(&folder.join("chat_template.jinja"))? {
            Some(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            None => config.template().map(str::to_owned),
        };
        let text = |name: &str, id: Option<u32>| match id.filter(|_| name.is_empty()) {
            Some(id) => encoder.id_to_token(id).unwrap_or_default(),
            None => name.to_owned(),
        };
        let (bos_text, eos_text) = (text(config.bos(), bos), text(config.eos(), eos));
        let chat_template =
            template.and_then(|source| ChatTemplate::or_warning(&source, &bos_text, &eos_text, &mut warnings));
        Ok(Self {
            path,
            bos,
            encoder: Mutex::new(encoder),
            vocabulary: opened.vocabulary,
            lost: opened.lost,
            before: opened.before,
            after: opened.after,
            leading_space: opened.leading_space,
            stops,
            chat_template,
            warnings,
        })
    }
}

/// Reads the tokenizer's own file, whichever there is.
fn open(folder: &Path, config: &Config, warnings: &mut Vec<String>) -> Result<(PathBuf, Opened)> {
    for name in FILES {
        let path = folder.join(name);
        let is_json = name.ends_with(".json");
        let Some(bytes) = (if is_json { read(&path)? } else { read_model(&path)? }) else { continue };
        let opened = guarded(&path, || match name {
            "tokenizer.json" => tokenizer_json::open(&path, &bytes),
            "tekken.json" => tekken::open(&path, &bytes, config),
            "qwen.tiktoken" => tiktoken::open(&path, &bytes, &tiktoken::QWEN, config),
            _ if tiktoken::is_one(&bytes) => tiktoken::open(&path, &bytes, &tiktoken::LLAMA3, config),
            _ => sentence_piece::open(&path, &bytes, config, warnings),
        })?;
        return Ok((path, opened));
    }
    let problem = "expected the model's tokenizer here; `tokenizer.json` comes with the model's other files, or else \
                   `tekken.json`, `tokenizer.model`, `spiece.model` or `qwen.tiktoken`";
    Err(Error::file(&folder.join("tokenizer.json"), problem))
}

/// One id or several.
fn ids(value: &Value) -> impl Iterator<Item = u32> {
    let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    several.iter().filter_map(|id| u32::try_from(id.as_u64()?).ok())
}
