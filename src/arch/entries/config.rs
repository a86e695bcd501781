//! `config.json`, read with errors that name the key, what was expected and what was found.

use super::shortened::shortened;
use crate::arch::{Error, Result};
use crate::system::file;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The largest file of JSON that is read; the longest in use is the index of a model of many shards.
const LARGEST: u64 = 64 << 20;

/// Hugging Face's description of a model, in its older and its newer style.
#[derive(Debug)]
pub struct Config {
    path: PathBuf,
    /// The entries of the text model, where others stand beside it.
    json: Map<String, Value>,
    /// What stands around them.
    outer: Map<String, Value>,
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
    /// It is not a JSON object, or its weights are quantised in a way that is not read.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        Self::of(parsed(text.as_bytes(), path)?, path)
    }

    fn of(json: Value, path: &Path) -> Result<Self> {
        let Value::Object(mut outer) = json else {
            return Err(Error::file(path, "expected a JSON object such as {\"model_type\": \"llama\", …}"));
        };
        refuse_quantised(&outer, path)?;
        let (json, outer) = match outer.remove("text_config") {
            Some(Value::Object(text)) => (text, outer),
            _ => (outer, Map::new()),
        };
        Ok(Self { path: path.to_owned(), json, outer })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether other models stand beside the text model, such as one that sees.
    pub fn is_nested(&self) -> bool {
        !self.outer.is_empty()
    }

    /// What is set.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.json.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.as_str(), value))
    }

    /// What stands under a key; null is nothing.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.json.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn size(&self, key: &str) -> Result<Option<usize>> {
        self.typed(key, "a whole number", |value| {
            value
                .as_u64()
                .or_else(|| value.as_f64().filter(|n| n.fract() == 0.0 && (0.0..1e15).contains(n)).map(|n| n as u64))
                .and_then(|n| usize::try_from(n).ok())
        })
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>> {
        self.typed(key, "a number", Value::as_f64)
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>> {
        self.typed(key, "true or false", Value::as_bool)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.value(key)?.as_str()
    }

    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<String>>> {
        let texts = |value: &Value| value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect();
        self.typed(key, "a list of texts", texts)
    }

    pub(super) fn flags(&self, key: &str) -> Result<Option<Vec<bool>>> {
        let flag = |value: &Value| value.as_bool().or_else(|| Some(value.as_u64()? != 0));
        self.typed(key, "a list of 0 and 1", |value| value.as_array()?.iter().map(flag).collect())
    }

    /// The token or tokens under `key`: absent, one id, or a list of ids.
    pub(super) fn tokens(&self, key: &str) -> Vec<u32> {
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        match self.value(key).or_else(|| self.outer.get(key)) {
            Some(Value::Array(ids)) => ids.iter().filter_map(id).collect(),
            Some(value) => id(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// A truth value beside the entries of the text model.
    pub(super) fn outer_flag(&self, key: &str) -> Option<bool> {
        self.outer.get(key)?.as_bool()
    }

    fn typed<T>(&self, key: &str, expected: &str, get: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        get(value).map(Some).ok_or_else(|| {
            let found = shortened(&value.to_string());
            Error::file(&self.path, format!("'{key}' should be {expected}, found {found}"))
        })
    }
}

/// What a file of JSON holds.
///
/// # Errors
/// It cannot be read, is no file, is absurdly long, or is not JSON.
pub fn json(path: &Path) -> Result<Value> {
    let bytes = file::read(path, LARGEST)
        .map_err(|error| Error::file(path, format!("cannot read: {}", file::reason(&error))))?;
    parsed(&bytes, path)
}

fn parsed(bytes: &[u8], path: &Path) -> Result<Value> {
    serde_json::from_slice(bytes).map_err(|error| match file::stand_in(bytes) {
        Some(found) => Error::file(path, found),
        None if bytes.trim_ascii().is_empty() => Error::file(path, "is empty; expected JSON"),
        None => Error::file(path, format!("expected JSON: {error}")),
    })
}

/// Weights that rest in a format of their own would look like missing tensors.
fn refuse_quantised(config: &Map<String, Value>, path: &Path) -> Result<()> {
    let Some(quantised) = config.get("quantization_config").filter(|value| !value.is_null()) else { return Ok(()) };
    let method = quantised.get("quant_method").and_then(Value::as_str).unwrap_or("an unnamed method");
    Err(Error::Unsupported(format!(
        "{}: the weights are quantised with {}, which this version does not read; use the original weights, or a GGUF \
         file of the model",
        path.display(),
        shortened(method)
    )))
}
