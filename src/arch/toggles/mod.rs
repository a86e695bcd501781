//! Optimisations that can be switched: their values, their spelling, and which cannot be had.
//!
//! A toggle is spelled the same in flags, on the screen and in run files:
//! `attention=fused,kv_cache=on,weights=int4,compute=bf16,threads=2`. What changes a part is resolved
//! when a model is built, and no forward pass asks for it; cache, logits, batch and threads are for who runs the model.

mod check;
mod values;

pub use values::{Attention, Kernel, Kernels, Logits};

use super::formats::{ALL_PRECISIONS, Formats, Fuse, Precision};
use super::{Error, Result};
use std::fmt;

/// A set of choices, one value for each [`Toggle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toggles {
    pub attention: Attention,
    pub kv_cache: bool,
    /// `None`: as the activations. [`Toggles::kv_dtype`] resolves it.
    pub kv_dtype: Option<Precision>,
    pub weights: Precision,
    /// `None`: as the weights, but f16 under int8, and int8 under int4. [`Toggles::lm_head`] resolves it.
    pub lm_head: Option<Precision>,
    /// Of the activations: f32 or bf16.
    pub compute: Precision,
    pub fuse: Fuse,
    /// On the processor; elsewhere they are LibTorch's.
    pub kernels: Kernels,
    pub logits: Logits,
    /// Sequences computed at a time.
    pub batch: usize,
    /// Threads that LibTorch may use inside one operator.
    pub threads: usize,
}

/// The name of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Toggle {
    Attention,
    KvCache,
    KvDtype,
    Weights,
    LmHead,
    Compute,
    Fuse,
    Kernels,
    Logits,
    Batch,
    Threads,
}

const OF_CACHE: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];
const OF_ACTIVATIONS: [Precision; 2] = [Precision::F32, Precision::Bf16];
const AUTO: &str = "auto";

impl Default for Toggles {
    /// What a user would want without asking: everything exact, and fast where that costs nothing.
    fn default() -> Self {
        Self {
            attention: Attention::FUSED,
            kv_cache: true,
            kv_dtype: None,
            weights: Precision::F32,
            lm_head: None,
            compute: Precision::F32,
            fuse: Fuse::Separate,
            kernels: Kernels::Native,
            logits: Logits::Last,
            batch: 1,
            threads: processors(),
        }
    }
}

impl Toggles {
    /// The f32, eager, uncached model: what every optimisation is held against.
    pub fn reference() -> Self {
        Self { attention: Attention::EAGER, kv_cache: false, ..Self::default() }
    }

    /// These toggles with the assignments in `list` (`weights=bf16,threads=1`) applied in order.
    ///
    /// # Errors
    /// An unknown name or value, with those that exist.
    pub fn with(&self, list: &str) -> Result<Self> {
        let mut toggles = self.clone();
        for assignment in list.split(',').map(str::trim).filter(|assignment| !assignment.is_empty()) {
            let (name, value) = assignment.split_once('=').ok_or_else(|| {
                Error::Toggle(format!("'{assignment}' is not of the form name=value, such as kv_cache=off"))
            })?;
            toggles.set(Toggle::named(name)?, value.trim())?;
        }
        Ok(toggles)
    }

    /// Sets one toggle by the spelling of its value.
    ///
    /// # Errors
    /// A value that the toggle does not have, with those that it has.
    pub fn set(&mut self, toggle: Toggle, value: &str) -> Result<()> {
        self.try_set(toggle, value).ok_or_else(|| {
            Error::Toggle(format!("{}='{value}' is unknown; it can be {}", toggle.name(), toggle.spellings()))
        })
    }

