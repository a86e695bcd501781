//! What must hold of a GGUF file, well-formed or hostile.

use super::block::BlockType;
use super::fixture::{bytes, open, strings, tensor};
use super::*;
use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor as CandleTensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::Cursor;

/// Every readable type with candle's name of it.
const TYPES: [(BlockType, GgmlDType); 13] = [
    (BlockType::F32, GgmlDType::F32),
    (BlockType::F16, GgmlDType::F16),
    (BlockType::BF16, GgmlDType::BF16),
    (BlockType::Q4_0, GgmlDType::Q4_0),
    (BlockType::Q4_1, GgmlDType::Q4_1),
    (BlockType::Q5_0, GgmlDType::Q5_0),
    (BlockType::Q5_1, GgmlDType::Q5_1),
    (BlockType::Q8_0, GgmlDType::Q8_0),
    (BlockType::Q2_K, GgmlDType::Q2K),
    (BlockType::Q3_K, GgmlDType::Q3K),
    (BlockType::Q4_K, GgmlDType::Q4K),
    (BlockType::Q5_K, GgmlDType::Q5K),
    (BlockType::Q6_K, GgmlDType::Q6K),
];

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
        (first.name.as_str(), first.shape.as_slice(), first.kind.name()),
        ("token_embd.weight", [3, 256].as_slice(), "Q4_1")
    );
    assert_eq!((first.elements(), first.bytes()), (768, 768 / 32 * 20));
    assert_eq!(file.raw("token_embd.weight").unwrap(), &original.data().unwrap()[..]);
    assert_eq!(file.tensors()[3].shape, [2, 3, 32]);
}

#[test]
fn every_type_dequantises_as_candle_does() {
    for (kind, dtype) in TYPES {
        let stored = tensor(&[3, 512], dtype);
        let expected = stored.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let file = open(&bytes(&[], &[("w", stored)])).unwrap();
        assert_eq!(file.tensor("w").unwrap().kind, kind);
        let mut values = vec![f32::NAN; 3 * 512];
        file.dequantise("w", &mut values).unwrap();
        assert_eq!(values, expected, "{kind}");
        // And they are the values that were stored, as nearly as the format can hold them.
        let exact = tensor(&[3, 512], GgmlDType::F32).dequantize(&Device::Cpu).unwrap();
        let exact = exact.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let worst = values.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let bits = 8.0 * kind.bytes_per_block() as f32 / kind.values_per_block() as f32;
        let largest = exact.iter().fold(0_f32, |most, x| most.max(x.abs()));
        assert!(worst <= largest * 2_f32.powf(1.5 - bits.min(9.0)), "{kind}: {worst} of {largest}");
    }
}

#[test]
fn misaligned_blocks_have_the_same_values() {
    for (kind, dtype) in TYPES {
        let stored = tensor(&[40, 512], dtype); // more than one chunk of one buffer
        let data = stored.data().unwrap();
        let (mut aligned, mut shifted) = (vec![0.0; 40 * 512], vec![0.0; 40 * 512]);
        kind.dequantise(&data, &mut aligned);
        let mut moved = vec![0xff; 1];
        moved.extend_from_slice(&data);
        kind.dequantise(&moved[1..], &mut shifted);
        assert_eq!(aligned, shifted, "{kind}");
    }
}

/// The three formats that the int4 and int8 paths will stand on, computed from their definition.
#[test]
fn q4_0_q4_1_and_q8_0_are_what_their_definition_says() {
    // d = 0.5, m = -1.25 as f16, little-endian
    let (d, m) = ([0x00, 0x38], [0x00, 0xbd]);
    let nibbles: Vec<u8> = (0..16).map(|i| i | (15 - i) << 4).collect(); // value i: low nibble; value 16 + i: high

    let mut values = [0.0; 32];
    BlockType::Q4_0.dequantise(&[&d[..], &nibbles].concat(), &mut values);
    for i in 0..16 {
        assert_eq!(values[i], 0.5 * (i as f32 - 8.0));
        assert_eq!(values[16 + i], 0.5 * ((15 - i) as f32 - 8.0));
    }
    BlockType::Q4_1.dequantise(&[&d[..], &m, &nibbles].concat(), &mut values);
    for i in 0..16 {
        assert_eq!(values[i], 0.5 * i as f32 - 1.25);
        assert_eq!(values[16 + i], 0.5 * (15 - i) as f32 - 1.25);
    }
    let bytes: Vec<u8> = (0..32).map(|i| (i * 8 - 128_i32) as u8).collect(); // from -128 in steps of 8
    BlockType::Q8_0.dequantise(&[&d[..], &bytes].concat(), &mut values);
    for (i, value) in values.into_iter().enumerate() {
        assert_eq!(value, 0.5 * (i as f32 * 8.0 - 128.0));
    }
}

