//! Metadata by key and type. A value is decoded when it is asked for; an error names the key, what was
//! expected and what was found.

use super::Gguf;
use super::error::{Error, Result, quoted};
use super::header::Entry;
use super::reader::{Kind, Reader};

impl Gguf {
    /// Whether the file has this key, of whatever type.
    pub fn has(&self, key: &str) -> bool {
        self.header.entry(key).is_some()
    }

    /// The value of a key that may be missing: `file.maybe("llama.vocab_size", Gguf::usize)`. A value of
    /// the wrong type is an error all the same.
    pub fn maybe<'a, T>(&'a self, key: &str, get: impl FnOnce(&'a Self, &str) -> Result<T>) -> Result<Option<T>> {
        if self.has(key) { get(self, key).map(Some) } else { Ok(None) }
    }

    /// Every key in the order of the file, with its value as one short line; long arrays by their
    /// type and length. Keys and values are as hostile as any text in a file.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, String)> {
        self.header.entries.iter().map(|entry| (entry.key.as_str(), entry.describe(self.map())))
    }

    /// A string. Zero bytes at its end, which some writers leave, are taken off.
    pub fn str(&self, key: &str) -> Result<&str> {
        self.value(key, "a string", |entry| {
            let text = std::str::from_utf8(entry.string(self.map())?).ok()?;
            Some(text.trim_end_matches('\0'))
        })
    }

    /// A non-negative integer of any width that fits 32 bits.
    pub fn u32(&self, key: &str) -> Result<u32> {
        self.value(key, "an integer from 0 to 4294967295", |entry| u32::try_from(entry.integer(self.map())?).ok())
    }

    /// A non-negative integer of any width.
    pub fn usize(&self, key: &str) -> Result<usize> {
        self.value(key, "a non-negative integer", |entry| usize::try_from(entry.integer(self.map())?).ok())
    }

    /// A number; an f64 is rounded.
    pub fn f32(&self, key: &str) -> Result<f32> {
        self.value(key, "a number", |entry| entry.number(self.map()).map(|number| number as f32))
    }

    /// A truth value.
    pub fn bool(&self, key: &str) -> Result<bool> {
        self.value(key, "a bool", |entry| match entry.kind {
            Kind::Bool => Some(self.map()[entry.range.start] == 1),
            _ => None,
        })
    }

    /// An array of strings. Bytes that are not UTF-8 become U+FFFD.
    pub fn strings(&self, key: &str) -> Result<Vec<String>> {
        self.value(key, "an array of strings", |entry| {
            let (of, count, mut reader) = entry.array(self.map())?;
            let mut string = || Some(String::from_utf8_lossy(reader.string("a string").ok()?).into_owned());
            if of == Kind::String { (0..count).map(|_| string()).collect() } else { (count == 0).then(Vec::new) }
        })
    }

    /// An array of numbers.
    pub fn floats(&self, key: &str) -> Result<Vec<f32>> {
        self.numbers(key, "an array of numbers", |kind, bytes| decode_number(kind, bytes).map(|number| number as f32))
    }

    /// An array of integers of any width that fit 64 signed bits.
    pub fn ints(&self, key: &str) -> Result<Vec<i64>> {
        self.numbers(key, "an array of integers", |kind, bytes| i64::try_from(decode_integer(kind, bytes)?).ok())
    }

    /// An array of truth values.
    pub fn bools(&self, key: &str) -> Result<Vec<bool>> {
        self.value(key, "an array of bools", |entry| {
            let (of, count, reader) = entry.array(self.map())?;
            let bytes = reader.bytes.get(reader.at..)?;
            (of == Kind::Bool || count == 0).then(|| bytes.iter().take(count as usize).map(|&byte| byte == 1).collect())
        })
    }

    fn numbers<T>(&self, key: &str, expected: &'static str, get: impl Fn(Kind, &[u8]) -> Option<T>) -> Result<Vec<T>> {
        self.value(key, expected, |entry| {
            let (of, count, reader) = entry.array(self.map())?;
            if count == 0 {
                return Some(Vec::new());
            }
            // A single one first: strings and arrays have no fixed width.
            decode_number(of, reader.bytes.get(reader.at..)?)?;
            let bytes = &reader.bytes[reader.at..];
            bytes.chunks_exact(of.smallest() as usize).map(|bytes| get(of, bytes)).collect()
        })
    }

    fn value<'a, T>(
        &'a self,
        key: &str,
        expected: &'static str,
        get: impl FnOnce(&'a Entry) -> Option<T>,
    ) -> Result<T> {
        let path = || self.path.clone();
        let missing = || Error::Missing { path: path(), key: quoted(key), expected };
        let entry = self.header.entry(key).ok_or_else(missing)?;
        let value = get(entry);
        self.whole()?;
        value.ok_or_else(|| {
            let found = entry.describe(self.map());
            Error::Type { path: path(), key: quoted(key), expected, found }
        })
    }
}

