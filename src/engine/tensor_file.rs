//! Tensors by name in a safetensors file: read where they lie, written one at a time.

use super::{Error, Result};
use crate::system::aside::beside;
use crate::system::file;
use crate::system::map::Map;
use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensors, View};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};

/// A file that is open, memory-mapped.
pub struct TensorFile {
    path: PathBuf,
    map: Map,
    metadata: Metadata,
    /// Where the tensors' bytes begin.
    data: usize,
}

impl TensorFile {
    /// Maps the file and reads its header.
    ///
    /// # Errors
    /// It is missing, truncated or not safetensors.
    pub fn open(path: &Path) -> Result<Self> {
        let opened =
            file::open(path).map_err(|error| Error::file(path, format!("cannot open: {}", file::reason(&error))))?;
        let map = Map::of(&opened).map_err(|error| Error::file(path, format!("cannot map: {error}")))?;
        let (header, metadata) = SafeTensors::read_metadata(&map).map_err(|error| match file::stand_in(&map) {
            Some(found) => Error::file(path, found),
            None => Error::file(path, format!("expected a safetensors file: {error}; is it complete?")),
        })?;
        // read_metadata has checked that the header's own numbers agree; that the bytes are there is ours to check.
        let data = header + size_of::<u64>();
        let needed = data + metadata.data_len();
        if map.len() < needed {
            return Err(Error::file(
                path,
                format!("expected {needed} bytes, found {}: the file is truncated; download it again", map.len()),
            ));
        }
        Ok(Self { path: path.to_owned(), map, metadata, data })
    }

    pub fn names(&self) -> impl Iterator<Item = String> {
        self.metadata.tensors().into_keys()
    }

    /// What the file says of a tensor.
    pub fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.metadata.info(name)
    }

    /// What the file says beside its tensors.
    pub fn told(&self, key: &str) -> Option<&str> {
        self.metadata.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// A copy of a tensor.
    ///
    /// # Errors
    /// There is none of this name, or its format is not one of those that are read.
    pub fn tensor(&self, name: &str) -> Result<Tensor> {
        let info = self.info(name).ok_or_else(|| Error::file(&self.path, format!("no tensor {name}")))?;
        let kind = match info.dtype {
            Dtype::F32 => Kind::Float,
            Dtype::F16 => Kind::Half,
            Dtype::BF16 => Kind::BFloat16,
            Dtype::I64 => Kind::Int64,
            other => {
                return Err(Error::unsupported(format!(
                    "{}: {name} is {other:?}; this version reads F32, F16, BF16 and I64",
                    self.path.display()
                )));
            }
        };
        let (start, end) = info.data_offsets;
        let bytes = &self.map[self.data + start..self.data + end];
        let shape: Vec<i64> = info.shape.iter().map(|&size| size as i64).collect();
        let tensor = Tensor::f_from_data_size(bytes, &shape, kind)?;
        self.map.check().map_err(|error| Error::file(&self.path, error.to_string()))?;
        Ok(tensor)
    }
}

/// A tensor to be written: f32, or i64 where it is of whole numbers.
pub struct Written {
    tensor: Tensor,
    shape: Vec<usize>,
}

impl Written {
    /// Bytes are made only when they are written.
    pub fn new(tensor: &Tensor) -> Self {
        let shape = tensor.size().into_iter().map(|size| size as usize).collect();
        Self { tensor: tensor.shallow_clone(), shape }
    }
}

impl View for Written {
    fn dtype(&self) -> Dtype {
        if self.tensor.kind() == Kind::Int64 { Dtype::I64 } else { Dtype::F32 }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let kind = if self.dtype() == Dtype::I64 { Kind::Int64 } else { Kind::Float };
        let plain = self.tensor.to_device(tch::Device::Cpu).to_kind(kind).contiguous();
        let mut bytes = vec![0; self.data_len()];
        plain.copy_data_u8(&mut bytes, plain.numel());
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        self.tensor.numel() * if self.dtype() == Dtype::I64 { 8 } else { 4 }
    }
}

/// Writes tensors by name, and what is told beside them, aside and then renamed: there is a whole file or none.
///
/// # Errors
/// It cannot be written.
pub fn write<V: View>(path: &Path, tensors: Vec<(String, V)>, told: Option<HashMap<String, String>>) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| Error::file(path, format!("cannot write: {error}"));
    let aside = beside(path).map_err(|error| failed(&error))?;
    // The crate puts a temporary file of its own there, which nobody else may read.
    let usual = aside.as_file().metadata().map_err(|error| failed(&error))?.permissions();
    safetensors::serialize_to_file(tensors, told, aside.path()).map_err(|error| failed(&error))?;
    std::fs::set_permissions(aside.path(), usual).map_err(|error| failed(&error))?;
    aside.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}
