//! WordPiece, as BERT has it: of a word, the longest token that it begins with, then of the rest, again and again.

use super::made::{Made, problem, token_id};
use crate::gguf::Gguf;
use crate::text::Result;
use crate::text::algorithm::Algorithm;
use crate::text::encoder::Encoder;
use crate::text::normalizer::{Normalizer, SPACE};
use crate::text::parts::Parts;
use crate::text::split::PreTokenizer;
use crate::text::vocabulary::Spelling;
use tokenizers::models::bpe::Vocab;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

/// The token for what is unknown, where the file names none.
const UNKNOWN: u32 = 100;

/// Of `vocab.txt`, which spells what continues a word `##ing`, GGUF files spell what begins one `▁play`.
pub fn read(file: &Gguf, parts: &Parts) -> Result<Made> {
    let failed = |error: tokenizers::Error| problem(file, error.to_string());
    let unknown = token_id(file, parts, "unknown")?.unwrap_or(UNKNOWN);
    let unknown = parts.tokens.get(unknown as usize);
    let unknown = unknown.ok_or_else(|| problem(file, "expected a token for what is unknown, found none"))?;
    let spelled = |token: &str, is_mark: bool| match token.strip_prefix(SPACE) {
        Some(begins) => begins.to_owned(),
        None if is_mark || token.starts_with('[') && token.ends_with(']') => token.to_owned(),
        None => format!("##{token}"),
    };
    let mut model = WordPiece::builder().unk_token(unknown.clone());
    let ids: Vocab = parts.with_ids().map(|(id, token, kind)| (spelled(token, kind.is_mark()), id)).collect();
    model = model.vocab(ids);
    let mut encoder = Encoder::new(Algorithm::Crate(model.build().map_err(failed)?.into()));
    let lowercase = file.maybe("tokenizer.ggml.normalizer.lowercase", Gguf::bool)?.unwrap_or(true);
    let strip_accents = file.maybe("tokenizer.ggml.normalizer.strip_accents", Gguf::bool)?;
    let normalizer = BertNormalizer::new(true, true, strip_accents, lowercase);
    encoder.with_normalizer(Some(Normalizer::Crate(normalizer.into()))).map_err(failed)?;
    encoder.with_pre_tokenizer(Some(PreTokenizer::Crate(BertPreTokenizer.into())));
    let spelling = Spelling::SentencePiece;
    Ok(Made { encoder, spelling, add_bos: true, add_eos: true, leading_space: true })
}
