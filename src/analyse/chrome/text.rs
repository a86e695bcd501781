//! The text of a trace file: decompressed where it is compressed, and bounded whatever the file claims.

use crate::record::input;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Text that is read at most: some 20 million events.
const MOST: u64 = 8 << 30;
/// A trace becomes some 10 to 40 times as long when it is decompressed. What grows far beyond that was made
/// to fill a memory, not to be read.
const MOST_GROWTH: u64 = 250;
/// Until then nothing is suspected: a small file of zeros is harmless.
const UNSUSPECTED: u64 = 64 << 20;

/// Reads a file as text, through gzip if its first bytes say so.
pub struct Text {
    inner: Inner,
    /// Bytes of text given so far.
    given: u64,
}

enum Inner {
    Plain(BufReader<Metered>),
    Gzip(Box<MultiGzDecoder<BufReader<Metered>>>),
}

/// Counts what is read through it.
struct Metered {
    input: Box<dyn Read>,
    taken: u64,
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(into)?;
        self.taken += n as u64;
        Ok(n)
    }
}

impl Text {
    /// The text of the file at `path`.
    ///
    /// # Errors
    /// It cannot be opened, or its first bytes cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::new(input::open(path)?)
    }

    /// The text of what `input` gives.
    ///
    /// # Errors
    /// Its first bytes cannot be read.
    pub fn new(input: impl Read + 'static) -> io::Result<Self> {
        let metered = Metered { input: Box::new(input), taken: 0 };
        let mut buffered = BufReader::with_capacity(1 << 17, metered);
        let is_gzip = buffered.fill_buf()?.starts_with(b"\x1f\x8b");
        let inner = match is_gzip {
            true => Inner::Gzip(Box::new(MultiGzDecoder::new(buffered))),
            false => Inner::Plain(buffered),
        };
        Ok(Self { inner, given: 0 })
    }

    /// Bytes of the file read so far, as they lie on the disk.
    pub fn taken(&self) -> u64 {
        match &self.inner {
            Inner::Plain(input) => input.get_ref().taken,
            Inner::Gzip(input) => input.get_ref().get_ref().taken,
        }
    }
}

impl Read for Text {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.inner {
            Inner::Plain(input) => input.read(into)?,
            Inner::Gzip(input) => input.read(into).map_err(|error| {
                let problem = format!("what is compressed ends or is damaged after {} bytes of text", self.given);
                io::Error::new(error.kind(), format!("{problem} ({error})"))
            })?,
        };
        self.given += n as u64;
        if self.given > MOST {
            return Err(io::Error::other(format!("it has more than {} GB of text, the most that is read", MOST >> 30)));
        }
        if self.given > UNSUSPECTED && self.given / MOST_GROWTH > self.taken() {
            let problem = format!("decompressed it grows more than {MOST_GROWTH}-fold, which no trace does");
            return Err(io::Error::other(problem));
        }
        Ok(n)
    }
}
