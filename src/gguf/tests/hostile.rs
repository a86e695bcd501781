//! Files that are damaged, or made to do damage.

use super::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

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
        (Raw::new(3, 0, 1).text("split.count").u32(2).u32(3), "is file 1 of 3 of a model, but is not named so"),
        (Raw::new(3, 1, 0).tensor("w", &[1; 5], 0, 0), "tensor `w`: expected at most 4 dimensions, found 5"),
        (Raw::new(3, 1, 0).tensor("w", &[1 << 32, 1 << 32], 0, 0), "too large for any memory"),
        (Raw::new(3, 1, 0).tensor("w", &[1 << 61], 0, 0), "too large for any memory"),
        (Raw::new(3, 1, 0).tensor("w", &[48], 2, 0).zeros(99), "rows of 48 values are not whole blocks of Q4_0"),
        (Raw::new(3, 1, 0).tensor("w", &[40], 20, 0).zeros(99), "rows of 40 values are not whole blocks of IQ4_NL"),
        (Raw::new(3, 1, 0).tensor("w", &[1 << 20], 39, 0).zeros(99), "tensor `w`: expected its bytes to end at"),
        (Raw::new(3, 1, 0).tensor("w", &[32], 999, 1 << 20).zeros(99), "tensor `w`: expected its bytes to end at"),
        (Raw::new(3, 1, 0).tensor("w", &[1 << 32, 1 << 32], 999, 0).zeros(99), "too large for any memory"),
        (Raw(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n".to_vec()), "is a Git LFS pointer"),
        (Raw(b"\n<!DOCTYPE html>".to_vec()), "is a web page"),
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

/// A tensor that cannot be computed with is no reason not to look at the others.
#[test]
fn a_type_that_is_not_read_is_carried_by_its_name_and_size() {
    let types = [(20, "IQ4_NL", 18), (39, "MXFP4", 17), (26, "I32", 128), (36, "type 36", 64), (0, "F32", 128)];
    let starts = [0, 32, 64, 192, 256];
    let raw =
        types.iter().zip(starts).enumerate().fold(Raw::new(3, 5, 0), |raw, (n, ((number, ..), start))| {
            raw.tensor(&format!("w{n}"), &[32], *number, start)
        });
    let file = open(&raw.zeros(31 + 256 + 128).0).unwrap();
    let found: Vec<_> = file.tensors().iter().map(|tensor| (tensor.kind.to_string(), tensor.bytes())).collect();
    assert_eq!(found, types.map(|(_, name, bytes)| (name.to_owned(), bytes)));
    file.dequantise("w4", &mut [0.0; 32]).unwrap();
    let error = file.dequantise("w0", &mut [0.0; 32]).unwrap_err().to_string();
    assert!(error.contains("tensor `w0`: its numbers are IQ4_NL; this version computes with F32 F16 BF16"), "{error}");
    let refusal = file.refusal(["w4", "w1", "w0", "none"]).unwrap();
    assert!(refusal.starts_with("2 of its tensors are of IQ4_NL and MXFP4, the first is `w1`; "), "{refusal}");
    assert_eq!(file.refusal(["w4", "none"]), None);
}

/// Reads all there is to read, whatever it is.
fn touch_everything(file: &Gguf) {
    for (key, _) in file.metadata() {
        let _ = (file.str(key), file.u32(key), file.usize(key), file.f32(key), file.bool(key));
        let _ = (file.strings(key), file.floats(key), file.ints(key));
    }
    for tensor in file.tensors() {
        // What cannot be read is as large as it says it is.
        if tensor.kind.readable().is_some() {
            let mut values = vec![0.0; tensor.elements()];
            file.dequantise(&tensor.name, &mut values).unwrap();
        }
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

#[test]
fn a_file_that_is_cut_short_while_it_is_open_is_an_error() {
    let tensors = [("a", tensor(&[64, 1024], GgmlDType::F32)), ("b", tensor(&[4], GgmlDType::F32))];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.gguf");
    std::fs::write(&path, bytes(&[("general.name", Value::String("x".into()))], &tensors)).unwrap();
    let file = Gguf::open(&path).unwrap();
    file.let_go();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(8192).unwrap();
    let refusal = file.dequantise("a", &mut vec![0.0; 64 * 1024]).unwrap_err().to_string();
    assert!(refusal.contains("became shorter while it was read"), "{refusal}");
    // Nothing of it is taken from then on.
    assert!(file.str("general.name").is_err());
}
