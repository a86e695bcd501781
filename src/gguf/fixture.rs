//! Makes small GGUF files for tests, with candle's writer.

use super::Gguf;
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use std::io::{Cursor, Write};

/// A file with these entries and tensors.
pub(crate) fn bytes(metadata: &[(&str, Value)], tensors: &[(&str, QTensor)]) -> Vec<u8> {
    let metadata: Vec<_> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (*name, tensor)).collect();
    let mut file = Cursor::new(Vec::new());
    gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    file.into_inner()
}

/// `bytes` as an open file.
pub(crate) fn open(bytes: &[u8]) -> super::Result<Gguf> {
    let mut file = tempfile::Builder::new().prefix("fixture").suffix(".gguf").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Gguf::open(file.path()) // the map outlives the name
}

/// A tensor of `shape` with smooth, varied values, stored as `dtype`.
pub(crate) fn tensor(shape: &[usize], dtype: GgmlDType) -> QTensor {
    let values: Vec<f32> =
        (0..shape.iter().product()).map(|i| (i as f32 * 0.37).sin() * (1.0 + i as f32 / 97.0)).collect();
    QTensor::quantize(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap(), dtype).unwrap()
}

/// An array of strings.
pub(crate) fn strings<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> Value {
    Value::Array(items.into_iter().map(|item| Value::String(item.as_ref().to_owned())).collect())
}
