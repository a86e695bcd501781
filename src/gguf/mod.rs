//! The GGUF container: typed metadata, tensors where they lie in the mapped file, and their values as `f32`.
//!
//! ```no_run
//! # use blockscope::gguf::{Gguf, Result};
//! # fn main() -> Result<()> {
//! let file = Gguf::open("model.gguf".as_ref())?;
//! let n_layers = file.usize("llama.block_count")?;
//! let theta = file.maybe("llama.rope.freq_base", Gguf::f32)?.unwrap_or(10_000.0);
//! let embedding = file.tensor("token_embd.weight")?; // shape [d_vocab, d_model]
//! let mut values = vec![0.0; embedding.elements()];
//! file.dequantise("token_embd.weight", &mut values)?;
//! # Ok(()) }
//! ```
//!
//! The number formats are candle's. The header is read here: a tool that opens anybody's file has to
//! name the tensor whose type is unknown, refuse what is there twice and survive an alignment of
//! zero, and inspection shows the entries in the order of the file. Nothing is copied but names.
//!
//! Deliberately absent: GGUF v1, big-endian files, split files, writing.

mod block;
mod error;
mod four_bits;
mod header;
mod metadata;
mod reader;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use block::BlockType;
pub use error::{Error, Result};
pub use header::Tensor;

use header::Header;
use memmap2::Mmap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// An open GGUF file, mapped into memory: pages are read when they are touched.
#[derive(Debug)]
pub struct Gguf {
    path: PathBuf,
    map: Mmap,
    header: Header,
}

impl Gguf {
    /// Maps the file at `path` and checks its whole header: every key, type, shape and offset.
    ///
    /// # Errors
    /// When it cannot be read, is not GGUF v2 or v3, contradicts itself, is cut off, or holds a
    /// tensor of a type that [`BlockType`] does not know.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        if !file.metadata().map_err(io)?.is_file() {
            return Err(Error::format(path, "expected a GGUF file, found something that is not a regular file"));
        }
        // SAFETY: the map is only read. As with every mapped file, the bytes stay what they are only
        // as long as no other program writes to the file; all numbers read from it are checked once,
        // copied, and never read again from the map.
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        let header = Header::read(&map).map_err(|problem| Error::format(path, problem))?;
        Ok(Self { path: path.to_owned(), map, header })
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The version of the container, 2 or 3.
    pub fn version(&self) -> u32 {
        self.header.version
    }

    /// All tensors in the order of the file.
    pub fn tensors(&self) -> &[Tensor] {
        &self.header.tensors
    }

    /// The tensor of this name.
    pub fn tensor(&self, name: &str) -> Result<&Tensor> {
        self.header.tensor(name).ok_or_else(|| {
            let problem = "expected in the file, but it is not there".to_owned();
            Error::Tensor { path: self.path.clone(), name: error::quoted(name), problem }
        })
    }

    /// The bytes of a tensor as they lie in the file: its rows, each a run of blocks of [`Tensor::kind`].
    /// They need not be aligned.
    pub fn raw(&self, name: &str) -> Result<&[u8]> {
        // The header was refused unless every range ends within the file.
        Ok(&self.map[self.tensor(name)?.range.clone()])
    }

    /// Lets go of the pages that were read so far: they count as the process's memory as long as they are mapped, and
    /// come again from the file when they are touched.
    pub fn let_go(&self) {
        // SAFETY: the map is of a file and only read, so a page that was dropped comes back with the same bytes.
        // What the system refuses costs memory and nothing else.
        #[cfg(unix)]
        let _ = unsafe { self.map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
    }

    /// Writes the values of a tensor, row-major, straight from the file into `out`.
    ///
    /// # Errors
    /// When there is no such tensor or `out` does not hold exactly [`Tensor::elements`] values.
    pub fn dequantise(&self, name: &str, out: &mut [f32]) -> Result<()> {
        let tensor = self.tensor(name)?;
        if out.len() != tensor.elements() {
            let problem = format!(
                "expected room for {} values of shape {:?}, found {}",
                tensor.elements(),
                tensor.shape,
                out.len()
            );
            return Err(Error::Tensor { path: self.path.clone(), name: error::quoted(name), problem });
        }
        tensor.kind.dequantise(&self.map[tensor.range.clone()], out);
        Ok(())
    }
}
