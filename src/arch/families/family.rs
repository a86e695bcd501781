//! What a family of models is: how it reads a description, and what its files call its weights.

use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::weight::{Parameter, Stored};
use crate::gguf::Gguf;

/// A family of models.
pub struct Family {
    /// What `model_type` in `config.json` says; the first is its name.
    pub model_types: &'static [&'static str],
    /// What `general.architecture` in GGUF says; empty where llama.cpp has no such architecture.
    pub architecture: &'static str,
    /// Reads a description.
    pub describe: fn(&Entries) -> Result<Model>,
    /// Where a Hugging Face file keeps a weight.
    pub stored: fn(&Model, &Parameter) -> Stored,
    /// How a GGUF file keeps a weight, whose name is the same in all of them.
    pub stored_in_gguf: fn(&Model, &Parameter, &Gguf) -> Stored,
}

impl Family {
    /// `llama`, `gpt2`.
    pub fn name(&self) -> &'static str {
        self.model_types[0]
    }
}
