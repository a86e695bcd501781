//! Which toggles cannot be had together, and why: the sentence that the screen shows beside a greyed value.

use super::{Kernel, Toggle, Toggles, processors};
use crate::arch::formats::{GROUP, Precision};
use crate::arch::mask::Mask;
use crate::arch::parts::Weights;
use crate::arch::weight::Slot;
use crate::arch::{Error, Model, Result};

/// The most sequences at a time.
const MOST_BATCH: usize = 1024;

impl Toggles {
    /// Whether a model of this shape can run so.
    ///
    /// # Errors
    /// The reason why not, as the screen shows it beside the greyed value.
    pub fn check(&self, model: &Model) -> Result<()> {
        let reasons =
            [self.no_compute(), self.no_int4(model), self.no_cache_format(), self.no_mask(), self.no_number()];
        reasons.into_iter().flatten().next().map_or(Ok(()), |reason| Err(Error::Toggle(reason)))
    }

    /// Whether weights in these formats can be multiplied on a device other than the processor, called `device`.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check_beside_processor(&self, device: &str) -> Result<()> {
        let packed = [(Toggle::Weights, self.weights), (Toggle::LmHead, self.lm_head())];
        match packed.into_iter().find(|(_, format)| !format.is_float()) {
            Some((toggle, format)) => Err(Error::Toggle(format!(
                "{}={} is multiplied by kernels of the processor: it needs --device cpu, not {device}",
                toggle.name(),
                format.name()
            ))),
            None => Ok(()),
        }
    }

    fn no_compute(&self) -> Option<String> {
        let rounds = self.compute == Precision::Bf16 && self.weights == Precision::F32;
        rounds.then(|| {
            "compute=bf16 needs weights that are not f32, such as bf16: products take both sides in one format, and \
             f32 weights would have to be rounded again at every use"
                .into()
        })
    }

    fn no_int4(&self, model: &Model) -> Option<String> {
        let toggle = match (self.weights, self.lm_head()) {
            (Precision::Int4, _) => Toggle::Weights,
            (_, Precision::Int4) => Toggle::LmHead,
            _ => return None,
        };
        let parts = model.parts(self);
        let products = parts.iter().flat_map(|part| &part.weights).filter_map(|weights| match weights {
            &Weights::Product { ref rows, inner, .. } => Some((rows[0].0, inner)),
            &Weights::Table { slot, width, .. } => Some((slot, width)),
            Weights::Vector { .. } | Weights::Shift { .. } => None,
        });
        let mut packed =
            products.filter(|(slot, _)| toggle == Toggle::Weights || matches!(slot, Slot::Embed | Slot::LmHead));
        let (slot, width) = packed.find(|(_, width)| !width.is_multiple_of(GROUP))?;
        let name = match slot {
            Slot::Out => "d_attn",
            Slot::Down => "d_mlp",
            _ => "d_model",
        };
        Some(format!("{}=int4 needs rows of whole groups of {GROUP}; this model has {name} {width}", toggle.name()))
    }

    fn no_cache_format(&self) -> Option<String> {
        let is_wider = self.kv_dtype() == Precision::F32 && self.compute == Precision::Bf16;
        is_wider.then(|| "kv_dtype=f32 keeps nothing more: with compute=bf16 keys and values are made in bf16".into())
    }

    fn no_mask(&self) -> Option<String> {
        let near = self.attention.mask != Mask::Causal;
        (near && self.attention.kernel == Kernel::Eager && self.kv_cache).then(|| {
            format!("attention={} is what window and sinks are tested against: it needs kv_cache=off", self.attention)
        })
    }

    fn no_number(&self) -> Option<String> {
        let processors = processors();
        if self.threads > processors {
            return Some(format!(
                "threads={} is more than the {processors} processors that this process may use",
                self.threads
            ));
        }
        (self.batch > MOST_BATCH).then(|| format!("batch={} is more than {MOST_BATCH} sequences at a time", self.batch))
    }
}
