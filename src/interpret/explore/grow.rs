//! Generated tokens: each adds a row and a column to every pattern while the model decodes.

use super::activations::{BlockActivations, Keeper};
use super::exploration::{Exploration, Layer};
use crate::engine::cache::KvCache;
use crate::engine::decoder::Wanted;
use crate::engine::probe::Pass;
use crate::engine::{Error, Result};
use crate::measure::{Control, Session};
use tch::Tensor;

impl Session {
    /// A cache as it is when a text has been read: keys and values are at hand, so nothing is computed for it.
    pub fn cache_of(&self, seen: &Exploration) -> KvCache {
        let _no_grad = tch::no_grad_guard();
        let mut cache = self.decoder().new_cache(1, seen.len());
        for (block, layer) in seen.blocks.iter().enumerate() {
            let keys = layer.heads.k.unsqueeze(0).to_device(layer.v.device());
            let _ = cache.layer(block).append(&keys, &layer.v.unsqueeze(0));
        }
        cache
    }

    /// Decodes the likeliest token after a text, and sees the text with it. `cache` is that of the text, and takes the
    /// token in.
    ///
    /// # Errors
    /// The context is full; it was cancelled.
    pub fn grow(&self, seen: &Exploration, cache: &mut KvCache, control: &Control) -> Result<Exploration> {
        let _no_grad = tch::no_grad_guard();
        let (decoder, model) = (self.decoder(), &self.card().model);
        if seen.len() >= model.stack.n_ctx {
            return Err(Error::Request(format!("the model's context of {} positions is full", model.stack.n_ctx)));
        }
        let next = i64::from(seen.likeliest(decoder, seen.len() - 1));
        let mut progress = |_| {};
        let mut keep = Keeper::new(control, &mut progress);
        let _logits =
            decoder.forward(&decoder.input(&[next], 1), Some(cache), Wanted::Last, &mut Pass::new(&mut keep))?;
        let (embed, kept) = keep.kept(model.n_layers())?;
        let blocks = seen.blocks.iter().zip(kept).map(|(layer, kept)| layer.grown(&kept)).collect();
        let mut ids = seen.ids.clone();
        ids.push(next as u32);
        Ok(Exploration::new(ids, Tensor::cat(&[&seen.embed, &embed], 0), blocks))
    }
}

impl Layer {
    /// With one more position.
    fn grown(&self, kept: &BlockActivations) -> Self {
        let and = |have: &Tensor, more: &Tensor, along: i64| Tensor::cat(&[have, &more.to_kind(have.kind())], along);
        Self {
            heads: self.heads.grown(&kept.q, &kept.k),
            v: and(&self.v, &kept.v, 1),
            mid: and(&self.mid, &kept.mid, 0),
            post: and(&self.post, &kept.post, 0),
        }
    }
}
