//! What experiments are made on: a loaded model and a text.

use crate::arch::Toggles;
use crate::arch::formats::Precision;
use crate::arch::hook::Hook;
use crate::arch::path::Place;
#[cfg(test)]
use crate::arch::role::Role;
use crate::arch::toggles::Kernels;
use crate::engine::cache::KvCache;
use crate::engine::decoder::Wanted;
use crate::engine::probe::{Pass, Probe, Unwatched};
use crate::engine::{Decoder, Error, Result};
use crate::interpret::Exploration;
use crate::measure::{Control, Session};
use crate::text::Tokenizer;
use std::cell::OnceCell;
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

/// Fewer positions than this show nothing; more make experiments slow.
const POSITIONS: std::ops::RangeInclusive<usize> = 4..=64;

/// A loaded model, and the text that experiments are made on.
pub struct Subject<'a> {
    pub session: &'a Session,
    pub control: &'a Control,
    /// At most 64.
    pub ids: Vec<u32>,
    explored: OnceCell<Exploration>,
    /// What breaks the model, so that tests see which experiments notice.
    #[cfg(test)]
    pub(super) broken: Option<fn(Place<Hook>, Tensor) -> Tensor>,
}

/// Activations of one pass, by block and name, without the dimension of the batch.
pub struct Activations(HashMap<(Option<usize>, Hook), Tensor>);

impl<'a> Subject<'a> {
    /// With as much of the text as experiments need.
    ///
    /// # Errors
    /// The text is too short for them.
    pub fn new(session: &'a Session, mut ids: Vec<u32>, control: &'a Control) -> Result<Self> {
        if ids.len() < *POSITIONS.start() {
            let problem = format!(
                "a text of {} tokens is too short: experiments need {}, so write more",
                ids.len(),
                POSITIONS.start()
            );
            return Err(Error::Request(problem));
        }
        ids.truncate(*POSITIONS.end());
        Ok(Self {
            session,
            control,
            ids,
            explored: OnceCell::new(),
            #[cfg(test)]
            broken: None,
        })
    }

    /// Whether to go on.
    pub(super) fn check(&self) -> Result<()> {
        if self.control.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    pub(super) fn toggles(&self) -> &Toggles {
        &self.session.card().toggles
    }

    /// A block in the middle.
    pub(super) fn block(&self) -> usize {
        self.session.card().model.n_layers() / 2
    }

    /// How far two ways to the same result may differ, as a share of the largest number: the rounding of the format in
    /// which the model computes, some blocks deep. Products with weights of another format round to that on their way,
    /// but for f16 in our own kernels, which widen it.
    pub(super) fn rounding(&self) -> f64 {
        let (toggles, device) = (self.toggles(), self.session.card().device);
        let widened = toggles.kernels == Kernels::Native && device == crate::engine::Device::Cpu;
        let exact = |format| format == Precision::F32 || format == Precision::F16 && widened;
        let all_exact = toggles.compute == Precision::F32 && exact(toggles.weights) && exact(toggles.lm_head());
        if all_exact { 1e-4 } else { 5e-2 }
    }

    pub(super) fn tokenizer(&self) -> Result<&Tokenizer> {
        let missing = || Error::Request("this model has no tokenizer, and the experiment needs one".into());
        self.session.tokenizer().ok_or_else(missing)
    }

    /// The same model with some toggles changed; formats stay.
    pub(super) fn built(&self, changes: &str) -> Result<Decoder> {
        let card = self.session.card();
        Ok(Decoder::new(&card.model, self.session.parameters(), &card.toggles.with(changes)?))
    }

    /// Rows of the embedding, in f32 on the processor. [tokens, d_model]
    pub(super) fn embeddings(&self, ids: &[i64]) -> Tensor {
        let table = self.session.parameters().embed();
        let device = table.tensors().first().map_or(Device::Cpu, |tensor| tensor.device());
        table.rows(&Tensor::from_slice(ids).to_device(device)).to_device(Device::Cpu).to_kind(Kind::Float)
    }

    /// What one pass leaves to be looked at; it is made once.
    pub(super) fn explored(&self) -> Result<&Exploration> {
        if let Some(explored) = self.explored.get() {
            return Ok(explored);
        }
        let explored = self.session.explore(&self.ids, self.control, &mut |_| {})?;
        Ok(self.explored.get_or_init(|| explored))
    }

    /// f32 logits of all positions of `ids`, without a cache. [T, d_vocab]
    pub(super) fn logits(&self, decoder: &Decoder, ids: &[u32]) -> Result<Tensor> {
        self.pass(decoder, ids, None, &mut Unwatched)
    }

    /// The activations of one pass over the text through this model.
    pub(super) fn activations(&self, decoder: &Decoder) -> Result<Activations> {
        let mut keep = Keeper::default();
        let _logits = self.pass(decoder, &self.ids, None, &mut keep)?;
        Ok(Activations(keep.0))
    }

    /// One pass, watched. Logits of its positions, [T, d_vocab]
    pub(super) fn pass(
        &self,
        decoder: &Decoder,
        ids: &[u32],
        cache: Option<&mut KvCache>,
        probe: &mut dyn Probe,
    ) -> Result<Tensor> {
        self.check()?;
        let _no_grad = tch::no_grad_guard();
        #[cfg(test)]
        let probe: &mut dyn Probe = &mut Broken { by: self.broken, probe };
        let ids: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
        let logits = decoder.forward(&decoder.input(&ids, 1), cache, Wanted::All, &mut Pass::new(probe))?;
        Ok(logits.squeeze_dim(0))
    }
}

impl Activations {
    /// In f32 on the processor.
    /// Of heads, [heads, T, d_head].
    ///
    /// # Panics
    /// The pass showed none of this name.
    pub fn get(&self, block: usize, hook: Hook) -> Tensor {
        let seen = self.0[&(hook.is_in_block().then_some(block), hook)].to_device(Device::Cpu).to_kind(Kind::Float);
        match hook {
            Hook::Q | Hook::K | Hook::V | Hook::RotQ | Hook::RotK | Hook::Z => seen.transpose(0, 1),
            _ => seen,
        }
    }
}

#[derive(Default)]
struct Keeper(HashMap<(Option<usize>, Hook), Tensor>);

impl Probe for Keeper {
    fn hook(&mut self, hook: Place<Hook>, activation: Tensor) -> Tensor {
        self.0.insert((hook.block, hook.name), activation.squeeze_dim(0).copy());
        activation
    }
}

/// Breaks a pass before anybody sees it.
#[cfg(test)]
struct Broken<'a> {
    by: Option<fn(Place<Hook>, Tensor) -> Tensor>,
    probe: &'a mut dyn Probe,
}

