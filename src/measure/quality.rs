//! How far the predictions of an arm are from those of the reference: the f32, eager, uncached model of the same
//! files, on the same text.
//!
//! The text is given to both as it is (teacher forcing) in chunks of at most [`CHUNK`] tokens, each from an empty
//! context; every token but the first of all is predicted once. An arm with a KV cache gets a chunk in pieces of
//! [`PIECE`], so that what it reads out of its cache shows in its predictions. Of a chunk the reference's logits
//! are in memory, and those of one arm.

mod divergence;

use super::experiment::{Bench, Ledger, Piece, QualityText, Schedule};
use super::recorder::Cancellable;
use super::request::Prompt;
use super::session::Session;
use crate::arch::{self, Toggles, memory};
use crate::engine::decoder::Wanted;
use crate::engine::probe::Pass;
use crate::engine::{Error, Result};
use crate::record::study::{Arm, Event, Study, Text};
use crate::text::Input;
use divergence::Divergence;
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor};

/// Tokens that are read from an empty context.
const CHUNK: usize = 512;
/// Tokens at a time that go through a KV cache.
const PIECE: usize = 128;
/// Positions whose logits are compared at a time.
const SLICE: i64 = 32;
/// Tokens of a text of one's own that are read at most.
const MOST: usize = 16_384;
/// Characters that are certainly enough for so many tokens, for tokenizers that take time for long texts.
const MOST_TEXT: usize = 32 * MOST;
/// Tokens that stand for a text where there is no tokenizer.
const MADE_UP: u32 = 512;

/// The text that comes with Blockscope; its README says where it is from.
const SHIPPED: &str = include_str!("quality/text.txt");

/// A text, as the tokens of a model.
pub struct Reading {
    pub text: Text,
    ids: Vec<i64>,
}

/// A text that is about to be read by the arms for which that is missing.
pub struct Readings {
    chunks: Vec<Chunk>,
    /// The decoder of the reference.
    reference: usize,
    /// By decoder, the arms that it is of.
    decoders: BTreeMap<usize, Vec<u32>>,
}

/// What is read at once, and the token after each of its tokens.
struct Chunk {
    ids: Vec<i64>,
    next: Vec<i64>,
}

/// Arms that were not refused and whose quality is not known.
pub fn missing(study: &Study) -> Vec<u32> {
    let is_missing = |arm: &Arm| arm.refused.is_none() && arm.quality.is_none();
    (0..).zip(&study.arms).filter(|(_, arm)| is_missing(arm)).map(|(number, _)| number).collect()
}

impl Reading {
    /// Tokenizes a text for the model of `session`; where it has no tokenizer, made-up tokens stand for it.
    ///
    /// # Errors
    /// It gives fewer than two tokens.
    pub fn of(session: &Session, text: &QualityText) -> Result<Self> {
        let model = &session.card().model;
        let (name, ids) = match (text, session.tokenizer()) {
            (_, None) => {
                let ids = session.prompt_ids(&Prompt::Synthetic(MADE_UP.min(model.stack.n_ctx as u32)))?;
                ("made-up tokens, since the model has no tokenizer".to_owned(), ids)
            }
            (QualityText::Shipped, Some(tokenizer)) => {
                ("the text that comes with Blockscope".to_owned(), tokenizer.encode(SHIPPED, Input::Prompt)?)
            }
            (QualityText::Own { name, text }, Some(tokenizer)) => {
                let end = text.char_indices().nth(MOST_TEXT).map_or(text.len(), |(at, _)| at);
                let mut ids = tokenizer.encode(&text[..end], Input::Prompt)?;
                let is_cut = ids.len() > MOST || end < text.len();
                ids.truncate(MOST);
                (if is_cut { format!("the beginning of {name}") } else { name.clone() }, ids)
            }
        };
        if ids.len() < 2 {
            return Err(Error::Request(format!(
                "quality needs a text of two tokens or more, and {name} has {}",
                ids.len()
            )));
        }
        // A file may have a tokenizer with more tokens than the model has rows for.
        if let Some(id) = ids.iter().find(|&&id| id as usize >= model.d_vocab) {
            return Err(Error::Request(format!("token {id} of {name} is outside the vocabulary of {}", model.d_vocab)));
        }
        let text = Text { name, tokens: ids.len() as u32 };
        Ok(Self { text, ids: ids.into_iter().map(i64::from).collect() })
    }