#[test]
fn random_blocks_never_panic() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for kind in BlockType::ALL {
        let mut data = vec![0; 64 * kind.bytes_per_block()];
        random.fill(&mut data[..]);
        kind.dequantise(&data, &mut vec![0.0; 64 * kind.values_per_block()]);
    }
}

/// A file put together by hand.
struct Raw(Vec<u8>);

impl Raw {
    fn new(version: u32, tensors: u64, entries: u64) -> Self {
        let mut raw = Raw(b"GGUF".to_vec());
        raw.0.extend(version.to_le_bytes());
        raw.u64(tensors).u64(entries)
    }
    fn u32(mut self, n: u32) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }
    fn u64(mut self, n: u64) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }
    fn text(mut self, text: &str) -> Self {
        self = self.u64(text.len() as u64);
        self.0.extend(text.as_bytes());
        self
    }
    fn tensor(mut self, name: &str, dims: &[u64], kind: u32, offset: u64) -> Self {
        self = self.text(name).u32(dims.len() as u32);
        for &dim in dims {
            self = self.u64(dim);
        }
        self.u32(kind).u64(offset)
    }
    fn zeros(mut self, n: usize) -> Self {
        self.0.resize(self.0.len() + n, 0);
        self
    }
}

#[test]
fn a_damaged_or_hostile_header_is_refused_in_words() {
    const HUGE: u64 = u64::MAX / 2;
    let cases = [
        (Raw(vec![]), "expected the magic `GGUF` (4 bytes) at byte 0, but only 0 are left"),
        (Raw(b"PK\x03\x04 no such luck at all".to_vec()), "expected it to begin with `GGUF`, found `PK\\x03\\x04`"),
        (Raw::new(1, 0, 0), "GGUF version 1, which is no longer in use; expected 2 or 3"),
        (Raw::new(9, 0, 0), "GGUF version 9; expected 2 or 3"),
        (Raw::new(3_u32.swap_bytes(), 0, 0), "big-endian"),
        (Raw::new(3, HUGE, 0), "announces 9223372036854775807 tensors"),
        (Raw::new(3, 0, HUGE), "metadata entries, but only 0 bytes are left"),
        (Raw::new(3, 0, 1).u64(HUGE).zeros(99), "expected a metadata key (9223372036854775807 bytes)"),
        (Raw::new(3, 0, 1).text("k").u32(13).zeros(99), "metadata `k`: expected a type from 0 to 12, found 13"),
        (Raw::new(3, 0, 1).text("k").u32(7).u32(2), "metadata `k`: expected a bool, 0 or 1, found 2"),
        (Raw::new(3, 0, 1).text("k").u32(9).u32(8).u64(HUGE).zeros(9), "announces 9223372036854775807 array elements"),
        (Raw::new(3, 0, 2).text("k").u32(4).u32(1).text("k").u32(4).u32(1), "metadata `k`: stands in the file twice"),
        (
            (0..12).fold(Raw::new(3, 0, 1).text("k").u32(9), |raw, _| raw.u32(9).u64(1)).zeros(99),
            "arrays nested deeper than 8",
        ),
        (Raw::new(3, 0, 1).text("general.alignment").u32(4).u32(0), "expected a power of two, found 0"),
        (Raw::new(3, 0, 1).text("general.alignment").u32(4).u32(24), "expected a power of two, found 24"),
        (Raw::new(3, 0, 1).text("general.alignment").u32(8).text("32"), "expected a power of two, found \"32\""),
        (Raw::new(3, 0, 1).text("split.count").u32(2).u32(3), "one of 3 parts of a model; join them first"),
        (Raw::new(3, 1, 0).tensor("w", &[1; 5], 0, 0), "tensor `w`: expected at most 4 dimensions, found 5"),
        (Raw::new(3, 1, 0).tensor("w", &[1 << 32, 1 << 32], 0, 0), "too large for any memory"),
        (Raw::new(3, 1, 0).tensor("w", &[1 << 61], 0, 0), "too large for any memory"),
        (Raw::new(3, 1, 0).tensor("w", &[48], 2, 0).zeros(99), "rows of 48 values are not whole blocks of Q4_0"),
        (Raw::new(3, 1, 0).tensor("w", &[32], 20, 0).zeros(99), "tensor `w`: expected one of F32 F16 BF16 Q8_0"),
        (Raw::new(3, 1, 0).tensor("w", &[32], 20, 0).zeros(99), "found IQ4_NL (type 20)"),
        (Raw::new(3, 1, 0).tensor("w", &[32], 999, 0).zeros(99), "found a type unknown here (type 999)"),
        (Raw::new(3, 1, 0).tensor("w", &[8], 0, 8).zeros(99), "its offset 8 is not a multiple of the alignment 32"),
        (Raw::new(3, 1, 0).tensor("w", &[8], 0, 64).zeros(99), "tensor `w`: expected its bytes to end at"),
        (Raw::new(3, 1, 0).tensor("w", &[8], 0, !31).zeros(99), "lies beyond any file"),
        (Raw::new(3, 1, 0).tensor("w", &[8], 0, HUGE & !31).zeros(99), "tensor `w`: expected its bytes to end at"),
        (
            Raw::new(3, 2, 0).tensor("w", &[1], 0, 0).tensor("w", &[1], 0, 32).zeros(99),
            "tensor `w`: stands in the file twice",
        ),
    ];
    for (raw, expected) in cases {
        let error = open(&raw.0).expect_err(expected).to_string();
        assert!(error.contains(expected), "expected … {expected} …\nfound {error}");
    }
}

