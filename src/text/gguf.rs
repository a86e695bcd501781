//! A tokenizer out of a GGUF file's own vocabulary.

use super::split::Splitting;
use super::vocabulary::{Spelling, Vocabulary, byte_token, bytes_without_token};
use super::{ChatTemplate, Error, Result, Tokenizer, guarded};
use crate::gguf::Gguf;
use std::collections::HashSet;
use std::sync::Mutex;
use tokenizers::AddedToken;
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::{NormalizerWrapper, Prepend, Replace, Sequence};

/// A token longer than this many bytes is not looked for in a text piece by piece.
const LONGEST_MERGED: usize = 256;

/// Marks that end a turn, in the families that do not name theirs in the metadata.
const END_OF_TURN: [&str; 6] =
    ["<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>"];

/// What a token is, by ggml's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text.
    Normal,
    /// A mark that is not text, `unk` too.
    Control,
    /// Text that is always one token, whatever surrounds it.
    UserDefined,
    /// In the vocabulary, but not to be produced.
    Unused,
    /// One byte of a character that has no token.
    Byte,
}

/// The vocabulary as it stands in the file.
struct Parts {
    tokens: Vec<String>,
    kinds: Vec<Kind>,
}

impl Tokenizer {
    /// Builds the tokenizer that the metadata of `file` describes: byte-level BPE or SentencePiece.
    ///
    /// # Errors
    /// When there is no vocabulary, it contradicts itself or is of another kind.
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
        let parts = Parts::read(file)?;
        let model = file.str("tokenizer.ggml.model")?;
        let spelling = match model {
            "gpt2" => Spelling::ByteLevel,
            "llama" => Spelling::SentencePiece,
            other => {
                let other = crate::text::shown::line(other);
                return Err(problem(file, format!("expected a vocabulary `gpt2` or `llama`, found `{other}`")));
            }
        };
        let (mut encoder, add_bos, add_space) = match spelling {
            Spelling::ByteLevel => {
                let splitting = splitting(file, &mut warnings)?;
                (byte_level(file, &parts, splitting, &mut warnings)?, splitting.add_bos, false)
            }
            _ => {
                let add_space = file.maybe("tokenizer.ggml.add_space_prefix", Gguf::bool)?.unwrap_or(true);
                (sentence_piece(file, &parts, add_space, &mut warnings)?, true, add_space)
            }
        };
        encoder.add_tokens(parts.added()).map_err(|error| problem(file, error.to_string()))?;
        let lost = match spelling {
            Spelling::ByteLevel => bytes_without_token(parts.tokens.iter().map(String::as_str)),
            _ => [false; 256], // becomes `unk`, which shows
        };

        let id = |key: &str| -> Result<Option<u32>> {
            let id = file.maybe(key, Gguf::u32)?;
            Ok(id.filter(|&id| (id as usize) < parts.tokens.len()))
        };
        let (bos, eos) = (id("tokenizer.ggml.bos_token_id")?, id("tokenizer.ggml.eos_token_id")?);
        let mut stops: Vec<u32> = eos.into_iter().collect();
        stops.extend(id("tokenizer.ggml.eot_token_id")?);
        stops.extend(id("tokenizer.ggml.eom_token_id")?);
        stops.extend(parts.controls().filter(|(_, text)| END_OF_TURN.contains(text)).map(|(id, _)| id));
        stops.sort_unstable();
        stops.dedup();

        let add_bos = file.maybe("tokenizer.ggml.add_bos_token", Gguf::bool)?.unwrap_or(add_bos);
        let add_eos = file.maybe("tokenizer.ggml.add_eos_token", Gguf::bool)?.unwrap_or(false);
        let text = |id: Option<u32>| id.map_or("", |id| &parts.tokens[id as usize]);
        let chat_template = file.maybe("tokenizer.chat_template", Gguf::str)?;
        let chat_template =
            chat_template.and_then(|template| ChatTemplate::or_warning(template, text(bos), text(eos), &mut warnings));
        Ok(Self {
            path: file.path().to_owned(),
            encoder: Mutex::new(encoder),
            lost,
            vocabulary: parts.vocabulary(spelling).map_err(|words| problem(file, words))?,
            before: bos.filter(|_| add_bos),
            after: eos.filter(|_| add_eos),
            leading_space: add_space,
            bos,
            stops,
            chat_template,
            warnings,
        })
    }
}

