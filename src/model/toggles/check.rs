//! Which toggles cannot be had together, and why: the sentence that the screen shows beside a greyed value.

use super::{GROUP, Kernel, Precision, Reach, Toggle, Toggles, processors};
use crate::model::spec::Spec;
use crate::model::{Device, Error, Result};

/// The most sequences at a time.
const MOST_BATCH: usize = 1024;

impl Toggles {
    /// Whether a model of this shape can run so.
    ///
    /// # Errors
    /// The reason why not, as the screen shows it beside the greyed value.
    pub fn check(&self, spec: &Spec) -> Result<()> {
        let reasons =
            [self.no_compute(), self.no_int4(spec), self.no_cache_format(), self.no_reach(), self.no_number()];
        reasons.into_iter().flatten().next().map_or(Ok(()), |reason| Err(Error::Toggle(reason)))
    }

    /// Whether weights in these formats can be multiplied there.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check_device(&self, device: Device) -> Result<()> {
        let packed = [(Toggle::Weights, self.weights), (Toggle::LmHead, self.lm_head())];
        match packed.into_iter().find(|(_, format)| device != Device::Cpu && !format.is_float()) {
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

    fn no_int4(&self, spec: &Spec) -> Option<String> {
        let refused = |toggle: Toggle, widths: &[(&str, usize)]| {
            let (name, width) = widths.iter().find(|(_, width)| !width.is_multiple_of(GROUP))?;
            let toggle = toggle.name();
            Some(format!("{toggle}=int4 needs rows of whole groups of {GROUP}; this model has {name} {width}"))
        };
        let inners = [("d_model", spec.d_model), ("d_attn", spec.d_attn()), ("d_mlp", spec.d_mlp)];
        match (self.weights, self.lm_head()) {
            (Precision::Int4, _) => refused(Toggle::Weights, &inners),
            (_, Precision::Int4) => refused(Toggle::LmHead, &inners[..1]),
            _ => None,
        }
    }

    fn no_cache_format(&self) -> Option<String> {
        let is_wider = self.kv_dtype() == Precision::F32 && self.compute == Precision::Bf16;
        is_wider.then(|| "kv_dtype=f32 keeps nothing more: with compute=bf16 keys and values are made in bf16".into())
    }

    fn no_reach(&self) -> Option<String> {
        let near = matches!(self.attention.reach, Reach::Near { .. });
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
