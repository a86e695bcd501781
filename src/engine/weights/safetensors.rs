//! Weights out of `model.safetensors`, or out of the shards that its index names; memory-mapped.

use super::WeightSource;
use crate::arch::entries::json;
use crate::arch::inventory::TensorIndex;
use crate::arch::weight::{Parameter, Stored};
use crate::arch::{Model, families};
use crate::engine::tensor_file::TensorFile;
use crate::engine::{Error, Result};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use tch::Tensor;

/// The safetensors files of a folder.
pub struct Folder {
    path: PathBuf,
    shards: Vec<TensorFile>,
    /// Which shard holds a tensor.
    shard_of: HashMap<String, usize>,
}

impl Folder {
    /// Maps the files and reads their headers.
    ///
    /// # Errors
    /// A file is missing, truncated or not safetensors; or there are only pickled weights.
    pub fn open(path: &Path) -> Result<Self> {
        let mut folder = Self { path: path.to_owned(), shards: Vec::new(), shard_of: HashMap::new() };
        for file in files(path)? {
            let shard = TensorFile::open(&path.join(file))?;
            for name in shard.names() {
                folder.shard_of.insert(name, folder.shards.len());
            }
            folder.shards.push(shard);
        }
        Ok(folder)
    }

    /// The file's name for `name`: checkpoints saved from the bare model lack the outermost module, those of a model that
    /// sees or hears besides have one more.
    fn find<'n>(&self, name: &'n str) -> Option<(&TensorFile, Cow<'n, str>)> {
        let bare = name.split_once('.').map_or(name, |(_, rest)| rest);
        let spellings = [
            Cow::Borrowed(name),
            Cow::Borrowed(bare),
            Cow::Owned(format!("language_model.{name}")),
            Cow::Owned(format!("model.language_model.{bare}")),
        ];
        spellings.into_iter().find_map(|name| {
            let shard = &self.shards[*self.shard_of.get(name.as_ref())?];
            shard.info(&name).map(|_| (shard, name))
        })
    }
}

impl TensorIndex for Folder {
    fn path(&self) -> &Path {
        &self.path
    }

    fn stored(&self, model: &Model, parameter: &Parameter) -> Stored {
        (families::named(model.family).stored)(model, parameter)
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.find(name).and_then(|(shard, name)| Some(shard.info(&name)?.shape.clone()))
    }

    fn format(&self, name: &str) -> Option<(String, u64)> {
        let (shard, name) = self.find(name)?;
        let info = shard.info(&name)?;
        let (start, end) = info.data_offsets;
        Some((format!("{:?}", info.dtype), (end - start) as u64))
    }
}

impl WeightSource for Folder {
    fn tensor(&self, name: &str) -> Result<Tensor> {
        let (shard, name) = self.find(name).ok_or_else(|| Error::file(&self.path, format!("no tensor {name}")))?;
        shard.tensor(&name)
    }
}

/// The names of a folder's weight files.
fn files(folder: &Path) -> Result<Vec<String>> {
    let index = folder.join("model.safetensors.index.json");
    if index.exists() {
        return shards(&index);
    }
    if folder.join("model.safetensors").exists() {
        return Ok(vec!["model.safetensors".to_owned()]);
    }
    let pickled = std::fs::read_dir(folder).into_iter().flatten().flatten().find(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        [".bin", ".pt", ".pth"].iter().any(|extension| name.ends_with(extension))
    });
    Err(match pickled {
        Some(file) => pickle_refusal(&file.path()),
        None => Error::file(
            folder,
            "expected model.safetensors or model.safetensors.index.json in this folder; as random:FOLDER/config.json it is \
             described, and run with random weights",
        ),
    })
}

/// The shards that an index names: plain file names beside it, each once.
fn shards(index: &Path) -> Result<Vec<String>> {
    let json = json(index)?;
    let map = json
        .get("weight_map")
        .and_then(serde_json::Value::as_object)
        .ok_or_else(|| Error::file(index, "expected an object 'weight_map' from tensor to file"))?;
    let mut names = BTreeSet::new();
    for file in map.values() {
        match file.as_str() {
            // A shard beside its index; anything else could lead anywhere on the disk.
            Some(name) if Path::new(name).file_name().is_some_and(|plain| plain == name) => {
                names.insert(name.to_owned());
            }
            _ => return Err(Error::file(index, format!("expected plain file names in 'weight_map', found {file}"))),
        }
    }
    Ok(names.into_iter().collect())
}

/// Why a pickle is not opened, and what to do instead.
pub fn pickle_refusal(path: &Path) -> Error {
    Error::file(
        path,
        "a pickled checkpoint can run any code when it is opened, so Blockscope never opens one; convert it once, \
         where you trust it:\n  python3 -c \"import sys, torch, safetensors.torch as s; \
         s.save_file({k: v.contiguous() for k, v in torch.load(sys.argv[1], weights_only=True).items()}, \
         'model.safetensors')\" FILE",
    )
}