    /// Builds the reference, and puts down what there is to do for these arms, which are built. Nothing is read yet.
    ///
    /// # Errors
    /// The reference does not fit in memory, cannot be loaded, or `progress` returned false.
    pub fn prepare(
        self,
        arms: &[u32],
        bench: &mut Bench,
        ledger: &mut Ledger,
        progress: &mut dyn FnMut(&str, u64, u64) -> bool,
    ) -> Result<Readings> {
        let session = bench.session();
        let toggles = Toggles { threads: session.card().toggles.threads, ..Toggles::reference() };
        let built = check(session, &toggles).and_then(|()| bench.build(&toggles, progress));
        let reference = built.map_err(|error| match error {
            Error::Arch(arch::Error::Memory(why)) => arch::Error::Memory(format!(
                "the f32 reference for the quality: {why}; without quality (--no-quality) it is not needed"
            ))
            .into(),
            error => error,
        })?;
        let mut decoders: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        arms.iter().for_each(|&arm| decoders.entry(bench.decoder_of(arm)).or_default().push(arm));
        let chunks: Vec<Chunk> = chunks(&self.ids, session.card().model.stack.n_ctx).map(Chunk::of).collect();
        let (n, weight) = (chunks.len() as u32, bench.work_of(&toggles, CHUNK.min(self.ids.len()), 1));
        ledger.plan(Piece::Chunk(reference), n, weight);
        // The reference among the arms is compared with itself: that is read once.
        decoders.keys().filter(|&&decoder| decoder != reference).for_each(|&decoder| {
            ledger.plan(Piece::Chunk(decoder), n, weight);
        });
        Ok(Readings { chunks, reference, decoders })
    }
}

impl Chunk {
    /// What is read, of a piece of text that is one token longer.
    fn of(text: &[i64]) -> Self {
        Self { ids: text[..text.len() - 1].to_vec(), next: text[1..].to_vec() }
    }
}

/// The pieces of a text, each with the token after it, which begins the next one.
fn chunks(ids: &[i64], n_ctx: usize) -> impl Iterator<Item = &[i64]> {
    let len = CHUNK.min(n_ctx);
    (0..ids.len().saturating_sub(1)).step_by(len).map(move |start| &ids[start..(start + len + 1).min(ids.len())])
}

impl Readings {
    /// Reads the text under the reference and under every arm, and tells what was found.
    ///
    /// # Errors
    /// It was cancelled, or an arm's logits are no numbers.
    pub fn measure(&self, bench: &Bench, schedule: &mut Schedule) -> Result<()> {
        let mut found: BTreeMap<usize, Divergence> = BTreeMap::new();
        for (number, chunk) in self.chunks.iter().enumerate() {
            let stage = format!("quality · chunk {} of {}", number + 1, self.chunks.len());
            let kept = schedule.timed(Piece::Chunk(self.reference), format!("{stage} · reference"), || {
                let mut kept = Tensor::new();
                read(bench, self.reference, chunk, &mut |_, logits| {
                    kept = logits;
                    Ok(())
                })?;
                Ok(kept)
            })?;
            for (&decoder, arms) in &self.decoders {
                let divergence = found.entry(decoder).or_default();
                if decoder == self.reference {
                    compare(&kept, &kept, chunk, 0, divergence)
                        .map_err(|position| unreadable("the reference", position))?;
                    continue;
                }
                let name = schedule.study.arms[arms[0] as usize].name.clone();
                schedule.timed(Piece::Chunk(decoder), format!("{stage} · {name}"), || {
                    read(bench, decoder, chunk, &mut |start, logits| {
                        compare(&kept, &logits, chunk, start, divergence)
                            .map_err(|position| unreadable(&name, position))
                    })
                })?;
            }
        }
        for (decoder, arms) in &self.decoders {
            let quality = found.get(decoder).and_then(Divergence::quality);
            for (&arm, quality) in arms.iter().zip(quality.into_iter().cycle()) {
                schedule.tell(Event::Quality { arm, quality });
            }
        }
        Ok(())
    }
}

