//! What must hold of a GGUF file; here, of one that is well-formed.

mod formats;
mod hostile;

use super::fixture::{bytes, open, strings, tensor};
use super::*;
use candle_core::Device;
use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{Content, Value};
use std::io::Cursor;

/// A little of everything: each kind of metadata, four tensors.
fn small() -> Vec<u8> {
    let metadata = [
        ("general.architecture", Value::String("llama".into())),
        ("llama.block_count", Value::U32(30)),
        ("a.u8", Value::U8(7)),
        ("a.i8", Value::I8(-7)),
        ("a.i64", Value::I64(1 << 40)),
        ("a.f32", Value::F32(1e-5)),
        ("a.f64", Value::F64(0.5)),
        ("a.bool", Value::Bool(true)),
        ("a.strings", strings(["Ġa", "", "▁b"])),
        ("a.floats", Value::Array(vec![Value::F32(0.5), Value::F32(-1.0)])),
        ("a.ints", Value::Array(vec![Value::I32(1), Value::I32(-3)])),
        ("a.nested", Value::Array(vec![Value::Array(vec![Value::U8(1)])])),
    ];
    let tensors = [
        ("token_embd.weight", tensor(&[3, 256], GgmlDType::Q4_1)),
        ("output_norm.weight", tensor(&[5], GgmlDType::F32)),
        ("blk.0.ffn_up.weight", tensor(&[2, 256], GgmlDType::Q6K)),
        ("blk.0.attn_q.weight", tensor(&[2, 3, 32], GgmlDType::Q8_0)),
    ];
    bytes(&metadata, &tensors)
}

#[test]
fn metadata_comes_back_by_key_and_type() -> Result<()> {
    let file = open(&small())?;
    assert_eq!(file.version(), 2);
    assert_eq!(file.str("general.architecture")?, "llama");
    assert_eq!((file.u32("llama.block_count")?, file.usize("a.u8")?, file.usize("a.i64")?), (30, 7, 1 << 40));
    assert_eq!((file.f32("a.f32")?, file.f32("a.f64")?, file.f32("a.u8")?), (1e-5, 0.5, 7.0));
    assert!(file.bool("a.bool")?);
    assert_eq!(file.strings("a.strings")?, ["Ġa", "", "▁b"]);
    assert_eq!(file.floats("a.floats")?, [0.5, -1.0]);
    assert_eq!(file.ints("a.ints")?, [1, -3]);
    assert_eq!(file.maybe("a.missing", Gguf::f32)?, None);
    assert_eq!(file.maybe("a.u8", Gguf::u32)?, Some(7));
    let first: Vec<_> = file.metadata().take(2).map(|(key, value)| format!("{key} = {value}")).collect();
    assert_eq!(first, ["general.architecture = \"llama\"", "llama.block_count = 30"]);
    Ok(())
}

#[test]
fn an_error_names_the_key_what_was_expected_and_what_was_found() {
    let file = open(&small()).unwrap();
    let message = |error: Error| error.to_string().split_once(".gguf: ").unwrap().1.to_owned();
    let errors = [
        (file.u32("a.i8").map(drop), "metadata `a.i8`: expected an integer from 0 to 4294967295, found -7"),
        (file.usize("a.bool").map(drop), "metadata `a.bool`: expected a non-negative integer, found true"),
        (file.str("a.u8").map(drop), "metadata `a.u8`: expected a string, found 7"),
        (file.bool("a.u8").map(drop), "metadata `a.u8`: expected a bool, found 7"),
        (file.f32("a.strings").map(drop), "metadata `a.strings`: expected a number, found array of 3 string"),
        (
            file.floats("a.strings").map(drop),
            "metadata `a.strings`: expected an array of numbers, found array of 3 string",
        ),
        (file.ints("a.floats").map(drop), "metadata `a.floats`: expected an array of integers, found array of 2 f32"),
        (
            file.strings("a.nested").map(drop),
            "metadata `a.nested`: expected an array of strings, found array of 1 array",
        ),
        (
            file.floats("a.nested").map(drop),
            "metadata `a.nested`: expected an array of numbers, found array of 1 array",
        ),
        (file.str("general.name").map(drop), "metadata `general.name` is missing; expected a string"),
        (file.raw("blk.9\u{1b}[2J").map(drop), "tensor `blk.9\\u{1b}[2J`: expected in the file, but it is not there"),
        (
            file.dequantise("output_norm.weight", &mut [0.0; 4]),
            "tensor `output_norm.weight`: expected room for 5 values of shape [5], found 4",
        ),
    ];
    for (result, expected) in errors {
        assert_eq!(message(result.unwrap_err()), expected);
    }
}

#[test]
fn tensors_come_in_file_order_row_major_and_their_bytes_are_candles() {
    let original = tensor(&[3, 256], GgmlDType::Q4_1);
    let file = open(&small()).unwrap();
    let first = &file.tensors()[0];
    assert_eq!(
        (first.name.as_str(), first.shape.as_slice(), &*first.kind.name()),
        ("token_embd.weight", [3, 256].as_slice(), "Q4_1")
    );
    assert_eq!((first.elements(), first.bytes()), (768, 768 / 32 * 20));
    assert_eq!(file.raw("token_embd.weight").unwrap(), &original.data().unwrap()[..]);
    assert_eq!(file.tensors()[3].shape, [2, 3, 32]);
}

/// candle's own reader, on the same bytes, finds the same.
#[test]
fn candle_reads_the_same_header() {
    let whole = small();
    let theirs = Content::read(&mut Cursor::new(&whole)).unwrap();
    let ours = open(&whole).unwrap();
    assert_eq!(theirs.tensor_infos.len(), ours.tensors().len());
    assert_eq!(theirs.metadata.len(), ours.metadata().count());
    for tensor in ours.tensors() {
        let info = &theirs.tensor_infos[&tensor.name];
        assert_eq!(info.shape.dims(), tensor.shape);
        assert_eq!((theirs.tensor_data_offset + info.offset) as usize, tensor.range.start);
        let values = theirs.tensor(&mut Cursor::new(&whole), &tensor.name, &Device::Cpu).unwrap();
        let values = values.dequantize(&Device::Cpu).unwrap();
        let mut mine = vec![0.0; tensor.elements()];
        ours.dequantise(&tensor.name, &mut mine).unwrap();
        assert_eq!(values.flatten_all().unwrap().to_vec1::<f32>().unwrap(), mine);
    }
}

#[test]
fn what_is_not_a_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = Gguf::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("expected a file, found a folder"), "{error}");
    assert!(matches!(Gguf::open(&folder.path().join("none.gguf")), Err(Error::Io { .. })));
}