impl Entry {
    /// The value if it is an integer.
    pub(super) fn integer(&self, file: &[u8]) -> Option<i128> {
        decode_integer(self.kind, &file[self.range.clone()])
    }

    /// The value on one short line, escaped: `"llama"`, `49152`, `array of 49152 string`.
    pub(super) fn describe(&self, file: &[u8]) -> String {
        let bytes = &file[self.range.clone()];
        match self.kind {
            Kind::String => {
                // More than is shown, less than a file's worth of text.
                let start = self.string(file).unwrap_or_default();
                format!("\"{}\"", quoted(&String::from_utf8_lossy(&start[..start.len().min(400)])))
            }
            Kind::Array => match self.array(file) {
                Some((of, count, _)) => format!("array of {count} {}", of.name()),
                None => "array".into(),
            },
            Kind::Bool => (bytes[0] == 1).to_string(),
            Kind::F32 | Kind::F64 => self.number(file).map_or_else(String::new, |number| number.to_string()),
            _ => self.integer(file).map_or_else(String::new, |integer| integer.to_string()),
        }
    }

    fn number(&self, file: &[u8]) -> Option<f64> {
        decode_number(self.kind, &file[self.range.clone()])
    }

    fn string<'a>(&self, file: &'a [u8]) -> Option<&'a [u8]> {
        (self.kind == Kind::String).then(|| &file[self.range.start + 8..self.range.end])
    }

    /// The type and number of the elements, and a reader that stands before the first.
    fn array<'a>(&self, file: &'a [u8]) -> Option<(Kind, u64, Reader<'a>)> {
        if self.kind != Kind::Array {
            return None;
        }
        let mut reader = Reader { bytes: &file[self.range.clone()], at: 0 };
        Some((reader.kind().ok()?, reader.u64("its length").ok()?, reader))
    }
}

/// The integer of type `kind` that `bytes` begins with.
fn decode_integer(kind: Kind, bytes: &[u8]) -> Option<i128> {
    Some(match kind {
        Kind::U8 => u8::from_le_bytes(*bytes.first_chunk()?).into(),
        Kind::I8 => i8::from_le_bytes(*bytes.first_chunk()?).into(),
        Kind::U16 => u16::from_le_bytes(*bytes.first_chunk()?).into(),
        Kind::I16 => i16::from_le_bytes(*bytes.first_chunk()?).into(),
        Kind::U32 => u32::from_le_bytes(*bytes.first_chunk()?).into(),
        Kind::I32 => i32::from_le_bytes(*bytes.first_chunk()?).into(),
        Kind::U64 => u64::from_le_bytes(*bytes.first_chunk()?).into(),
        Kind::I64 => i64::from_le_bytes(*bytes.first_chunk()?).into(),
        Kind::F32 | Kind::F64 | Kind::Bool | Kind::String | Kind::Array => return None,
    })
}

/// The number of type `kind`, integers too, that `bytes` begins with.
fn decode_number(kind: Kind, bytes: &[u8]) -> Option<f64> {
    match kind {
        Kind::F32 => bytes.first_chunk().map(|bytes| f32::from_le_bytes(*bytes).into()),
        Kind::F64 => bytes.first_chunk().map(|bytes| f64::from_le_bytes(*bytes)),
        _ => decode_integer(kind, bytes).map(|integer| integer as f64),
    }
}
