//! SentencePiece's two kinds of vocabulary, whose tokens have scores.

use super::made::{Made, problem, token_id};
use super::tokens;
use crate::gguf::Gguf;
use crate::text::Result;
use crate::text::algorithm::Sums;
use crate::text::encoder::Encoder;
use crate::text::normalizer::{CharsMap, End, Normalizer, Sentence};
use crate::text::parts::{Kind, Parts};
use crate::text::scored::{Rules, Scored};
use crate::text::vocabulary::Spelling;

/// The neighbours whose token scores best are joined.
pub fn join(file: &Gguf, parts: &mut Parts, warnings: &mut Vec<String>) -> Result<Made> {
    // Text that is no token becomes `unk` only where that is one.
    let unknown = token_id(file, parts, "unknown")?.unwrap_or(0);
    let unknown = Some(unknown).filter(|&unknown| parts.kinds[unknown as usize].is_mark());
    let encoder = encoder(file, parts, Scored::Join, unknown, warnings)?;
    let added = add_space(file, true)?;
    Ok(Made { encoder, spelling: Spelling::SentencePiece, add_bos: true, add_eos: false, leading_space: added })
}

/// The pieces whose scores add up to the most are taken.
pub fn unigram(file: &Gguf, parts: &mut Parts, warnings: &mut Vec<String>) -> Result<Made> {
    let unknown = token_id(file, parts, "unknown")?.or(parts.of(Kind::Unknown).first().copied());
    let unknown = unknown.ok_or_else(|| problem(file, "expected a token for what is unknown, found none"))?;
    let encoder = encoder(file, parts, Scored::Unigram(Sums::Double), Some(unknown), warnings)?;
    let added = add_space(file, false)?;
    Ok(Made { encoder, spelling: Spelling::SentencePiece, add_bos: false, add_eos: true, leading_space: added })
}

fn add_space(file: &Gguf, otherwise: bool) -> Result<bool> {
    Ok(file.maybe("tokenizer.ggml.add_space_prefix", Gguf::bool)?.unwrap_or(otherwise))
}

fn encoder(
    file: &Gguf,
    parts: &mut Parts,
    algorithm: Scored,
    unknown: Option<u32>,
    warnings: &mut Vec<String>,
) -> Result<Encoder> {
    parts.scores = tokens::scores(file, parts)?;
    let rules = Rules { algorithm, bytes: true, unknown };
    let mut encoder = Encoder::new(parts.scored(rules, warnings));
    let table = file.maybe("tokenizer.ggml.precompiled_charsmap", Gguf::ints)?.unwrap_or_default();
    let table: Vec<u8> = table.into_iter().map(|byte| byte as u8).collect(); // signed in some files
    let merge_spaces = file.maybe("tokenizer.ggml.remove_extra_whitespaces", Gguf::bool)?.unwrap_or(false);
    let sentence = Sentence {
        replacements: CharsMap::read(&table).map_err(|words| problem(file, words))?,
        added_space: add_space(file, algorithm == Scored::Join)?.then_some(End::Front),
        merge_spaces,
        ..Sentence::plain(false)
    };
    let normalizer = Some(Normalizer::Sentence(sentence));
    encoder.with_normalizer(normalizer).map_err(|error| problem(file, error.to_string()))?;
    Ok(encoder)
}
