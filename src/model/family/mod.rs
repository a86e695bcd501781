//! One file a family: how its description is read, and what its files call its weights.
//!
//! Adding a decoder family means a variant of [`Family`] and a file here; see
//! `docs/adding-a-model.md`.

pub mod gpt2;
pub mod llama;

use super::spec::{Activation, Family, Spec};
use super::weights::{Key, Stored};
use super::{Error, Result};
use crate::gguf::Gguf;

impl Family {
    /// Every family, by the name that `config.json` and GGUF files give it.
    pub const ALL: [Family; 2] = [Family::Llama, Family::Gpt2];

    /// Where a Hugging Face file keeps a weight.
    pub fn stored(self, spec: &Spec, key: Key) -> Stored {
        match self {
            Family::Llama => llama::stored(spec, key),
            Family::Gpt2 => gpt2::stored(spec, key),
        }
    }

    /// Where a GGUF file keeps a weight.
    pub fn stored_in_gguf(self, spec: &Spec, key: Key) -> Stored {
        match self {
            Family::Llama => llama::stored_in_gguf(spec, key),
            Family::Gpt2 => gpt2::stored_in_gguf(spec, key),
        }
    }
}

/// The description of a GGUF file.
///
/// # Errors
/// An unknown architecture, a missing or a nonsensical entry.
pub fn spec_of_gguf(gguf: &Gguf) -> Result<Spec> {
    let architecture = gguf.str("general.architecture")?;
    let spec = match Family::ALL.into_iter().find(|family| family.name() == architecture) {
        Some(Family::Llama) => llama::from_gguf(gguf)?,
        Some(Family::Gpt2) => gpt2::from_gguf(gguf)?,
        None => {
            let known: Vec<_> = Family::ALL.iter().map(|family| family.name()).collect();
            return Err(Error::Unsupported(format!(
                "{}: its architecture is '{architecture}'; this version runs {}",
                gguf.path().display(),
                known.join(" and ")
            )));
        }
    };
    spec.validate().map_err(|problem| Error::file(gguf.path(), problem))?;
    Ok(spec)
}

/// An activation by the name that `config.json` gives it.
pub(super) fn activation(name: &str) -> Option<Activation> {
    match name {
        "silu" | "swish" => Some(Activation::Silu),
        "gelu" => Some(Activation::Gelu),
        "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Some(Activation::GeluTanh),
        _ => None,
    }
}

/// A name to show for a GGUF file: that of the file, which the user knows. What is inside
/// (`general.name`) is often the name of some checkpoint on the way.
pub(super) fn gguf_name(gguf: &Gguf) -> String {
    gguf.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The tokens that end a text or a turn, as far as a GGUF file names them.
pub(super) fn gguf_eos(gguf: &Gguf) -> Vec<u32> {
    let mut ids: Vec<u32> = ["eos", "eot", "eom"]
        .iter()
        .filter_map(|name| gguf.u32(&format!("tokenizer.ggml.{name}_token_id")).ok())
        .collect();
    ids.dedup();
    ids
}
