//! `config.json`, read with errors that name the key, what was expected and what was found.

use super::spec::{Family, RopeScaling, Spec};
use super::{Error, Result, family};
use crate::system::file;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The largest file of JSON that is read; the longest in use is the index of a model of many shards.
const LARGEST: u64 = 64 << 20;

/// Hugging Face's description of a model, in its older and its newer style.
pub struct Config {
    path: PathBuf,
    json: Value,
}

impl Config {
    /// Reads a `config.json`.
    ///
    /// # Errors
    /// The file cannot be read or is not a JSON object.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(json(path)?, path)
    }

    /// Reads the text of a `config.json`; `path` is only for messages.
    ///
    /// # Errors
    /// It is not a JSON object.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        Self::of(parsed(text.as_bytes(), path)?, path)
    }

    fn of(json: Value, path: &Path) -> Result<Self> {
        if !json.is_object() {
            return Err(Error::file(path, "expected a JSON object such as {\"model_type\": \"llama\", …}"));
        }
        Ok(Self { path: path.to_owned(), json })
    }

    /// The resolved description.
    ///
    /// # Errors
    /// An unknown architecture, a missing or a nonsensical entry.
    pub fn spec(&self, name: &str) -> Result<Spec> {
        let model_type = self.json.get("model_type").and_then(Value::as_str).unwrap_or("");
        let family = Family::ALL.into_iter().find(|family| family.name() == model_type).ok_or_else(|| {
            let known: Vec<_> = Family::ALL.iter().map(|family| family.name()).collect();
            Error::Unsupported(format!(
                "{}: model_type is '{model_type}'; this version runs {}",
                self.path.display(),
                known.join(" and ")
            ))
        })?;
        let spec = match family {
            Family::Llama => family::llama::from_config(self, name)?,
            Family::Gpt2 => family::gpt2::from_config(self, name)?,
        };
        spec.validate().map_err(|problem| self.problem(&problem))?;
        Ok(spec)
    }

    /// A size that must be there.
    ///
    /// # Errors
    /// It is missing, or not a whole number above zero.
    pub fn size(&self, key: &str) -> Result<usize> {
        self.optional_size(key)?.ok_or_else(|| self.problem(&format!("'{key}' is missing")))
    }

    /// A size that may be missing or null.
    ///
    /// # Errors
    /// It is there, but not a whole number above zero.
    pub fn optional_size(&self, key: &str) -> Result<Option<usize>> {
        match self.json.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(size) if size > 0 => Ok(usize::try_from(size).ok()),
                _ => Err(self.problem(&format!("'{key}' should be a whole number above zero, found {value}"))),
            },
        }
    }

    /// A number, or `default` where there is none.
    ///
    /// # Errors
    /// It is there, but not a number.
    pub fn number(&self, key: &str, default: f64) -> Result<f64> {
        number(&self.json, key)
            .map(|found| found.unwrap_or(default))
            .map_err(|found| self.problem(&format!("'{key}' should be a number, found {found}")))
    }

    /// A truth value, or `default` where there is none.
    ///
    /// # Errors
    /// It is there, but neither true nor false.
    pub fn flag(&self, key: &str, default: bool) -> Result<bool> {
        match self.json.get(key) {
            None | Some(Value::Null) => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(found) => Err(self.problem(&format!("'{key}' should be true or false, found {found}"))),
        }
    }

    /// A text, or `default` where there is none.
    pub fn text<'a>(&'a self, key: &str, default: &'a str) -> &'a str {
        self.json.get(key).and_then(Value::as_str).unwrap_or(default)
    }

    /// The token or tokens under `key`: absent, one id, or a list of ids.
    pub fn tokens(&self, key: &str) -> Vec<u32> {
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        match self.json.get(key) {
            Some(Value::Array(ids)) => ids.iter().filter_map(id).collect(),
            Some(value) => id(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Base and scaling of the rotary positions: `rope_theta` and `rope_scaling` at the top level
    /// (older), or both inside `rope_parameters` (newer).
    ///
    /// # Errors
    /// A kind of scaling that is not known, or one whose numbers are missing.
    pub fn rope(&self) -> Result<(f64, RopeScaling)> {
        let newer = self.json.get("rope_parameters").filter(|value| value.is_object());
        let scaling = newer.or_else(|| self.json.get("rope_scaling")).filter(|value| value.is_object());
        let theta = match newer {
            Some(parameters) => number(parameters, "rope_theta")
                .map_err(|found| self.problem(&format!("'rope_theta' should be a number, found {found}")))?
                .map_or_else(|| self.number("rope_theta", 10_000.0), Ok)?,
            None => self.number("rope_theta", 10_000.0)?,
        };
        let Some(scaling) = scaling else { return Ok((theta, RopeScaling::Default)) };
        let kind = scaling.get("rope_type").or_else(|| scaling.get("type")).and_then(Value::as_str);
        let needed = |key: &str| match number(scaling, key) {
            Ok(Some(value)) => Ok(value),
            _ => Err(self.problem(&format!("rope scaling '{}' needs a number '{key}'", kind.unwrap_or("")))),
        };
        let scaling = match kind.unwrap_or("default") {
            "default" => RopeScaling::Default,
            "linear" => RopeScaling::Linear { factor: needed("factor")? },
            "llama3" => RopeScaling::Llama3 {
                factor: needed("factor")?,
                low_freq_factor: needed("low_freq_factor")?,
                high_freq_factor: needed("high_freq_factor")?,
                original_n_ctx: needed("original_max_position_embeddings")?,
            },
            other => {
                return Err(self.problem(&format!(
                    "rope scaling '{other}' is not known; this version has default, linear and llama3"
                )));
            }
        };
        Ok((theta, scaling))
    }

    /// Something that this file says cannot be.
    pub fn problem(&self, problem: &str) -> Error {
        Error::file(&self.path, problem)
    }
}

/// What a file of JSON holds.
///
/// # Errors
/// It cannot be read, is no file, is absurdly long, or is not JSON.
pub fn json(path: &Path) -> Result<Value> {
    let bytes = file::read(path, LARGEST).map_err(|error| Error::file(path, format!("cannot read: {error}")))?;
    parsed(&bytes, path)
}

fn parsed(bytes: &[u8], path: &Path) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| match file::stand_in(bytes) {
        Some(found) => Error::file(path, found),
        None => Error::file(path, format!("expected JSON: {error}")),
    })
}