    fn try_set(&mut self, toggle: Toggle, value: &str) -> Option<()> {
        let one_of = |allowed: &[Precision]| Precision::parse(value)?.among(allowed);
        let or_auto = |allowed: &[Precision]| if value == AUTO { Some(None) } else { one_of(allowed).map(Some) };
        let number = || value.parse().ok().filter(|&n: &usize| n > 0);
        match toggle {
            Toggle::Attention => self.attention = value.parse().ok()?,
            Toggle::KvCache => self.kv_cache = pick(value, &[("on", true), ("off", false)])?,
            Toggle::KvDtype => self.kv_dtype = or_auto(&OF_CACHE)?,
            Toggle::Weights => self.weights = one_of(&ALL_PRECISIONS)?,
            Toggle::LmHead => self.lm_head = or_auto(&ALL_PRECISIONS)?,
            Toggle::Compute => self.compute = one_of(&OF_ACTIVATIONS)?,
            Toggle::Fuse => self.fuse = pick(value, &[("separate", Fuse::Separate), ("joined", Fuse::Joined)])?,
            Toggle::Kernels => {
                self.kernels = pick(value, &[("libtorch", Kernels::LibTorch), ("native", Kernels::Native)])?;
            }
            Toggle::Logits => self.logits = pick(value, &[("all", Logits::All), ("last", Logits::Last)])?,
            Toggle::Batch => self.batch = number()?,
            Toggle::Threads => self.threads = number()?,
        }
        Some(())
    }

    /// The spelling of a toggle's present value, as it was chosen: `auto` where it follows another.
    pub fn get(&self, toggle: Toggle) -> String {
        let or_auto = |chosen: Option<Precision>| chosen.map_or(AUTO, Precision::name).to_owned();
        match toggle {
            Toggle::KvDtype => or_auto(self.kv_dtype),
            Toggle::LmHead => or_auto(self.lm_head),
            _ => self.resolved(toggle),
        }
    }

    /// The spelling of the value that a toggle comes to.
    pub fn resolved(&self, toggle: Toggle) -> String {
        match toggle {
            Toggle::Attention => self.attention.to_string(),
            Toggle::KvCache => if self.kv_cache { "on" } else { "off" }.into(),
            Toggle::KvDtype => self.kv_dtype().name().into(),
            Toggle::Weights => self.weights.name().into(),
            Toggle::LmHead => self.lm_head().name().into(),
            Toggle::Compute => self.compute.name().into(),
            Toggle::Fuse => if self.fuse == Fuse::Joined { "joined" } else { "separate" }.into(),
            Toggle::Kernels => if self.kernels == Kernels::Native { "native" } else { "libtorch" }.into(),
            Toggle::Logits => if self.logits == Logits::All { "all" } else { "last" }.into(),
            Toggle::Batch => self.batch.to_string(),
            Toggle::Threads => self.threads.to_string(),
        }
    }

    /// The format of the KV cache.
    pub fn kv_dtype(&self) -> Precision {
        self.kv_dtype.unwrap_or(self.compute)
    }

    /// The format of the LM head, and of the embedding where both are one matrix. Where it is not chosen, it is finer
    /// than packed weights: it costs predictions the most, and of the time little.
    pub fn lm_head(&self) -> Precision {
        self.lm_head.unwrap_or(match self.weights {
            Precision::Int4 => Precision::Int8,
            Precision::Int8 => Precision::F16,
            dense => dense,
        })
    }

    /// What the weights in memory depend on.
    pub fn formats(&self) -> Formats {
        Formats { weights: self.weights, lm_head: self.lm_head(), compute: self.compute, fuse: self.fuse }
    }

    /// All values in the canonical order, resolved, as `("kv_cache", "on")`.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        Toggle::ALL.iter().map(|&toggle| (toggle.name().to_owned(), self.resolved(toggle))).collect()
    }
}

fn pick<T: Copy>(value: &str, known: &[(&str, T)]) -> Option<T> {
    known.iter().find(|(name, _)| *name == value).map(|&(_, known)| known)
}

impl fmt::Display for Toggles {
    /// The spelling that `--set` takes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<_> = self.to_pairs().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&pairs.join(","))
    }
}

