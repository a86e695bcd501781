//! Reads a GGUF header: magic, version, metadata keys, tensor shapes and where their bytes lie.
//!
//! Every count and length is held against the bytes that are left before anything is made of it, so
//! that the work and the memory are bounded by the size of the file.

use super::TensorType;
use super::error::quoted;
use super::reader::{Kind, Reader, Result};
use crate::system::file;
use std::collections::HashMap;
use std::ops::Range;

/// A tensor as its header describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub name: String,
    /// Row-major, the outermost dimension first: a linear layer is `[out, in]`.
    pub shape: Vec<usize>,
    pub kind: TensorType,
    /// The number of the file that holds its bytes, of a model in several.
    pub(super) part: usize,
    /// Where they lie in it.
    pub(super) range: Range<usize>,
}

impl Tensor {
    /// Number of values.
    pub fn elements(&self) -> usize {
        self.shape.iter().product() // was checked against overflow when read
    }

    /// Bytes in the file; where a type's size is not known, those up to the next tensor.
    pub fn bytes(&self) -> usize {
        self.range.len()
    }
}

/// What stands before the tensors' bytes.
#[derive(Debug)]
pub(super) struct Header {
    pub version: u32,
    /// In the order of the file.
    pub entries: Vec<Entry>,
    pub tensors: Vec<Tensor>,
    entry_index: HashMap<String, usize>,
    tensor_index: HashMap<String, usize>,
}

/// A metadata key and where its value lies.
#[derive(Debug)]
pub(super) struct Entry {
    pub key: String,
    pub kind: Kind,
    /// The bytes of the value, after its type.
    pub range: Range<usize>,
}

impl Header {
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader { bytes, at: 0 };
        let version = read_version(&mut reader)?;
        let tensors = reader.u64("the number of tensors")?;
        let entries = reader.u64("the number of metadata entries")?;
        let mut header = Self {
            version,
            entries: Vec::new(),
            tensors: Vec::new(),
            entry_index: HashMap::new(),
            tensor_index: HashMap::new(),
        };
        // The smallest entry is an empty key, a type and a byte; the smallest tensor a scalar.
        reader.room_for(entries, 8 + 4 + 1, "metadata entries")?;
        reader.room_for(tensors, 8 + 4 + 4 + 8, "tensors")?;
        for _ in 0..entries {
            header.add_entry(&mut reader)?;
        }
        let alignment = header.alignment(bytes)?;
        for _ in 0..tensors {
            header.add_tensor(&mut reader)?;
        }
        header.place_tensors(reader.at, alignment, bytes.len())?;
        Ok(header)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entry_index.get(key).map(|&i| &self.entries[i])
    }

    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensor_index.get(name).map(|&i| &self.tensors[i])
    }

    fn add_entry(&mut self, reader: &mut Reader) -> Result<()> {
        let key = reader.utf8("a metadata key")?.to_owned();
        let described = |problem| format!("metadata `{}`: {problem}", quoted(&key));
        let kind = reader.kind().map_err(described)?;
        let start = reader.at;
        reader.skip_value(kind, 0).map_err(described)?;
        if self.entry_index.insert(key.clone(), self.entries.len()).is_some() {
            return Err(described("stands in the file twice".into()));
        }
        self.entries.push(Entry { key, kind, range: start..reader.at });
        Ok(())
    }

    /// Reads a tensor's description; its range is its length at its offset among the tensors' bytes.
    fn add_tensor(&mut self, reader: &mut Reader) -> Result<()> {
        let name = reader.utf8("a tensor's name")?.to_owned();
        let described = |problem: String| format!("tensor `{}`: {problem}", quoted(&name));
        let dims = reader.u32("its number of dimensions").map_err(described)?;
        if dims > 4 {
            return Err(described(format!("expected at most 4 dimensions, found {dims}")));
        }
        let mut shape = Vec::new();
        for _ in 0..dims {
            let dim = reader.u64("a dimension").map_err(described)?;
            shape.push(usize::try_from(dim).map_err(|_| described(format!("dimension {dim} is too large")))?);
        }
        shape.reverse(); // the file names the innermost first
        let kind = TensorType::of(reader.u32("its type").map_err(described)?);
        let offset = reader.u64("its offset").map_err(described)?;
        let length = byte_length(&shape, kind).map_err(described)?.unwrap_or(0);
        let range = usize::try_from(offset).ok().and_then(|start| Some(start..start.checked_add(length)?));
        let range = range.ok_or_else(|| described(format!("its offset {offset} lies beyond any file")))?;
        if self.tensor_index.insert(name.clone(), self.tensors.len()).is_some() {
            return Err(described("stands in the file twice".into()));
        }
        self.tensors.push(Tensor { name, shape, kind, part: 0, range });
        Ok(())
    }

    /// Moves every range from among the tensors' bytes to the file, which must hold it.
    fn place_tensors(&mut self, header_end: usize, alignment: usize, file_len: usize) -> Result<()> {
        let data = header_end.checked_next_multiple_of(alignment).ok_or("general.alignment is too large")?;
        self.stretch_unknown(file_len.saturating_sub(data));
        for tensor in &mut self.tensors {
            let described = |problem| format!("tensor `{}`: {problem}", quoted(&tensor.name));
            if tensor.range.start % alignment != 0 {
                let start = tensor.range.start;
                return Err(described(format!("its offset {start} is not a multiple of the alignment {alignment}")));
            }
            let start = data.checked_add(tensor.range.start);
            let end = data.checked_add(tensor.range.end);
            match start.zip(end) {
                Some((start, end)) if end <= file_len => tensor.range = start..end,
                _ => {
                    let needed = data as u128 + tensor.range.end as u128;
                    return Err(described(format!(
                        "expected its bytes to end at {needed}, but the file ends at {file_len}: it is cut off or damaged; fetch it again"
                    )));
                }
            }
        }
        Ok(())
    }

    /// A tensor of a type whose size is not known reaches up to the next one, or to the end of the `length` bytes.
    fn stretch_unknown(&mut self, length: usize) {
        let mut starts: Vec<usize> = self.tensors.iter().map(|tensor| tensor.range.start).chain([length]).collect();
        starts.sort_unstable();
        for tensor in self.tensors.iter_mut().filter(|tensor| tensor.kind.block().is_none()) {
            let next = starts.partition_point(|&start| start <= tensor.range.start);
            tensor.range.end = starts.get(next).copied().unwrap_or(tensor.range.start);
        }
    }

    /// What the tensors' offsets are multiples of.
    fn alignment(&self, bytes: &[u8]) -> Result<usize> {
        let Some(entry) = self.entry("general.alignment") else { return Ok(32) };
        let found = entry.integer(bytes).and_then(|found| usize::try_from(found).ok());
        found.filter(|found| found.is_power_of_two()).ok_or_else(|| {
            format!("metadata `general.alignment`: expected a power of two, found {}", entry.describe(bytes))
        })
    }

    /// Takes in the tensors of another file of the same model.
    pub fn absorb(&mut self, other: Header, part: usize) -> Result<()> {
        for tensor in other.tensors {
            if self.tensor_index.insert(tensor.name.clone(), self.tensors.len()).is_some() {
                return Err(format!("tensor `{}` stands in two files of the model", quoted(&tensor.name)));
            }
            self.tensors.push(Tensor { part, ..tensor });
        }
        Ok(())
    }
}

