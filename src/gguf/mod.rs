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
mod mapped;
mod metadata;
mod reader;
mod split;
mod tensor_type;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use block::BlockType;
pub use error::{Error, Result};
pub use header::Tensor;
pub use split::is_later;
pub use tensor_type::TensorType;

use crate::system::map::Map;
use header::Header;
use mapped::Mapped;
use split::Whole;
use std::path::{Path, PathBuf};

/// An open GGUF file, mapped into memory: pages are read when they are touched. Of a model in several files, all of them;
/// what is said of the model is in the first.
#[derive(Debug)]
pub struct Gguf {
    path: PathBuf,
    /// Of each file, in their order.
    maps: Vec<Map>,
    /// Of the first file, with the tensors of all.
    header: Header,
}

impl Gguf {
    /// Maps the file at `path` and checks its whole header: every key, type, shape and offset. Of a model in several
    /// files, whichever of them is named, all are opened.
    ///
    /// # Errors
    /// When it cannot be read, is no file, is not GGUF v2 or v3, contradicts itself or is cut off, or another of the
    /// model's files is missing. A tensor of a type that [`BlockType`] does not know is carried along, and refused when its
    /// values are asked for.
    pub fn open(path: &Path) -> Result<Self> {
        let Mapped { map, header } = Mapped::open(path)?;
        let Some(place) = split::place(&header, &map) else {
            return Ok(Self { path: path.to_owned(), maps: vec![map], header });
        };
        let Whole { path, maps, header } = split::open(path, place)?;
        Ok(Self { path, maps, header })
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The first file, which says what the model is.
    fn map(&self) -> &[u8] {
        &self.maps[0]
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
        let tensor = self.tensor(name)?;
        Ok(&self.maps[tensor.part][tensor.range.clone()])
    }

    /// Lets go of the pages that were read so far: they count as the process's memory as long as they are mapped, and
    /// come again from the file when they are touched.
    pub fn let_go(&self) {
        self.maps.iter().for_each(Map::let_go);
    }

    /// Refuses a file that another program has cut short since it was opened.
    fn whole(&self) -> Result<()> {
        self.maps.iter().try_for_each(|map| mapped::whole(map, &self.path))
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
        let Some(kind) = tensor.kind.readable() else {
            let problem = format!("its numbers are {}; {}", tensor.kind, readable());
            return Err(Error::Tensor { path: self.path.clone(), name: error::quoted(name), problem });
        };
        kind.dequantise(&self.maps[tensor.part][tensor.range.clone()], out);
        self.whole()
    }

    /// Why some of these tensors cannot be had, in words: they are of types that cannot be read. Names that the file does
    /// not have are passed over.
    pub fn refusal<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let found = names.into_iter().filter_map(|name| self.header.tensor(name));
        let unreadable: Vec<&Tensor> = found.filter(|tensor| tensor.kind.readable().is_none()).collect();
        let mut kinds: Vec<String> = unreadable.iter().map(|tensor| tensor.kind.to_string()).collect();
        kinds.sort();
        kinds.dedup();
        let (kinds, first) = (kinds.join(" and "), error::quoted(&unreadable.first()?.name));
        Some(match unreadable.len() {
            1 => format!("its tensor `{first}` is of {kinds}; {}", readable()),
            n => format!("{n} of its tensors are of {kinds}, the first is `{first}`; {}", readable()),
        })
    }
}

/// `this version computes with F32 F16 …: convert the file to one of these`
fn readable() -> String {
    let readable = BlockType::ALL.map(|kind| kind.name()).join(" ");
    format!("this version computes with {readable}: convert the file to one of these")
}