impl Parts {
    fn read(file: &Gguf) -> Result<Self> {
        let tokens = file.strings("tokenizer.ggml.tokens")?;
        if tokens.is_empty() {
            return Err(problem(file, "its vocabulary is empty".into()));
        }
        let kinds = match file.maybe("tokenizer.ggml.token_type", Gguf::ints)? {
            Some(kinds) if kinds.len() == tokens.len() => kinds.into_iter().map(Kind::from_number).collect(),
            Some(kinds) => {
                let found = format!("expected {} token types, one for each token, found {}", tokens.len(), kinds.len());
                return Err(problem(file, found));
            }
            None => Self::guess_kinds(file, &tokens)?,
        };
        Ok(Self { tokens, kinds })
    }

    /// Without types: what the file names as marks are marks, `<0x0A>` is a byte, the rest is text.
    fn guess_kinds(file: &Gguf, tokens: &[String]) -> Result<Vec<Kind>> {
        let kind = |token: &String| if byte_token(token).is_some() { Kind::Byte } else { Kind::Normal };
        let mut kinds: Vec<Kind> = tokens.iter().map(kind).collect();
        for name in ["bos", "eos", "unknown", "padding", "separator"] {
            if let Some(id) = file.maybe(&format!("tokenizer.ggml.{name}_token_id"), Gguf::usize)?
                && let Some(kind) = kinds.get_mut(id)
            {
                *kind = Kind::Control;
            }
        }
        Ok(kinds)
    }

    fn with_ids(&self) -> impl Iterator<Item = (u32, &str, Kind)> {
        (0_u32..).zip(&self.tokens).zip(&self.kinds).map(|((id, token), kind)| (id, token.as_str(), *kind))
    }

    fn controls(&self) -> impl Iterator<Item = (u32, &str)> {
        self.with_ids().filter(|(.., kind)| *kind == Kind::Control).map(|(id, token, _)| (id, token))
    }

    /// Of two tokens that are spelled the same, text finds the first.
    fn ids(&self) -> Vocab {
        let mut ids = Vocab::with_capacity(self.tokens.len());
        for (id, token, _) in self.with_ids() {
            ids.entry(token.to_owned()).or_insert(id);
        }
        ids
    }

    /// The tokens that are found in a text before anything else.
    fn added(&self) -> Vec<AddedToken> {
        let added = self.with_ids().filter(|(.., kind)| matches!(kind, Kind::Control | Kind::UserDefined));
        added.map(|(_, text, kind)| AddedToken::from(text, kind == Kind::Control).normalized(false)).collect()
    }

    fn vocabulary(&self, spelling: Spelling) -> Result<Vocabulary, String> {
        Vocabulary::new(self.with_ids().map(|(id, token, kind)| match kind {
            Kind::Control | Kind::UserDefined => (id, token.as_bytes().to_vec(), kind == Kind::Control),
            Kind::Normal | Kind::Unused | Kind::Byte => (id, spelling.bytes(token), false),
        }))
    }
}

impl Kind {
    fn from_number(number: i64) -> Self {
        match number {
            2 | 3 => Kind::Control,
            4 => Kind::UserDefined,
            5 => Kind::Unused,
            6 => Kind::Byte,
            _ => Kind::Normal,
        }
    }
}

/// How the file wants text split; what is missing or unknown is guessed, with a warning.
fn splitting(file: &Gguf, warnings: &mut Vec<String>) -> Result<Splitting> {
    let name = file.maybe("tokenizer.ggml.pre", Gguf::str)?;
    Ok(name.and_then(Splitting::named).unwrap_or_else(|| {
        let found = match name {
            Some(name) => format!("its pre-tokenizer `{}` is not known here", crate::text::shown::line(name)),
            None => "it does not name its pre-tokenizer".to_owned(),
        };
        warnings.push(format!("{found}: text is split as GPT-2 does, and some tokens may differ from the model's own"));
        Splitting::fallback()
    }))
}

