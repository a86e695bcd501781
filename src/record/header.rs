//! What ran, where and how.

use crate::arch::formats::{Formats, Precision};
use crate::arch::path::Path;
use crate::arch::{self, Model, Toggle, Toggles, words};
use crate::units::Bytes;
use std::sync::Arc;

/// What ran, where and how.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    /// Version of Blockscope that measured.
    pub blockscope: String,
    /// Version of LibTorch that computed.
    pub libtorch: String,
    /// Seconds since 1970 (UTC) at the start.
    pub created: u64,
    pub model: ModelInfo,
    /// `cpu`, `cuda:0`.
    pub device: String,
    /// The processor's own name.
    pub machine: String,
    pub threads: u32,
    /// Processors that the process could use; 0 where it is not known.
    pub processors: u32,
    /// The resolved toggles in their canonical order, as `("kv_cache", "on")`.
    pub toggles: Vec<(String, String)>,
    pub prompt_tokens: u32,
    /// How many new tokens were asked for.
    pub new_tokens: u32,
    /// The text that the prompt was made of, where there is one.
    pub prompt: Option<String>,
}

impl Header {
    /// The value of a toggle, if it was written.
    pub fn toggle(&self, name: &str) -> Option<&str> {
        self.toggles.iter().find(|(toggle, _)| toggle == name).map(|(_, value)| value.as_str())
    }

    /// Sequences computed at a time; 1 where it was not written.
    pub fn batch(&self) -> u32 {
        self.toggle("batch").and_then(|batch| batch.parse().ok()).unwrap_or(1)
    }

    /// The toggles as far as this version knows them; what it does not know is as by default.
    pub fn choices(&self) -> Toggles {
        let mut toggles = Toggles::default();
        for (name, value) in &self.toggles {
            // A value of another version or of another machine changes nothing.
            let _ = Toggle::named(name).and_then(|toggle| toggles.set(toggle, value));
        }
        toggles
    }

    /// The number format of keys and values; `None` where it is not known. Runs of before there was a choice kept them as
    /// they computed.
    pub fn kv_format(&self) -> Option<Precision> {
        Precision::parse(self.toggle("kv_dtype").or(self.toggle("compute"))?)
    }

    /// The paths of what is directly in the model, in the order of a pass; none where the file does not describe it.
    pub fn top_level(&self) -> Vec<String> {
        let model = self.model.description.as_deref();
        model.map_or_else(Vec::new, |model| model.top_level(&self.choices()).iter().map(Path::to_string).collect())
    }

    /// The paths of what a block should have inside, parents before children, in the order of a pass.
    pub fn inside_block(&self, block: u32) -> Vec<String> {
        let model = self.model.description.as_deref();
        let paths = model.map(|model| model.inside_block(&self.choices(), block as usize)).unwrap_or_default();
        paths.iter().map(Path::to_string).collect()
    }

    /// What sets the part at a path apart in this model, in a few words.
    pub fn words_of(&self, path: &str) -> Option<String> {
        let chosen = self.choices().attention.mask;
        words::of_part(self.model.description.as_ref()?, chosen, Path::parse(path)?)
    }

    /// What the model says of the part at a path; `None` where the file does not describe the model, or the model has no
    /// such part under these toggles.
    pub fn part(&self, path: &str) -> Option<arch::parts::Part> {
        self.model.description.as_ref()?.part(&self.choices(), Path::parse(path)?)
    }
}

/// The shape of a model, in the field's standard letters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelInfo {
    /// A name to show: the model's own, or its file's.
    pub name: String,
    /// What the user named it by: a path, a preset, `random:…`.
    pub source: String,
    /// `llama`, `gpt2`.
    pub family: String,
    pub n_layers: u32,
    pub n_heads: u32,
    pub n_kv_heads: u32,
    pub d_model: u32,
    pub d_head: u32,
    pub d_mlp: u32,
    pub d_vocab: u32,
    pub n_ctx: u32,
    /// Number of weights, tied ones once.
    pub parameters: u64,
    /// Bytes of the weights as they lie in memory.
    pub weight_bytes: Bytes,
    /// The model part by part; `None` where a file of an older version does not say enough to know it.
    pub description: Option<Arc<Model>>,
}

impl ModelInfo {
    /// Of a model that was named so, whose weights rest in these formats.
    pub fn of(model: Model, source: &str, formats: &Formats) -> Self {
        Self {
            name: model.name.clone(),
            source: source.to_owned(),
            family: model.family.to_owned(),
            n_layers: model.n_layers() as u32,
            n_heads: model.n_heads() as u32,
            n_kv_heads: model.n_kv_heads() as u32,
            d_model: model.stack.d_model as u32,
            d_head: model.d_head() as u32,
            d_mlp: model.d_mlp() as u32,
            d_vocab: model.d_vocab as u32,
            n_ctx: model.stack.n_ctx as u32,
            parameters: model.n_parameters(),
            weight_bytes: Bytes(model.weight_bytes(formats)),
            description: Some(Arc::new(model)),
        }
    }
}
