//! Sequences that are continued side by side, token by token.

use super::sampling::{Sampler, Sampling};
use crate::arch::Toggles;
use crate::arch::toggles::Logits;
use crate::arch::work::PassShape;
use crate::engine::cache::KvCache;
use crate::engine::decoder::Wanted;
use crate::engine::probe::Pass;
use crate::engine::{Decoder, Result};
use tch::{Kind, Tensor};

/// As many sequences as the toggles say, each begun with the same prompt.
pub struct Sequences<'a> {
    decoder: &'a Decoder,
    /// By sequence; all have the same length.
    ids: Vec<Vec<i64>>,
    samplers: Vec<Sampler>,
    cache: Option<KvCache>,
    logits: Logits,
}

/// The first sequence's new token: it is shown, and ends the others too.
pub struct Chosen {
    pub id: u32,
    /// Over the whole vocabulary.
    pub logits: Vec<f32>,
}

impl<'a> Sequences<'a> {
    /// With room for `new` tokens after the prompt.
    pub fn new(decoder: &'a Decoder, toggles: &Toggles, prompt: &[u32], new: usize, sampling: Sampling) -> Self {
        let prompt: Vec<i64> = prompt.iter().map(|&id| i64::from(id)).collect();
        Self {
            decoder,
            cache: toggles.kv_cache.then(|| decoder.new_cache(toggles.batch, prompt.len() + new)),
            samplers: (0..toggles.batch as u64).map(|sequence| Sampler::new(sampling.of(sequence))).collect(),
            ids: vec![prompt; toggles.batch],
            logits: toggles.logits,
        }
    }

    /// Gives every sequence these tokens to go on with.
    pub fn push(&mut self, tokens: &[u32]) {
        for ids in &mut self.ids {
            ids.extend(tokens.iter().map(|&id| i64::from(id)));
        }
    }

    /// The shape of the next pass: with a cache only the newest token is new; without one, everything is computed
    /// again.
    pub fn shape(&self) -> PassShape {
        let past = self.cache.as_ref().map_or(0, KvCache::len);
        let new = self.ids[0].len() - past;
        let logits = if self.logits == Logits::All { new } else { 1 };
        PassShape { batch: self.ids.len(), new, past, logits }
    }

    /// The ids of the next pass. [batch, new]
    pub fn input(&self) -> Tensor {
        let past = self.shape().past;
        let ids: Vec<i64> = self.ids.iter().flat_map(|ids| &ids[past..]).copied().collect();
        self.decoder.input(&ids, self.ids.len())
    }

    /// The next pass. [batch, new] → [batch, new or 1, d_vocab]
    ///
    /// # Errors
    /// As [`Decoder::forward`].
    pub fn forward(&mut self, input: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let wanted = if self.logits == Logits::All { Wanted::All } else { Wanted::Last };
        self.decoder.forward(input, self.cache.as_mut(), wanted, pass)
    }

    /// Chooses the next token of every sequence and adds it.
    ///
    /// # Errors
    /// The logits cannot be read.
    pub fn choose(&mut self, logits: &Tensor) -> Result<Chosen> {
        let last = logits.select(1, -1).to_kind(Kind::Float).contiguous().view([-1]);
        let mut logits: Vec<f32> = Vec::try_from(&last)?;
        let d_vocab = logits.len() / self.ids.len();
        let mut chosen = Vec::with_capacity(self.ids.len());
        for ((ids, sampler), logits) in self.ids.iter_mut().zip(&mut self.samplers).zip(logits.chunks_exact(d_vocab)) {
            let id = sampler.choose(logits);
            ids.push(i64::from(id));
            chosen.push(id);
        }
        logits.truncate(d_vocab);
        Ok(Chosen { id: chosen[0], logits })
    }
}
