//! Walks over the bytes of a GGUF header: numbers, strings and values, each held against what is left.

/// A problem in words; [`super::Gguf::open`] adds the path.
pub(super) type Result<T> = std::result::Result<T, String>;

/// Arrays of arrays deeper than this are refused; no known key nests at all.
const DEEPEST: usize = 8;

/// The type of a metadata value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64,
}

impl Kind {
    /// By their number in the file.
    const ALL: [Kind; 13] = [
        Kind::U8,
        Kind::I8,
        Kind::U16,
        Kind::I16,
        Kind::U32,
        Kind::I32,
        Kind::F32,
        Kind::Bool,
        Kind::String,
        Kind::Array,
        Kind::U64,
        Kind::I64,
        Kind::F64,
    ];

    /// Bytes of a number, and the least that a string or an array takes.
    pub fn smallest(self) -> u64 {
        match self {
            Kind::U8 | Kind::I8 | Kind::Bool => 1,
            Kind::U16 | Kind::I16 => 2,
            Kind::U32 | Kind::I32 | Kind::F32 => 4,
            Kind::U64 | Kind::I64 | Kind::F64 | Kind::String => 8,
            Kind::Array => 4 + 8,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::U8 => "u8",
            Kind::I8 => "i8",
            Kind::U16 => "u16",
            Kind::I16 => "i16",
            Kind::U32 => "u32",
            Kind::I32 => "i32",
            Kind::F32 => "f32",
            Kind::Bool => "bool",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::U64 => "u64",
            Kind::I64 => "i64",
            Kind::F64 => "f64",
        }
    }
}

/// Walks over bytes; past the end is an error that names what was expected there.
pub(super) struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn take(&mut self, length: u64, what: &str) -> Result<&'a [u8]> {
        let left = self.bytes.len() - self.at;
        let length = usize::try_from(length).ok().filter(|&length| length <= left).ok_or_else(|| {
            format!(
                "expected {what} ({length} bytes) at byte {}, but only {left} are left: cut off or damaged",
                self.at
            )
        })?;
        let taken = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let bytes = self.take(N as u64, what)?;
        Ok(bytes.try_into().expect("take gives as many as asked for"))
    }

    pub fn u32(&mut self, what: &str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub fn u64(&mut self, what: &str) -> Result<u64> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A string's bytes; its length stands before it.
    pub fn string(&mut self, what: &str) -> Result<&'a [u8]> {
        let length = self.u64(what)?;
        self.take(length, what)
    }

    pub fn utf8(&mut self, what: &str) -> Result<&'a str> {
        let bytes = self.string(what)?;
        let start = &bytes[..bytes.len().min(40)];
        std::str::from_utf8(bytes).map_err(|_| format!("expected {what} in UTF-8, found `{}`", start.escape_ascii()))
    }

    pub fn kind(&mut self) -> Result<Kind> {
        let number = self.u32("the type of a value")?;
        Kind::ALL.get(number as usize).copied().ok_or_else(|| format!("expected a type from 0 to 12, found {number}"))
    }

    pub fn room_for(&self, count: u64, smallest: u64, what: &str) -> Result<()> {
        let left = (self.bytes.len() - self.at) as u64;
        if count.saturating_mul(smallest) > left {
            return Err(format!("announces {count} {what}, but only {left} bytes are left: cut off or damaged"));
        }
        Ok(())
    }

    /// Steps over a value and checks its form.
    pub fn skip_value(&mut self, kind: Kind, depth: usize) -> Result<()> {
        match kind {
            Kind::String => {
                self.string("a string")?;
            }
            Kind::Array if depth == DEEPEST => return Err(format!("arrays nested deeper than {DEEPEST}")),
            Kind::Array => {
                let of = self.kind()?;
                let count = self.u64("the length of an array")?;
                self.room_for(count, of.smallest(), "array elements")?;
                if let Kind::String | Kind::Array | Kind::Bool = of {
                    for _ in 0..count {
                        self.skip_value(of, depth + 1)?;
                    }
                } else {
                    self.take(count * of.smallest(), "the elements of an array")?;
                }
            }
            Kind::Bool => {
                let [byte] = self.array("a bool")?;
                if byte > 1 {
                    return Err(format!("expected a bool, 0 or 1, found {byte}"));
                }
            }
            number => {
                self.take(number.smallest(), "a number")?;
            }
        }
        Ok(())
    }
}
