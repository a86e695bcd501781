//! The files of a folder: whole, of a bounded size, and as JSON where they are that.

use crate::system::file;
use crate::text::{Error, Result};
use serde::de::DeserializeOwned;
use std::io::ErrorKind;
use std::path::Path;

/// The largest known tokenizer files are a tenth of this.
const LARGEST: u64 = 512 << 20;

/// The largest known vocabularies that are not JSON take 5 MB.
const LARGEST_MODEL: usize = 64 << 20;

pub fn parse_if_there<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    read(path)?.map_or_else(|| Ok(T::default()), |bytes| parse(path, &bytes))
}

pub fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| match file::stand_in(bytes) {
        Some(found) => Error::file(path, found),
        None => Error::file(path, format!("not the JSON that was expected: {error}")),
    })
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
    match file::read(path, LARGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(|error| Error::file(path, error.to_string())),
    }
}