#[test]
fn version_3_and_its_own_alignment_are_read() {
    let raw = Raw::new(3, 1, 1).text("general.alignment").u32(4).u32(1).tensor("w", &[2], 0, 0);
    let mut raw = raw.0;
    raw.extend(1.5_f32.to_le_bytes());
    raw.extend((-2.0_f32).to_le_bytes());
    let file = open(&raw).unwrap();
    let mut values = [0.0; 2];
    file.dequantise("w", &mut values).unwrap();
    assert_eq!((file.version(), values), (3, [1.5, -2.0]));
}

#[test]
fn what_is_not_a_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = Gguf::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("not a regular file"), "{error}");
    assert!(matches!(Gguf::open(&folder.path().join("none.gguf")), Err(Error::Io { .. })));
}

/// Reads all there is to read, whatever it is.
fn touch_everything(file: &Gguf) {
    for (key, _) in file.metadata() {
        let _ = (file.str(key), file.u32(key), file.usize(key), file.f32(key), file.bool(key));
        let _ = (file.strings(key), file.floats(key), file.ints(key));
    }
    for tensor in file.tensors() {
        let mut values = vec![0.0; tensor.elements()];
        file.dequantise(&tensor.name, &mut values).unwrap();
    }
}

#[test]
fn flipped_bits_and_cuts_never_panic() {
    let whole = small();
    let header = open(&whole).unwrap().tensors()[0].range.start; // all that can contradict itself stands before
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut opened = 0;
    for case in 0..4000 {
        let mut damaged = whole.clone();
        for _ in 0..random.random_range(1..4) {
            let at = random.random_range(0..header);
            damaged[at] = if case % 2 == 0 { damaged[at] ^ 1 << random.random_range(0..8) } else { random.random() };
        }
        if case % 5 == 0 {
            damaged.truncate(random.random_range(0..damaged.len()));
        }
        if let Ok(file) = open(&damaged) {
            opened += 1;
            touch_everything(&file);
        }
    }
    assert!((100..3900).contains(&opened), "the damage must matter, but not always: {opened} of 4000 opened");
}

#[test]
fn every_cut_is_noticed() {
    let whole = small();
    let used = open(&whole).unwrap().tensors().iter().map(|tensor| tensor.range.end).max().unwrap();
    for length in 0..used {
        assert!(open(&whole[..length]).is_err(), "cut to {length} of {used} bytes");
    }
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
        let values: QTensor = theirs.tensor(&mut Cursor::new(&whole), &tensor.name, &Device::Cpu).unwrap();
        let values: CandleTensor = values.dequantize(&Device::Cpu).unwrap();
        let mut mine = vec![0.0; tensor.elements()];
        ours.dequantise(&tensor.name, &mut mine).unwrap();
        assert_eq!(values.flatten_all().unwrap().to_vec1::<f32>().unwrap(), mine);
    }
}
