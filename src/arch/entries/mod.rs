//! What a file says of a model, entry by entry, whichever kind of file it is: `config.json` of Hugging Face, or the
//! metadata of a GGUF file. A family asks by one name, and is told the value; an entry that nobody asked for and that is
//! not known to be harmless is refused by name, since it may change the computation.

mod config;
mod harmless;
mod rope;
mod shortened;

pub use config::{Config, json};

use shortened::shortened;

use super::{Error, Result};
use crate::gguf::Gguf;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

/// The entries of one file.
pub struct Entries<'a> {
    file: File<'a>,
    /// What was asked for, as the file spells it.
    read: RefCell<BTreeSet<String>>,
}

enum File<'a> {
    Config(&'a Config),
    /// The metadata of an architecture, whose keys begin with its name.
    Gguf {
        gguf: &'a Gguf,
        architecture: &'a str,
    },
}

/// An entry: the spellings of Hugging Face, and what GGUF calls it within an architecture (empty: it has none).
struct Name {
    config: &'static [&'static str],
    gguf: &'static [&'static str],
}

/// What entries with more than one spelling, or with another one in GGUF, are called. The first is the one that families
/// ask by.
const NAMES: &[Name] = &[
    Name { config: &["hidden_size", "n_embd"], gguf: &["embedding_length"] },
    Name { config: &["num_hidden_layers", "n_layer"], gguf: &["block_count"] },
    Name { config: &["num_attention_heads", "n_head"], gguf: &["attention.head_count"] },
    Name { config: &["num_key_value_heads"], gguf: &["attention.head_count_kv"] },
    Name { config: &["head_dim"], gguf: &["attention.key_length"] },
    Name { config: &["v_head_dim"], gguf: &["attention.value_length"] },
    Name { config: &["intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size"], gguf: &["feed_forward_length"] },
    Name {
        config: &["max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length", "seq_length"],
        gguf: &["context_length"],
    },
    Name { config: &["rms_norm_eps"], gguf: &["attention.layer_norm_rms_epsilon"] },
    Name { config: &["layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"], gguf: &["attention.layer_norm_epsilon"] },
    Name { config: &["hidden_act", "activation_function", "activation"], gguf: &[] },
    Name { config: &["rope_theta", "rotary_emb_base"], gguf: &["rope.freq_base"] },
    Name { config: &["rope_local_base_freq"], gguf: &["rope.freq_base_swa"] },
    Name { config: &["partial_rotary_factor", "rotary_pct"], gguf: &[] },
    Name { config: &["sliding_window"], gguf: &["attention.sliding_window"] },
    Name { config: &["attn_logit_softcapping"], gguf: &["attn_logit_softcapping"] },
    Name { config: &["final_logit_softcapping"], gguf: &["final_logit_softcapping"] },
    Name { config: &["embedding_multiplier"], gguf: &["embedding_scale"] },
    Name { config: &["residual_multiplier"], gguf: &["residual_scale"] },
    Name { config: &["attention_multiplier"], gguf: &["attention.scale"] },
    Name { config: &["logits_scaling", "logit_scale"], gguf: &["logit_scale"] },
    Name { config: &["use_parallel_residual"], gguf: &["use_parallel_residual"] },
    Name { config: &["num_kv_heads", "n_head_kv"], gguf: &["attention.head_count_kv"] },
];

impl<'a> Entries<'a> {
    pub fn of_config(config: &'a Config) -> Self {
        Self { file: File::Config(config), read: RefCell::default() }
    }

    /// # Errors
    /// The file names no architecture.
    pub fn of_gguf(gguf: &'a Gguf) -> Result<Self> {
        let architecture = gguf.str("general.architecture")?;
        Ok(Self { file: File::Gguf { gguf, architecture }, read: RefCell::default() })
    }