/// The number under `key`; what was found instead where it is no number.
fn number(json: &Value, key: &str) -> Result<Option<f64>, String> {
    match json.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or_else(|| value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::Positions;

    const LLAMA: &str = r#""model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "intermediate_size": 128, "vocab_size": 384, "max_position_embeddings": 256, "rms_norm_eps": 1e-6"#;

    fn spec(entries: &str) -> Result<Spec> {
        Config::parse(&format!("{{{entries}}}"), Path::new("config.json"))?.spec("test")
    }

    #[test]
    fn older_and_newer_rope_styles_mean_the_same() {
        let scaling = r#""factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64, "rope_type": "llama3""#;
        let older = spec(&format!(r#"{LLAMA}, "rope_theta": 5e5, "rope_scaling": {{{scaling}}}"#)).unwrap();
        let newer = spec(&format!(r#"{LLAMA}, "rope_parameters": {{"rope_theta": 5e5, {scaling}}}"#)).unwrap();
        assert_eq!(older, newer);
        assert!(matches!(older.positions, Positions::Rope(rope) if rope.theta == 5e5));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let message = |entries: &str| spec(entries).unwrap_err().to_string();
        assert!(message(r#""model_type": "bert""#).contains("'bert'"));
        assert!(message(r#""model_type": "llama""#).contains("'num_attention_heads' is missing"));
        assert!(message(&LLAMA.replace("64", "\"wide\"")).contains("found \"wide\""));
        assert!(message(&LLAMA.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1e12")).contains("1"));
        assert!(message(&format!(r#"{LLAMA}, "num_key_value_heads": 3"#)).contains("key/value"));
        assert!(message(&format!(r#"{LLAMA}, "rope_scaling": {{"type": "yarn"}}"#)).contains("yarn"));
        assert!(message(&format!(r#"{LLAMA}, "hidden_act": "relu2""#)).contains("relu2"));
    }

    #[test]
    fn absurd_sizes_are_refused_before_any_arithmetic_overflows() {
        let absurd = LLAMA.replace("\"hidden_size\": 64", "\"hidden_size\": 9223372036854775807");
        assert!(spec(&absurd).unwrap_err().to_string().contains("d_model"));
    }
}