impl Toggle {
    /// Every toggle, in the order in which they are shown and written.
    pub const ALL: [Toggle; 11] = [
        Toggle::Attention,
        Toggle::KvCache,
        Toggle::KvDtype,
        Toggle::Weights,
        Toggle::LmHead,
        Toggle::Compute,
        Toggle::Fuse,
        Toggle::Kernels,
        Toggle::Logits,
        Toggle::Batch,
        Toggle::Threads,
    ];

    /// The toggle of this name.
    ///
    /// # Errors
    /// There is none, with those that there are.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|toggle| toggle.name() == name.trim()).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::Toggle(format!("there is no toggle '{name}'; there are {names}"))
        })
    }

    /// Its name in flags, files and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Toggle::Attention => "attention",
            Toggle::KvCache => "kv_cache",
            Toggle::KvDtype => "kv_dtype",
            Toggle::Weights => "weights",
            Toggle::LmHead => "lm_head",
            Toggle::Compute => "compute",
            Toggle::Fuse => "fuse",
            Toggle::Kernels => "kernels",
            Toggle::Logits => "logits",
            Toggle::Batch => "batch",
            Toggle::Threads => "threads",
        }
    }

    /// The spellings of its values on this machine; of numbers, some.
    pub fn values(self) -> Vec<String> {
        let named = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        let formats = |auto: bool, formats: &[Precision]| {
            let names = formats.iter().map(|precision| precision.name());
            auto.then_some(AUTO).into_iter().chain(names).map(str::to_owned).collect()
        };
        match self {
            Toggle::Attention => named(&["eager", "fused", "window:256", "sinks:4+252"]),
            Toggle::KvCache => named(&["off", "on"]),
            Toggle::KvDtype => formats(true, &OF_CACHE),
            Toggle::Weights => formats(false, &ALL_PRECISIONS),
            Toggle::LmHead => formats(true, &ALL_PRECISIONS),
            Toggle::Compute => formats(false, &OF_ACTIVATIONS),
            Toggle::Fuse => named(&["separate", "joined"]),
            Toggle::Kernels => named(&["libtorch", "native"]),
            Toggle::Logits => named(&["all", "last"]),
            Toggle::Batch => named(&["1", "2", "4", "8"]),
            Toggle::Threads => (1..=processors()).map(|threads| threads.to_string()).collect(),
        }
    }

    /// What can be written, for a message.
    fn spellings(self) -> String {
        match self {
            Toggle::Attention => "eager, fused, window:N, sinks:N+W (N first positions and the W nearest)".into(),
            Toggle::Batch => "a number from 1".into(),
            _ => self.values().join(", "),
        }
    }

    /// What it changes, in one sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Toggle::Attention => {
                "eager holds the whole T×T matrix; fused computes it tile by tile and never stores it; window:N sees \
                 the N nearest positions only, sinks:N+W the N first ones and the W nearest"
            }
            Toggle::KvCache => {
                "keeps the keys and values of past tokens instead of computing them again at every token"
            }
            Toggle::KvDtype => "the number format of the kept keys and values; auto is that of the activations",
            Toggle::Weights => {
                "the number format in which the weights rest in memory; f16, int8 and int4 are widened \
                                for long prompts, layer by layer"
            }
            Toggle::LmHead => {
                "the format of the last product; auto is that of the weights; f16 for int8, int8 for int4"
            }
            Toggle::Compute => "the number format of the activations between the products",
            Toggle::Fuse => "joined computes queries, keys and values in one product, and gate and up in one",
            Toggle::Kernels => "whose operators compute: LibTorch's, or Blockscope's own where they are faster",
            Toggle::Logits => "whether a prefill computes the logits of every position, or of the last one only",
            Toggle::Batch => "how many sequences are computed at a time",
            Toggle::Threads => "how many processors one operator may use",
        }
    }
}

/// Processors that this process may use.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

#[cfg(test)]
mod tests;