fn byte_level(
    file: &Gguf,
    parts: &Parts,
    splitting: Splitting,
    warnings: &mut Vec<String>,
) -> Result<tokenizers::Tokenizer> {
    let ids = parts.ids();
    let lines = file.strings("tokenizer.ggml.merges")?;
    let mut seen = HashSet::new();
    let mut merges = Merges::with_capacity(lines.len());
    let mut dropped = 0;
    for line in &lines {
        let pair = line.split_once(' ').filter(|(left, right)| {
            ids.contains_key(*left) && ids.contains_key(*right) && ids.contains_key(&format!("{left}{right}"))
        });
        match pair {
            Some((left, right)) if seen.insert((left, right)) => merges.push((left.to_owned(), right.to_owned())),
            _ => dropped += 1,
        }
    }
    if dropped > 0 {
        warnings.push(format!(
            "{dropped} of its {} merges name no tokens of the vocabulary, or repeat others",
            lines.len()
        ));
    }
    let built = BPE::builder().vocab_and_merges(ids, merges).ignore_merges(splitting.whole_words).build();
    let mut encoder = tokenizers::Tokenizer::new(built.map_err(|error| problem(file, error.to_string()))?);
    let splitting = splitting.pre_tokenizer().map_err(|error| problem(file, error.to_string()))?;
    encoder.with_pre_tokenizer(Some(splitting));
    Ok(encoder)
}

/// SentencePiece joins, again and again, the two neighbours whose token has the best score. The same as
/// BPE: every way to make a token out of two others is a merge, ranked by the score of what it makes.
fn sentence_piece(
    file: &Gguf,
    parts: &Parts,
    add_space: bool,
    warnings: &mut Vec<String>,
) -> Result<tokenizers::Tokenizer> {
    let scores = file.floats("tokenizer.ggml.scores")?;
    if scores.len() != parts.tokens.len() {
        let found = format!("expected {} scores, one for each token, found {}", parts.tokens.len(), scores.len());
        return Err(problem(file, found));
    }
    let text = |kind| kind == Kind::Normal; // marks, bytes and what is frozen never take part
    let pieces: HashSet<&str> = parts.with_ids().filter(|&(.., kind)| text(kind)).map(|(_, token, _)| token).collect();
    let mut ranked: Vec<(f32, &str, &str)> = Vec::new();
    let mut too_long = 0;
    for (id, token, _) in parts.with_ids().filter(|&(.., kind)| text(kind)) {
        if token.len() > LONGEST_MERGED {
            too_long += 1;
            continue;
        }
        let cuts = token.char_indices().skip(1).map(|(cut, _)| token.split_at(cut));
        let known = cuts.filter(|(left, right)| pieces.contains(left) && pieces.contains(right));
        ranked.extend(known.map(|(left, right)| (scores[id as usize], left, right)));
    }
    if too_long > 0 {
        warnings.push(format!("{too_long} tokens are longer than {LONGEST_MERGED} bytes and are never made of text"));
    }
    // Of equal scores, the longer left piece first.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.len().cmp(&a.1.len())));
    let mut seen = HashSet::new();
    ranked.retain(|(_, left, right)| seen.insert((*left, *right)));
    let merges = ranked.into_iter().map(|(_, left, right)| (left.to_owned(), right.to_owned())).collect();

    let mut bpe = BPE::builder().vocab_and_merges(parts.ids(), merges).byte_fallback(true).fuse_unk(true);
    let unknown = file.maybe("tokenizer.ggml.unknown_token_id", Gguf::usize)?.unwrap_or(0);
    if let Some(unknown) = parts.tokens.get(unknown).filter(|_| parts.kinds[unknown] == Kind::Control) {
        bpe = bpe.unk_token(unknown.clone());
    }
    let mut encoder = tokenizers::Tokenizer::new(bpe.build().map_err(|error| problem(file, error.to_string()))?);
    let spaces = Replace::new(" ", "▁").map_err(|error| problem(file, error.to_string()))?;
    let mut steps: Vec<NormalizerWrapper> = Vec::new();
    if add_space {
        steps.push(Prepend::new("▁".into()).into());
    }
    steps.push(spaces.into());
    encoder.with_normalizer(Some(Sequence::new(steps))).map_err(|error| problem(file, error.to_string()))?;
    Ok(encoder)
}

fn problem(file: &Gguf, words: String) -> Error {
    Error::file(file.path(), words)
}
