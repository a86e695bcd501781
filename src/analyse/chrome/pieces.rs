//! Cuts a JSON document into its pieces while it is read: a key, a value, an element of a list.
//!
//! A piece lies in memory only while it is looked at and has a bounded length; how deep it nests costs
//! nothing. What a piece says is for others to find out: here only strings and brackets are told apart.
//! That also makes one broken element no trouble for those after it.

use std::io::Read;
use std::ops::Range;

/// The longest piece that is kept.
const MOST: usize = 16 << 20;
/// How much is read at once.
const CHUNK: usize = 1 << 18;

/// A JSON document, cut up from its beginning to its end.
pub struct Pieces<R> {
    input: R,
    buffer: Vec<u8>,
    /// What has been read and not yet looked at.
    ahead: Range<usize>,
    /// Bytes of the document before those in the buffer.
    before: u64,
    /// Nothing is read beyond this many bytes.
    limit: u64,
    /// Why there is no more: the end, or what went wrong.
    end: Option<Result<(), std::io::Error>>,
}

/// A piece of a document.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Whole(&'a [u8]),
    /// It was longer than any piece that makes sense, and has been passed over.
    TooLong,
    /// The document ends within it.
    Cut,
}

impl<R: Read> Pieces<R> {
    /// Of what is read from `input`, as far as `limit` bytes.
    pub fn new(input: R, limit: u64) -> Self {
        Self { input, buffer: Vec::new(), ahead: 0..0, before: 0, limit, end: None }
    }

    pub fn input(&self) -> &R {
        &self.input
    }

    /// Allows to read as far as the input goes.
    pub fn lift_limit(&mut self) {
        self.limit = u64::MAX;
    }

    /// How many bytes have been looked at.
    pub fn at(&self) -> u64 {
        self.before + self.ahead.start as u64
    }

    /// What went wrong while reading; the document then ended early.
    pub fn into_failure(self) -> Option<std::io::Error> {
        self.end?.err()
    }

    /// The first bytes that are not white space, as far as they have been read: for messages.
    pub fn beginning(&mut self) -> &[u8] {
        self.peek();
        &self.buffer[self.ahead.clone()]
    }

    /// The next byte that is not white space; `None` at the end.
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            let bytes = &self.buffer[self.ahead.clone()];
            match bytes.iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(n) => {
                    self.ahead.start += n;
                    return Some(self.buffer[self.ahead.start]);
                }
                None => {
                    self.ahead.start = self.ahead.end;
                    if !self.read_on() {
                        return None;
                    }
                }
            }
        }
    }

    /// Goes past the next byte if it is this one.
    pub fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.ahead.start += usize::from(is);
        is
    }

    /// The next value. Empty where none begins.
    pub fn value(&mut self) -> Piece<'_> {
        if self.peek().is_none() {
            return Piece::Cut;
        }
        let mut scan = Scan::default();
        let mut scanned = 0;
        let mut too_long = false;
        loop {
            let rest = &self.buffer[self.ahead.start + scanned..self.ahead.end];
            if let Some(n) = scan.end_in(rest) {
                let start = self.ahead.start;
                self.ahead.start += scanned + n;
                return if too_long { Piece::TooLong } else { Piece::Whole(&self.buffer[start..self.ahead.start]) };
            }
            scanned = self.ahead.len();
            if scanned > MOST {
                too_long = true;
                self.ahead.start = self.ahead.end;
                scanned = 0;
            }
            if !self.read_on() {
                let start = self.ahead.start;
                self.ahead.start = self.ahead.end;
                // Only a number or a word can end where everything ends.
                let whole = scan.is_plain() && !too_long;
                return if whole { Piece::Whole(&self.buffer[start..self.ahead.end]) } else { Piece::Cut };
            }
        }
    }

    /// Reads more, keeping what has not been looked at; whether there was more.
    fn read_on(&mut self) -> bool {
        if self.end.is_some() {
            return false;
        }
        self.buffer.copy_within(self.ahead.clone(), 0);
        self.before += self.ahead.start as u64;
        self.ahead = 0..self.ahead.len();
        let end = self.ahead.end;
        if self.buffer.len() < end + CHUNK {
            self.buffer.resize(end + CHUNK, 0);
        }
        if self.before + end as u64 > self.limit {
            self.end = Some(Ok(()));
            return false;
        }
        match self.input.read(&mut self.buffer[end..]) {
            Ok(0) => self.end = Some(Ok(())),
            Ok(n) => self.ahead.end += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return true,
            Err(error) => self.end = Some(Err(error)),
        }
        self.end.is_none()
    }
}

