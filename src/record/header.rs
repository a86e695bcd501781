//! What ran, where and how.

use crate::units::Bytes;

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

    /// The most positions that a query looks at: those of a window and its sinks. `None`: all before it.
    pub fn reach(&self) -> Option<u64> {
        let attention = self.toggle("attention")?;
        let attention = attention.strip_prefix("eager+").unwrap_or(attention);
        if let Some(window) = attention.strip_prefix("window:") {
            return window.parse().ok();
        }
        let (sinks, window) = attention.strip_prefix("sinks:")?.split_once('+')?;
        sinks.parse::<u64>().ok()?.checked_add(window.parse().ok()?)
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
}
