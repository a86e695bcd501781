//! A tokenizer out of a GGUF file's own vocabulary.
//!
//! | `tokenizer.ggml.model` | is | made of |
//! |---|---|---|
//! | `gpt2`, `gemma4` | byte-pair encoding | tokens and merges; `tokenizer.ggml.pre` says how words are split |
//! | `llama` | SentencePiece's BPE | tokens and scores |
//! | `t5` | SentencePiece's Unigram | tokens, scores and a table of replacements |
//! | `bert` | WordPiece | tokens |

mod made;
mod merged;
mod scored;
mod tokens;
mod word_piece;

use super::parts::Parts;
use super::vocabulary::{Spelling, bytes_without_token};
use super::{ChatTemplate, Result, Tokenizer, guarded, shown};
use crate::gguf::Gguf;
use made::{problem, token_id};
use std::sync::Mutex;

/// Marks that end a turn, in the families that do not name theirs in the metadata.
const END_OF_TURN: [&str; 7] =
    ["<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<turn|>", "<|endoftext|>", "<|end_of_text|>"];

impl Tokenizer {
    /// Builds the tokenizer that the metadata of `file` describes.
    ///
    /// # Errors
    /// When there is no vocabulary, it contradicts itself, or it or its pre-tokenizer is of a kind that is not known.
    pub fn from_gguf(file: &Gguf) -> Result<Self> {
        guarded(file.path(), || Self::build(file))
    }

    /// Whether `file` describes a tokenizer; one that holds nothing but weights may name its kind `none`.
    pub fn is_in_gguf(file: &Gguf) -> bool {
        match file.str("tokenizer.ggml.model") {
            Ok(kind) => !matches!(kind, "none" | "no_vocab"),
            Err(_) => file.metadata().any(|(key, _)| key.starts_with("tokenizer.ggml.")),
        }
    }

    fn build(file: &Gguf) -> Result<Self> {
        let mut warnings = Vec::new();
        let mut parts = Parts::of_file(file)?;
        let mut made = match file.str("tokenizer.ggml.model")? {
            "gpt2" => merged::read(file, &parts, None, &mut warnings)?,
            "gemma4" => merged::read(file, &parts, Some("gemma4"), &mut warnings)?,
            "llama" => scored::join(file, &mut parts, &mut warnings)?,
            "t5" => scored::unigram(file, &mut parts, &mut warnings)?,
            "bert" => word_piece::read(file, &parts)?,
            other => {
                let other = shown::line(other);
                let expected = "expected a vocabulary `gpt2`, `llama`, `bert`, `t5` or `gemma4`";
                return Err(problem(file, format!("{expected}, found `{other}`")));
            }
        };
        made.encoder.add_tokens(parts.added()).map_err(|error| problem(file, error.to_string()))?;
        let lost = match made.spelling {
            Spelling::ByteLevel => bytes_without_token(parts.tokens.iter().map(String::as_str)),
            _ => [false; 256], // becomes `unk`, which shows
        };
        let id = |name: &str| token_id(file, &parts, name);
        // BERT's marks have names of their own, the second spelled as it is in the format.
        let bos = id("bos")?.or(id("cls")?);
        let eos = id("eos")?.or(id("seperator")?);
        let mut stops: Vec<u32> = eos.into_iter().collect();
        stops.extend(id("eot")?);
        stops.extend(id("eom")?);
        let marks = parts.with_ids().filter(|(.., kind)| kind.is_mark());
        stops.extend(marks.filter(|(_, text, _)| END_OF_TURN.contains(text)).map(|(id, ..)| id));
        stops.sort_unstable();
        stops.dedup();

        let add_bos = file.maybe("tokenizer.ggml.add_bos_token", Gguf::bool)?.unwrap_or(made.add_bos);
        let add_eos = file.maybe("tokenizer.ggml.add_eos_token", Gguf::bool)?.unwrap_or(made.add_eos);
        let text = |id: Option<u32>| id.map_or("", |id| &parts.tokens[id as usize]);
        let chat_template = file.maybe("tokenizer.chat_template", Gguf::str)?;
        let chat_template =
            chat_template.and_then(|template| ChatTemplate::or_warning(template, text(bos), text(eos), &mut warnings));
        Ok(Self {
            path: file.path().to_owned(),
            encoder: Mutex::new(made.encoder),
            lost,
            vocabulary: parts.vocabulary(made.spelling).map_err(|words| problem(file, words))?,
            before: bos.filter(|_| add_bos),
            after: eos.filter(|_| add_eos),
            leading_space: made.leading_space,
            bos,
            stops,
            chat_template,
            warnings,
        })
    }
}
