//! The files of a folder: whole, of a bounded size, and as JSON where they are that.

use crate::text::{Error, Result};
use serde::de::DeserializeOwned;
use std::fs;
use std::path::Path;

/// The largest known tokenizer files are a tenth of this.
const LARGEST: u64 = 512 << 20;

/// The largest known vocabularies that are not JSON take 5 MB.
const LARGEST_MODEL: usize = 64 << 20;

pub fn parse_if_there<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    read(path)?.map_or_else(|| Ok(T::default()), |bytes| parse(path, &bytes))
}

pub fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::file(path, format!("not the JSON that was expected: {error}")))
}

/// The bytes of a vocabulary that is not JSON, which may be missing.
pub fn read_model(path: &Path) -> Result<Option<Vec<u8>>> {
    let bytes = read(path)?;
    match &bytes {
        Some(bytes) if bytes.len() > LARGEST_MODEL => {
            let found = format!("expected a vocabulary of at most {LARGEST_MODEL} bytes, found {}", bytes.len());
            Err(Error::file(path, found))
        }
        _ => Ok(bytes),
    }
}

/// The bytes of a file that may be missing.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let problem = |error: std::io::Error| Error::file(path, error.to_string());
    let size = match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(problem)?,
    };
    if !size.is_file() || size.len() > LARGEST {
        return Err(Error::file(path, format!("expected a file of at most {LARGEST} bytes, found {}", size.len())));
    }
    fs::read(path).map(Some).map_err(problem)
}
