//! Optimisations that can be switched: their values, their spelling, and which cannot be had.
//!
//! A toggle is spelled the same in flags, on the screen and in run files:
//! `attention=fused,kv_cache=on,weights=bf16,compute=bf16,threads=2`. It is resolved into parts when
//! a model is built; no forward pass ever asks for it.

use super::spec::Spec;
use super::{Error, Result};
use std::fmt;

/// A resolved set of choices, one value for each [`Toggle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toggles {
    pub attention: AttentionKind,
    pub kv_cache: bool,
    pub weights: Precision,
    pub compute: Precision,
    /// Threads that LibTorch may use inside one operator.
    pub threads: usize,
}

/// How attention is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttentionKind {
    /// Scores, softmax and values as three products, with the whole T×T matrix in memory.
    Eager,
    /// One kernel that never holds the matrix (LibTorch's scaled dot product attention).
    Fused,
}

/// A number format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    F32,
    Bf16,
}

/// The name of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Toggle {
    Attention,
    KvCache,
    Weights,
    Compute,
    Threads,
}

impl Default for Toggles {
    /// What a user would want without asking: everything exact, and fast where that costs nothing.
    fn default() -> Self {
        Self {
            attention: AttentionKind::Fused,
            kv_cache: true,
            weights: Precision::F32,
            compute: Precision::F32,
            threads: processors(),
        }
    }
}

impl Toggles {
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
            let toggle = Toggle::ALL.into_iter().find(|toggle| toggle.name() == name.trim()).ok_or_else(|| {
                let names: Vec<_> = Toggle::ALL.iter().map(|toggle| toggle.name()).collect();
                Error::Toggle(format!("there is no toggle '{name}'; there are {}", names.join(", ")))
            })?;
            toggles.set(toggle, value.trim())?;
        }
        Ok(toggles)
    }

    /// Sets one toggle by the spelling of its value.
    ///
    /// # Errors
    /// A value that the toggle does not have, with those that it has.
    pub fn set(&mut self, toggle: Toggle, value: &str) -> Result<()> {
        let refuse = || {
            Error::Toggle(format!("{}='{value}' is unknown; it can be {}", toggle.name(), toggle.values().join(", ")))
        };
        match toggle {
            Toggle::Attention => {
                self.attention = match value {
                    "eager" => AttentionKind::Eager,
                    "fused" => AttentionKind::Fused,
                    _ => return Err(refuse()),
                }
            }
            Toggle::KvCache => {
                self.kv_cache = match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(refuse()),
                }
            }
            Toggle::Weights => self.weights = Precision::parse(value).ok_or_else(refuse)?,
            Toggle::Compute => self.compute = Precision::parse(value).ok_or_else(refuse)?,
            Toggle::Threads => {
                self.threads = value.parse().ok().filter(|&threads| threads > 0).ok_or_else(refuse)?;
            }
        }
        Ok(())
    }

    /// The spelling of a toggle's present value.
    pub fn get(&self, toggle: Toggle) -> String {
        match toggle {
            Toggle::Attention => match self.attention {
                AttentionKind::Eager => "eager".into(),
                AttentionKind::Fused => "fused".into(),
            },
            Toggle::KvCache => if self.kv_cache { "on" } else { "off" }.into(),
            Toggle::Weights => self.weights.name().into(),
            Toggle::Compute => self.compute.name().into(),
            Toggle::Threads => self.threads.to_string(),
        }
    }

    /// Whether a model of this shape can run so.
    ///
    /// # Errors
    /// The reason why not, as the screen shows it beside the greyed value.
    pub fn check(&self, _spec: &Spec) -> Result<()> {
        if self.compute == Precision::Bf16 && self.weights == Precision::F32 {
            return Err(Error::Toggle(
                "compute=bf16 needs weights=bf16: products take both sides in one format, and f32 weights would \
                 have to be rounded again at every use"
                    .into(),
            ));
        }
        let processors = processors();
        if self.threads > processors {
            return Err(Error::Toggle(format!(
                "threads={} is more than the {processors} processors that this process may use",
                self.threads
            )));
        }
        Ok(())
    }

    /// Everything that the loading of weights depends on: models whose formats are the same share their weights.
    pub fn formats(&self) -> (Precision, Precision) {
        (self.weights, self.compute)
    }

    /// All values in the canonical order, as `("kv_cache", "on")`.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        Toggle::ALL.iter().map(|&toggle| (toggle.name().to_owned(), self.get(toggle))).collect()
    }
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
    pub const ALL: [Toggle; 5] =
        [Toggle::Attention, Toggle::KvCache, Toggle::Weights, Toggle::Compute, Toggle::Threads];

    /// Its name in flags, files and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Toggle::Attention => "attention",
            Toggle::KvCache => "kv_cache",
            Toggle::Weights => "weights",
            Toggle::Compute => "compute",
            Toggle::Threads => "threads",
        }
    }

    /// The spellings of its values on this machine.
    pub fn values(self) -> Vec<String> {
        let named = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        match self {
            Toggle::Attention => named(&["eager", "fused"]),
            Toggle::KvCache => named(&["off", "on"]),
            Toggle::Weights | Toggle::Compute => named(&["f32", "bf16"]),
            Toggle::Threads => (1..=processors()).map(|threads| threads.to_string()).collect(),
        }
    }

    /// What it changes, in one sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Toggle::Attention => "eager holds the whole T×T matrix; fused computes it tile by tile and never stores it",
            Toggle::KvCache => {
                "keeps the keys and values of past tokens instead of computing them again at every token"
            }
            Toggle::Weights => "the number format in which the weights rest in memory and are multiplied",
            Toggle::Compute => "the number format of the activations between the products",
            Toggle::Threads => "how many processors one operator may use",
        }
    }
}

impl Precision {
    /// `f32` or `bf16`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
        }
    }

    /// Bytes of one number.
    pub fn bytes(self) -> u64 {
        match self {
            Precision::F32 => 4,
            Precision::Bf16 => 2,
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Precision::F32, Precision::Bf16].into_iter().find(|precision| precision.name() == name)
    }
}

/// Processors that this process may use.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read_back() {
        let toggles = Toggles::default().with("attention=eager, kv_cache=off,weights=bf16,threads=1").unwrap();
        assert_eq!(toggles.to_string(), "attention=eager,kv_cache=off,weights=bf16,compute=f32,threads=1");
        assert_eq!(Toggles::default().with(&toggles.to_string()).unwrap(), toggles);
    }

    #[test]
    fn unknown_names_and_values_are_refused_with_those_that_exist() {
        let refusal = |list: &str| Toggles::default().with(list).unwrap_err().to_string();
        assert!(refusal("cache=on").contains("kv_cache"));
        assert!(refusal("weights=int3").contains("f32, bf16"));
        assert!(refusal("threads=0").contains('1'));
        assert!(refusal("fused").contains("name=value"));
    }
}