    /// What the file says the model is: `model_type`, or the architecture.
    pub fn model_type(&self) -> &'a str {
        match self.file {
            File::Config(config) => config.text("model_type").unwrap_or_default(),
            File::Gguf { architecture, .. } => architecture,
        }
    }

    /// The same, cut and escaped for a message.
    pub fn shown_type(&self) -> String {
        shortened(self.model_type())
    }

    /// The GGUF file, if it is one.
    pub fn gguf(&self) -> Option<&'a Gguf> {
        match self.file {
            File::Gguf { gguf, .. } => Some(gguf),
            File::Config(_) => None,
        }
    }

    /// A size that must be there.
    ///
    /// # Errors
    /// It is missing, or not a whole number above zero.
    pub fn size(&self, key: &str) -> Result<usize> {
        match self.count(key)? {
            Some(0) => Err(self.is_zero(key)),
            Some(size) => Ok(size),
            None => Err(self.problem(&format!("'{}' is missing", self.spelled(key)))),
        }
    }

    /// A size that may be missing or null. Writers of GGUF say 0 for none; in a `config.json` that is nonsense.
    ///
    /// # Errors
    /// It is there, but not a whole number above zero.
    pub fn optional_size(&self, key: &str) -> Result<Option<usize>> {
        match (self.count(key)?, &self.file) {
            (Some(0), File::Config(_)) => Err(self.is_zero(key)),
            (size, _) => Ok(size.filter(|&size| size > 0)),
        }
    }

    fn is_zero(&self, key: &str) -> Error {
        self.problem(&format!("'{}' is 0; expected a whole number of at least 1", self.spelled(key)))
    }

    /// A whole number that may be missing, and may be 0.
    ///
    /// # Errors
    /// It is there, but not a whole number.
    pub fn count(&self, key: &str) -> Result<Option<usize>> {
        self.find(key, |config, key| config.size(key), |gguf, key| Ok(gguf.usize(key)?))
    }

    /// A number that may be missing.
    ///
    /// # Errors
    /// It is there, but not a number.
    pub fn number(&self, key: &str) -> Result<Option<f64>> {
        self.find(key, |config, key| config.number(key), |gguf, key| Ok(f64::from(gguf.f32(key)?)))
    }

    /// A number that must be there.
    ///
    /// # Errors
    /// It is missing, or not a number.
    pub fn needed_number(&self, key: &str) -> Result<f64> {
        self.number(key)?.ok_or_else(|| self.problem(&format!("'{}' is missing", self.spelled(key))))
    }

    /// A truth value that may be missing.
    ///
    /// # Errors
    /// It is there, but neither true nor false.
    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        self.find(key, |config, key| config.flag(key), |gguf, key| Ok(gguf.bool(key)?))
    }

    /// A text that may be missing.
    ///
    /// # Errors
    /// It is there, but no text.
    pub fn text(&self, key: &str) -> Result<Option<&'a str>> {
        self.find(key, |config, key| Ok(config.text(key)), |gguf, key| Ok(gguf.str(key)?))
    }

    /// A list of truth values, or of whole numbers that stand for them.
    ///
    /// # Errors
    /// It is there, but no such list.
    pub fn flags(&self, key: &str) -> Result<Option<Vec<bool>>> {
        self.find(key, |config, key| config.flags(key), |gguf, key| Ok(gguf.bools(key)?))
    }

    /// A list of texts of `config.json`.
    ///
    /// # Errors
    /// It is there, but no list of texts.
    pub fn texts(&self, key: &str) -> Result<Option<Vec<String>>> {
        self.find(key, |config, key| config.texts(key), |gguf, key| Ok(gguf.strings(key)?))
    }

    /// Refuses a `config.json` in which `key` is true: something that this version does not compute.
    ///
    /// # Errors
    /// It is true.
    pub fn refuse(&self, key: &str) -> Result<()> {
        match self.flag(key)? {
            Some(true) => {
                Err(self.unsupported(&format!("'{}' is true, which this version does not compute", self.spelled(key))))
            }
            _ => Ok(()),
        }
    }

    /// Says that entries change nothing that a forward pass of this family computes.
    pub fn ignore(&self, keys: &[&str]) {
        keys.iter().for_each(|key| self.mark(key));
    }

    /// Tokens in the vocabulary.
    ///
    /// # Errors
    /// The file does not say how many.
    pub fn d_vocab(&self) -> Result<usize> {
        match self.file {
            File::Config(_) => self.size("vocab_size"),
            File::Gguf { gguf, .. } => {
                self.ignore(&["vocab_size"]);
                Ok(gguf.tensor("token_embd.weight")?.shape.first().copied().unwrap_or(0))
            }
        }
    }

    /// Whether the LM head is the embedding; `default` where a `config.json` does not say so.
    ///
    /// # Errors
    /// The entry is neither true nor false.
    pub fn tied(&self, default: bool) -> Result<bool> {
        match self.file {
            File::Config(config) => {
                Ok(self.flag("tie_word_embeddings")?.or(config.outer_flag("tie_word_embeddings")).unwrap_or(default))
            }
            File::Gguf { gguf, .. } => Ok(gguf.tensor("output.weight").is_err()),
        }
    }

    /// Whether products add a bias: as `config.json` says, `default` where it does not; in a GGUF file, whether `tensor`
    /// is there.
    ///
    /// # Errors
    /// The entry is neither true nor false.
    pub fn biased(&self, key: &str, default: bool, tensor: &str) -> Result<bool> {
        match self.file {
            File::Config(_) if key.is_empty() => Ok(default),
            File::Config(_) => Ok(self.flag(key)?.unwrap_or(default)),
            File::Gguf { gguf, .. } => Ok(gguf.tensor(tensor).is_ok()),
        }
    }

    /// Labels of a classifier; two where a `config.json` does not name them.
    ///
    /// # Errors
    /// It names none.
    pub fn labels(&self) -> Result<usize> {
        let File::Config(config) = self.file else { return Ok(2) };
        match config.value("id2label").and_then(Value::as_object).map(Map::len) {
            Some(0) => Err(self.problem("'id2label' is empty; expected a name for each label")),
            labels => Ok(labels.unwrap_or(2)),
        }
    }

    /// The token that a text begins with, where the model wants one.
    ///
    /// # Errors
    /// The entry is no token.
    pub fn bos(&self) -> Result<Option<u32>> {
        match self.file {
            File::Config(config) => Ok(config.tokens("bos_token_id").first().copied()),
            File::Gguf { gguf, .. } => Ok(gguf.maybe("tokenizer.ggml.bos_token_id", Gguf::u32)?),
        }
    }

    /// The tokens that end a text or a turn, as far as the file names them.
    pub fn eos(&self) -> Vec<u32> {
        match self.file {
            File::Config(config) => config.tokens("eos_token_id"),
            File::Gguf { gguf, .. } => {
                let named = |name: &&str| gguf.u32(&format!("tokenizer.ggml.{name}_token_id")).ok();
                let mut ids: Vec<u32> = ["eos", "eot", "eom"].iter().filter_map(named).collect();
                ids.dedup();
                ids
            }
        }
    }

    /// Which layers see a window only: by `layer_types`, by GGUF's pattern, else by `default`.
    ///
    /// # Errors
    /// The entry is no such list, or of another length.
    pub fn sliding_layers(&self, n_layers: usize, default: impl Fn(usize) -> bool) -> Result<Vec<bool>> {
        let listed = match self.file {
            File::Config(_) => self.texts("layer_types")?.map(|kinds| self.sliding(&kinds)).transpose()?,
            File::Gguf { .. } => self.flags("attention.sliding_window_pattern")?,
        };
        match listed {
            Some(layers) if layers.len() == n_layers => Ok(layers),
            Some(layers) => {
                Err(self.problem(&format!("expected a kind for each of {n_layers} layers, found {}", layers.len())))
            }
            None => Ok((0..n_layers).map(default).collect()),
        }
    }

    fn sliding(&self, kinds: &[String]) -> Result<Vec<bool>> {
        let of = |kind: &String| match kind.as_str() {
            "sliding_attention" => Ok(true),
            "full_attention" => Ok(false),
            other => Err(self.unsupported(&format!(
                "'layer_types' has '{other}'; this version knows full_attention and sliding_attention"
            ))),
        };
        kinds.iter().map(of).collect()
    }

    /// Refuses what nobody asked for and may change the computation.
    ///
    /// # Errors
    /// The first such entry, by name.
    pub fn finish(&self) -> Result<()> {
        let read = self.read.borrow();
        let unknown = match self.file {
            File::Config(config) => config
                .all()
                .find(|(key, _)| !read.contains(*key) && !harmless::in_config(key))
                .map(|(key, value)| format!("'{}': {}", shortened(key), shortened(&value.to_string()))),
            File::Gguf { gguf, architecture } => gguf
                .metadata()
                .filter_map(|(key, _)| key.strip_prefix(architecture)?.strip_prefix('.'))
                .find(|key| !read.contains(*key) && !harmless::in_gguf(key))
                .map(|key| format!("'{}'", shortened(&format!("{architecture}.{key}")))),
        };
        match unknown {
            None => Ok(()),
            Some(entry) => Err(self.unsupported(&format!(
                "{entry} is not understood by this version for a model of type '{}', and may change what it computes; \
                 where you know that it does not, take it out of a copy of the file",
                shortened(self.model_type())
            ))),
        }
    }

    /// Something that this file says cannot be.
    pub fn problem(&self, problem: &str) -> Error {
        Error::file(self.path(), problem)
    }

    /// Something that this version cannot run.
    pub fn unsupported(&self, problem: &str) -> Error {
        Error::Unsupported(format!("{}: {problem}", self.path().display()))
    }

    pub fn path(&self) -> &'a Path {
        match self.file {
            File::Config(config) => config.path(),
            File::Gguf { gguf, .. } => gguf.path(),
        }
    }

    /// The first spelling of an entry that the file has.
    fn find<T>(
        &self,
        key: &str,
        in_config: impl Fn(&'a Config, &str) -> Result<Option<T>>,
        in_gguf: impl Fn(&'a Gguf, &str) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut found = None;
        for spelling in self.spellings(key) {
            self.mark(spelling);
            if found.is_some() {
                continue;
            }
            found = match self.file {
                File::Config(config) => in_config(config, spelling)?,
                File::Gguf { gguf, architecture } => {
                    let key = format!("{architecture}.{spelling}");
                    if gguf.has(&key) { Some(in_gguf(gguf, &key)?) } else { None }
                }
            };
        }
        Ok(found)
    }

    fn spellings<'k>(&self, key: &'k str) -> Vec<&'k str> {
        let name = NAMES.iter().find(|name| name.config[0] == key);
        match (name, &self.file) {
            (Some(name), File::Config(_)) => name.config.to_vec(),
            (Some(name), File::Gguf { .. }) => name.gguf.to_vec(),
            (None, _) => vec![key],
        }
    }

    /// As the file spells it.
    fn spelled(&self, key: &str) -> String {
        let spelling = self.spellings(key).first().copied().unwrap_or(key).to_owned();
        match self.file {
            File::Config(_) => spelling,
            File::Gguf { architecture, .. } => format!("{architecture}.{spelling}"),
        }
    }

    fn mark(&self, spelling: &str) {
        self.read.borrow_mut().insert(spelling.to_owned());
    }
}