/// How far into a value the reading is.
#[derive(Default)]
struct Scan {
    depth: u64,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl Scan {
    /// Whether the value is a number or a word: nothing says where it ends but what follows.
    fn is_plain(&self) -> bool {
        self.depth == 0 && !self.in_string
    }

    /// The number of bytes that still belong to the value; `None` if it goes on after them.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                at += self.string_end_in(&bytes[at..])?;
                if self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            let begun = std::mem::replace(&mut self.begun, true);
            match bytes[at] {
                b'"' | b'{' | b'[' if self.depth == 0 && begun => return Some(at),
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth <= 1 => return Some(at + self.depth as usize),
                b'}' | b']' => self.depth -= 1,
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => return Some(at),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// The number of bytes as far as the end of the string. A line break ends it too: in JSON none can be in a
    /// string, so a quote is missing or too many, and the next line is better read as what it is.
    fn string_end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = usize::from(std::mem::take(&mut self.escaped));
        loop {
            at += 1 + memchr::memchr3(b'"', b'\\', b'\n', bytes.get(at..)?)?;
            if bytes[at - 1] != b'\\' {
                self.in_string = false;
                return Some(at);
            }
            if at == bytes.len() {
                self.escaped = true;
                return None;
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every piece is cut at every place.
    struct Drop<'a>(&'a [u8]);

    impl Read for Drop<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let n = self.0.len().min(1);
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    /// The values of a text, without the commas between them.
    fn values(text: &str) -> Vec<String> {
        let mut drops = Pieces::new(Drop(text.as_bytes()), u64::MAX);
        let mut whole = Pieces::new(text.as_bytes(), u64::MAX);
        let mut values = Vec::new();
        while drops.peek().is_some() {
            let piece = drops.value();
            assert_eq!(piece, whole.value());
            match piece {
                Piece::Whole(bytes) => values.push(String::from_utf8(bytes.to_vec()).unwrap()),
                Piece::TooLong => values.push("too long".into()),
                Piece::Cut => values.push("cut".into()),
            }
            assert_eq!(drops.take(b','), whole.take(b','));
        }
        values
    }

    #[test]
    fn values_end_where_they_end() {
        assert_eq!(values(r#" 1 , -2.5e3,"a\"]b\\", null "#), ["1", "-2.5e3", r#""a\"]b\\""#, "null"]);
        assert_eq!(values(r#"{"a":[1,{"b":"}"}]},[[],[]],{}"#), [r#"{"a":[1,{"b":"}"}]}"#, "[[],[]]", "{}"]);
        assert_eq!(values(r#"{"a":1"#), ["cut"]);
        assert_eq!(values(r#"{},"abc"#), ["{}", "cut"]);
        assert_eq!(values(r#""a\"#), ["cut"]);
    }

    #[test]
    fn depth_is_no_trouble() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(Pieces::new(deep.as_bytes(), u64::MAX).value(), Piece::Whole(deep.as_bytes()));
        assert_eq!(Pieces::new(&deep.as_bytes()[1..], u64::MAX).value(), Piece::Whole(&deep.as_bytes()[1..1_999_999]));
        assert_eq!(Pieces::new(&deep.as_bytes()[..1_000_000], u64::MAX).value(), Piece::Cut);
    }

    #[test]
    fn a_missing_quote_spoils_its_own_line_only() {
        assert_eq!(values("{\"a\": \"b\n},{\"c\": 1}"), ["{\"a\": \"b\n}", "{\"c\": 1}"]);
    }

    #[test]
    fn an_endless_piece_is_passed_over_in_bounded_memory() {
        let endless = std::io::repeat(b'x').take(100 << 20).chain(&b"\",7"[..]);
        let mut pieces = Pieces::new((&b"\""[..]).chain(endless), u64::MAX);
        assert_eq!(pieces.value(), Piece::TooLong);
        assert!(pieces.take(b','));
        assert_eq!(pieces.value(), Piece::Whole(b"7"));
        assert!(pieces.buffer.len() <= MOST + 2 * CHUNK, "{}", pieces.buffer.len());
        // And not at all beyond the limit.
        let mut pieces = Pieces::new((&b"\""[..]).chain(std::io::repeat(b'x')), 20 << 20);
        assert_eq!(pieces.value(), Piece::Cut);
    }
}
