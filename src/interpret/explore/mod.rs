//! What one pass over a text leaves to be looked at: for every head its queries and keys, for every block the
//! residual stream. The matrices of attention are never kept, and need not be: any part of one is made when
//! somebody looks at it, as exp(score − LSE), so that memory grows with the text and not with its square while
//! the model computes attention as fast as it likes.
//!
//! ```text
//! pass ─▶ Keeper ─▶ Exploration ─▶ heads: patterns, scores   (of Q, K and log-sum-exp)
//!                               ─▶ lens, attribution, neurons (of the residual stream, with the model)
//!                               ─▶ importance                (of the residual stream, through what is left of the model)
//! ```

mod activations;
mod attribution;
mod exploration;
mod file;
mod grow;
mod heads;
mod importance;
mod lens;
mod neurons;
mod repeated;
mod survey;
mod tensors;
mod worth;

pub use exploration::Exploration;
pub use file::{Captured, LensRequest};
pub use heads::{Heads, Scoring};
pub use survey::BlockHeads;
pub use tensors::numbers;

use crate::arch::memory;
use crate::engine::Result;
use crate::engine::decoder::Wanted;
use crate::engine::probe::Pass;
use crate::measure::{Control, Session};
use activations::Keeper;
use exploration::Layer;
use tensors::trim_if_long;

impl Session {
    /// Runs `ids` once, without a cache, and keeps what there is to look at. `progress` is told how many blocks are
    /// done.
    ///
    /// # Errors
    /// There is no memory for it; the pass was cancelled.
    pub fn explore(&self, ids: &[u32], control: &Control, progress: &mut dyn FnMut(usize)) -> Result<Exploration> {
        let _no_grad = tch::no_grad_guard();
        let (model, decoder) = (&self.card().model, self.decoder());
        memory::check_exploration(model, &self.card().toggles, ids.len(), self.card().device.memory())?;
        let input: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
        let mut keep = Keeper::new(control, progress);
        let _logits = decoder.forward(&decoder.input(&input, 1), None, Wanted::Last, &mut Pass::new(&mut keep))?;
        let (embed, kept) = keep.kept(model.n_layers())?;
        let layer = |(block, kept)| {
            trim_if_long(ids.len() as i64);
            Layer::of(kept, Scoring::of_block(decoder, block))
        };
        Ok(Exploration::new(ids.to_vec(), embed, kept.into_iter().enumerate().map(layer).collect()))
    }
}