/// The logits of a chunk from an empty context: whole, or for a decoder with a cache piece after piece. `each` is
/// given where a piece begins, and its logits. [1, T, d_vocab]
fn read(bench: &Bench, decoder: usize, chunk: &Chunk, each: &mut dyn FnMut(usize, Tensor) -> Result<()>) -> Result<()> {
    let (toggles, decoder) = bench.decoder(decoder);
    let mut cache = toggles.kv_cache.then(|| decoder.new_cache(1, chunk.ids.len()));
    let piece = if cache.is_some() { PIECE } else { CHUNK };
    for (number, ids) in chunk.ids.chunks(piece).enumerate() {
        let mut probe = Cancellable(bench.control());
        let logits =
            decoder.forward(&decoder.input(ids, 1), cache.as_mut(), Wanted::All, &mut Pass::new(&mut probe))?;
        each(number * piece, logits)?;
    }
    Ok(())
}

/// Compares the logits of a piece that begins at `start` with the reference's of the whole chunk, some positions
/// at a time.
fn compare(reference: &Tensor, logits: &Tensor, chunk: &Chunk, start: usize, to: &mut Divergence) -> Result<(), usize> {
    let (positions, d_vocab) = (logits.size()[1], logits.size()[2]);
    for at in (0..positions).step_by(SLICE as usize) {
        let n = SLICE.min(positions - at);
        let from = start as i64 + at;
        let next = &chunk.next[from as usize..(from + n) as usize];
        to.add(&floats(reference, from, n), &floats(logits, at, n), d_vocab as usize, next)?;
    }
    Ok(())
}

/// The logits of `n` positions from `at` on, row by row.
fn floats(logits: &Tensor, at: i64, n: i64) -> Vec<f32> {
    let rows = logits.narrow(1, at, n).to_device(Device::Cpu).to_kind(Kind::Float).contiguous();
    let mut floats = vec![0.0; rows.numel()];
    rows.copy_data(&mut floats, rows.numel());
    floats
}

/// Refuses to read where the logits of a chunk, the reference's and an arm's, do not fit beside what there is.
fn check(session: &Session, reference: &Toggles) -> Result<()> {
    let (model, available) = (&session.card().model, session.card().device.memory());
    let len = CHUNK.min(model.stack.n_ctx);
    let logits = 2 * (len * model.d_vocab * 4) as u64;
    Ok(memory::check_run(model, reference, len, len, available.saturating_sub(logits))?)
}

fn unreadable(name: &str, position: usize) -> Error {
    Error::Request(format!(
        "{name}: a logit at position {position} of the text is no finite number, so there is no quality to speak of; \
         without quality (--no-quality) its times can be had"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_but_the_first_is_predicted_once() {
        for (n, n_ctx, lengths) in
            [(2, 8192, vec![1]), (513, 8192, vec![512]), (514, 8192, vec![512, 1]), (20, 8, vec![8, 8, 3])]
        {
            let ids: Vec<i64> = (0..n).collect();
            let chunks: Vec<Chunk> = chunks(&ids, n_ctx).map(Chunk::of).collect();
            assert_eq!(chunks.iter().map(|chunk| chunk.ids.len()).collect::<Vec<_>>(), lengths);
            let next: Vec<i64> = chunks.iter().flat_map(|chunk| chunk.next.clone()).collect();
            assert_eq!(next, ids[1..]);
            assert!(chunks.iter().all(|chunk| chunk.ids.iter().zip(&chunk.next).all(|(id, next)| id + 1 == *next)));
        }
    }
}
