//! The families of models: how each reads its description, and what its files call its weights.
//!
//! A family is one file and one line of [`ALL`]; most are written as a difference from another.
//! `docs/adding-a-model.md` shows how to add one.

mod common;
mod family;

mod bert;
mod bloom;
mod cohere;
mod falcon;
mod gemma2;
mod gemma3;
mod glm4;
mod gpt2;
mod gpt_neox;
mod granite;
mod llama;
mod mistral;
mod mixtral;
mod olmo2;
mod opt;
mod phi;
mod phi3;
mod qwen2;
mod qwen3;
mod smollm3;
mod stablelm;
mod starcoder2;
#[cfg(test)]
mod tests;
mod vit;
mod whisper;

pub use family::Family;

use super::entries::{Config, Entries};
use super::model::Model;
use super::{Error, Result};
use crate::gguf::Gguf;
use std::path::Path;

/// Every family.
pub const ALL: &[&Family] = &[
    &llama::FAMILY,
    &gpt2::FAMILY,
    &qwen2::FAMILY,
    &qwen3::FAMILY,
    &mistral::FAMILY,
    &gemma2::FAMILY,
    &gemma3::FAMILY,
    &phi::FAMILY,
    &phi3::FAMILY,
    &gpt_neox::FAMILY,
    &olmo2::FAMILY,
    &smollm3::FAMILY,
    &granite::FAMILY,
    &cohere::FAMILY,
    &cohere::WITH_WINDOWS,
    &stablelm::FAMILY,
    &starcoder2::FAMILY,
    &opt::FAMILY,
    &bloom::FAMILY,
    &falcon::FAMILY,
    &glm4::FAMILY,
    &mixtral::FAMILY,
    &bert::FAMILY,
    &vit::FAMILY,
    &whisper::FAMILY,
];

/// The family of this name.
///
/// # Panics
/// There is none: a model that was described has one.
pub fn named(name: &str) -> &'static Family {
    ALL.iter().find(|family| family.name() == name).expect("a model has the name of a family")
}

/// The description that a `config.json` gives.
///
/// # Errors
/// An unknown type, a missing, nonsensical or unknown entry.
pub fn of_config(config: &Config, name: &str) -> Result<Model> {
    let entries = Entries::of_config(config);
    let model_type = entries.model_type();
    let family = ALL.iter().find(|family| family.model_types.contains(&model_type));
    described(family.copied(), &entries, name)
}

/// The description that a GGUF file gives.
///
/// # Errors
/// An unknown architecture, a missing, nonsensical or unknown entry.
pub fn of_gguf(gguf: &Gguf) -> Result<Model> {
    let entries = Entries::of_gguf(gguf)?;
    let architecture = entries.model_type();
    let family = ALL.iter().find(|family| family.architecture == architecture && !architecture.is_empty());
    // What is inside (`general.name`) is often the name of some checkpoint on the way; the user knows the file's.
    let name = gguf.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    described(family.copied(), &entries, &name)
}

fn described(family: Option<&'static Family>, entries: &Entries, name: &str) -> Result<Model> {
    if entries.model_type().is_empty() {
        return Err(entries.problem("'model_type' is missing: expected the name of a family, such as \"llama\""));
    }
    let Some(family) = family else {
        let known: Vec<_> = ALL.iter().map(|family| family.name()).collect();
        return Err(entries.unsupported(&format!(
            "the model is of type '{}'; this version knows {}",
            entries.shown_type(),
            known.join(", ")
        )));
    };
    let model = (family.describe)(entries)?;
    model.validate().map_err(|problem| entries.problem(&problem))?;
    entries.finish()?;
    Ok(Model { name: name.to_owned(), family: family.name(), ..model })
}

/// The description in a `config.json` file.
///
/// # Errors
/// As [`of_config`]; or it cannot be read.
pub fn of_config_file(path: &Path, name: &str) -> Result<Model, Error> {
    of_config(&Config::open(path)?, name)
}