fn read_version(reader: &mut Reader) -> Result<u32> {
    if let Some(found) = file::stand_in(reader.bytes) {
        return Err(found.to_owned());
    }
    let magic = reader.take(4, "the magic `GGUF`")?;
    if magic != b"GGUF" {
        return Err(format!("is not a GGUF file: expected it to begin with `GGUF`, found `{}`", magic.escape_ascii()));
    }
    match reader.u32("the version")? {
        version @ (2 | 3) => Ok(version),
        1 => Err("is GGUF version 1, which is no longer in use; expected 2 or 3: fetch a newer conversion".into()),
        version if version.swap_bytes() <= 3 => Err("is a big-endian GGUF file; expected little-endian".into()),
        version => Err(format!("is GGUF version {version}; expected 2 or 3")),
    }
}

/// Bytes of a tensor: whole blocks in each row. `None` where the size of a block is not known.
fn byte_length(shape: &[usize], kind: TensorType) -> Result<Option<usize>> {
    // Its values must be addressable as the widest numbers, of eight bytes, whatever they are stored as.
    let elements = shape.iter().try_fold(1_usize, |product, &dim| product.checked_mul(dim));
    let elements = elements.filter(|&elements| elements <= isize::MAX as usize / 8);
    let elements = elements.ok_or_else(|| format!("its shape {shape:?} is too large for any memory"))?;
    let Some((values, bytes)) = kind.block() else { return Ok(None) };
    let row = shape.last().copied().unwrap_or(1);
    if row % values != 0 {
        return Err(format!("its rows of {row} values are not whole blocks of {kind}, which hold {values}"));
    }
    // No block takes more than eight bytes a value.
    Ok(Some(elements / values * bytes))
}
