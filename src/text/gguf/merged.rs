//! Byte-pair encoding with the merges in a list.

use super::made::{Made, problem};
use crate::gguf::Gguf;
use crate::text::algorithm::Algorithm;
use crate::text::encoder::Encoder;
use crate::text::normalizer::{Normalizer, Sentence};
use crate::text::parts::{Kind, Parts};
use crate::text::split::Splitting;
use crate::text::vocabulary::Spelling;
use crate::text::{Result, shown};
use std::collections::HashSet;
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::unicode::NFC;

/// Of `pre`, or where that is none, of what the file names.
pub fn read(file: &Gguf, parts: &Parts, pre: Option<&str>, warnings: &mut Vec<String>) -> Result<Made> {
    let failed = |error: tokenizers::Error| problem(file, error.to_string());
    let splitting = splitting(file, pre, warnings)?;
    let (vocab, merges) = merges(file, parts, warnings)?;
    let mut bpe = BPE::builder().vocab_and_merges(vocab, merges).ignore_merges(splitting.whole_words);
    let normalizer = if !splitting.byte_level {
        bpe = bpe.byte_fallback(true).fuse_unk(true);
        if let Some(unknown) = parts.of(Kind::Unknown).first() {
            bpe = bpe.unk_token(parts.tokens[*unknown as usize].clone());
        }
        Some(Normalizer::Sentence(Sentence::plain(false)))
    } else {
        splitting.composed.then(|| Normalizer::Crate(NFC.into()))
    };
    let mut encoder = Encoder::new(Algorithm::Crate(bpe.build().map_err(failed)?.into()));
    encoder.with_normalizer(normalizer).map_err(failed)?;
    encoder.with_pre_tokenizer(Some(splitting.pre_tokenizer().map_err(failed)?));
    let spelling = if splitting.byte_level { Spelling::ByteLevel } else { Spelling::SentencePiece };
    Ok(Made { encoder, spelling, add_bos: splitting.add_bos, add_eos: false, leading_space: false })
}

/// How the file wants text split. What it does not say is guessed, with a warning; what is not known is refused, for
/// other words make other tokens.
fn splitting(file: &Gguf, pre: Option<&str>, warnings: &mut Vec<String>) -> Result<Splitting> {
    let name = match pre {
        Some(name) => Some(name),
        None => file.maybe("tokenizer.ggml.pre", Gguf::str)?,
    };
    let Some(name) = name else {
        warnings.push(
            "it does not name its pre-tokenizer: text is split as GPT-2 does, and some tokens may differ from the \
             model's own"
                .into(),
        );
        return Splitting::named("gpt-2").ok_or_else(|| problem(file, "GPT-2's words are missing in the table"));
    };
    Splitting::named(name).ok_or_else(|| {
        let found = format!("its pre-tokenizer `{}` is not known here", shown::line(name));
        problem(file, format!("{found}, so its tokens would not be the model's own"))
    })
}

/// The tokens by their spelling, of two that are spelled the same the first, and the merges that make tokens of tokens.
fn merges(file: &Gguf, parts: &Parts, warnings: &mut Vec<String>) -> Result<(Vocab, Merges)> {
    let mut ids = Vocab::with_capacity(parts.tokens.len());
    for (id, token, _) in parts.with_ids() {
        ids.entry(token.to_owned()).or_insert(id);
    }
    let lines = file.strings("tokenizer.ggml.merges")?;
    let mut seen = HashSet::with_capacity(lines.len());
    let mut merges = Merges::with_capacity(lines.len());
    let mut dropped = 0;
    let mut made = String::new();
    for line in &lines {
        let pair = line.split_once(' ').filter(|(left, right)| {
            made.clear();
            made.push_str(left);
            made.push_str(right);
            ids.contains_key(*left) && ids.contains_key(*right) && ids.contains_key(&made)
        });
        match pair {
            Some((left, right)) if seen.insert((left, right)) => merges.push((left.to_owned(), right.to_owned())),
            _ => dropped += 1,
        }
    }
    if dropped > 0 {
        let all = lines.len();
        warnings.push(format!("{dropped} of its {all} merges name no tokens of the vocabulary, or repeat others"));
    }
    Ok((ids, merges))
}