#[cfg(test)]
impl Probe for Broken<'_> {
    fn enter(&mut self, op: Place<Role>) -> Result<()> {
        self.probe.enter(op)
    }

    fn leave(&mut self, op: Place<Role>, made: &[&Tensor]) -> Result<()> {
        self.probe.leave(op, made)
    }

    fn hook(&mut self, hook: Place<Hook>, activation: Tensor) -> Tensor {
        let activation = match self.by {
            Some(by) => by(hook, activation),
            None => activation,
        };
        self.probe.hook(hook, activation)
    }
}

/// The largest difference; NaN where there is one, or where they are not of one shape.
pub fn most_apart(a: &Tensor, b: &Tensor) -> f64 {
    if a.size() != b.size() {
        return f64::NAN;
    }
    (a.to_kind(Kind::Double) - b.to_kind(Kind::Double)).abs().max().double_value(&[])
}

/// The same as a share of the largest number of `b`; NaN where both are nothing but zeros, which proves nothing.
pub fn apart(a: &Tensor, b: &Tensor) -> f64 {
    most_apart(a, b) / b.to_kind(Kind::Double).abs().max().double_value(&[])
}

/// The same for each column by itself, of which the largest: a column with huge numbers hides nothing of the others.
/// [.., d], both
pub fn columns_apart(a: &Tensor, b: &Tensor) -> f64 {
    if a.size() != b.size() {
        return f64::NAN;
    }
    let [a, b] = [a, b].map(|x| x.to_kind(Kind::Double));
    let largest = |x: Tensor| x.abs().amax([-1].as_slice(), false);
    (largest(a - &b) / largest(b)).max().double_value(&[])
}

/// The largest number; NaN if there is none, or one is no number.
pub fn worst(values: impl IntoIterator<Item = f64>) -> f64 {
    let more = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) };
    values.into_iter().reduce(more).unwrap_or(f64::NAN)
}

/// The number itself if it keeps to a bound of its own, else none: a part that may not spread into a wider bound.
pub fn within(value: f64, most: f64) -> f64 {
    if value <= most { value } else { f64::NAN }
}
