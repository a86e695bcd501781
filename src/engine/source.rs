//! What a user may name as a model, and how it is opened.
//!
//! | MODEL | is |
//! |---|---|
//! | a folder | Hugging Face layout: `config.json`, `model.safetensors` (or shards), `tokenizer.json` |
//! | a `.gguf` file | one memory-mapped file with everything |
//! | `smollm2` | the default model, as set-up fetched it |
//! | `random:PRESET`, `random:config.json` | the shapes only, with seeded weights |

use super::weights::random::Random;
use super::weights::safetensors::{Folder, pickle_refusal};
use super::weights::{Parameters, WeightSource};
use super::{Device, Error, Result, support};
use crate::arch::entries::Config;
use crate::arch::toggles::Toggles;
use crate::arch::{Model, families, memory};
use crate::gguf::{self, Gguf};
use crate::system::folders;
use std::path::{Path, PathBuf};

/// The shapes that `random:PRESET` knows.
pub const PRESETS: [(&str, &str); 3] = [
    ("smollm2-135m", include_str!("presets/smollm2-135m.json")),
    ("gpt2-124m", include_str!("presets/gpt2-124m.json")),
    ("llama-3.2-1b", include_str!("presets/llama-3.2-1b.json")),
];

/// The name of the default model, and its file in the cache.
const DEFAULT: (&str, &str) = ("smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf");

/// A model as named, found and described; its weights are not loaded yet.
pub struct Source {
    /// What the user called it.
    pub named: String,
    pub origin: Origin,
    pub model: Model,
}

/// Where the weights come from.
pub enum Origin {
    Folder(PathBuf),
    Gguf(Box<Gguf>),
    Random,
}

impl Source {
    /// Finds and describes the model that `named` names; empty means the default.
    ///
    /// # Errors
    /// It is not a model, cannot be read, or is of a kind that this version does not run.
    pub fn open(named: &str) -> Result<Self> {
        let named = if named.is_empty() { DEFAULT.0 } else { named };
        let (origin, model) = if let Some(shape) = named.strip_prefix("random:") {
            (Origin::Random, random_model(named, shape)?)
        } else {
            let path = if named == DEFAULT.0 { default_model()? } else { PathBuf::from(named) };
            open_path(&path)?
        };
        Ok(Self { named: named.to_owned(), origin, model })
    }

    /// The file or folder behind it; none for random weights.
    pub fn path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Folder(path) => Some(path),
            Origin::Gguf(gguf) => Some(gguf.path()),
            Origin::Random => None,
        }
    }

    /// Loads all weights to `device`, which must be open. `progress` is told how many are done and how many there are, and may end it.
    ///
    /// # Errors
    /// They do not fit in memory, are incomplete, or cannot be read.
    pub fn load(
        &self,
        toggles: &Toggles,
        device: Device,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Parameters> {
        support::check(&self.model)?;
        toggles.check(&self.model)?;
        device.check(toggles)?;
        memory::check_weights(&self.model, toggles, device.memory())?;
        let formats = toggles.formats();
        let mut load = |source: &dyn WeightSource| Parameters::load(source, &self.model, &formats, device, progress);
        match &self.origin {
            Origin::Folder(path) => load(&Folder::open(path)?),
            Origin::Gguf(gguf) => {
                let loaded = load(gguf.as_ref());
                gguf.let_go();
                loaded
            }
            Origin::Random => load(&Random::new(&self.named, &self.model)),
        }
    }
}

/// The folder where set-up keeps what it fetches.
///
/// # Errors
/// Neither XDG_CACHE_HOME nor HOME is set.
pub fn cache_folder() -> Result<PathBuf> {
    folders::cache().map_err(|problem| Error::Source(format!("{problem}: name a MODEL by its path")))
}

/// The models in the cache: file names and paths, sorted.
pub fn cached_models() -> Vec<(String, PathBuf)> {
    let Ok(cache) = cache_folder() else { return Vec::new() };
    let entries = std::fs::read_dir(cache.join("models")).into_iter().flatten().flatten();
    let mut models: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .filter(|(name, path)| name.ends_with(".gguf") || path.join("config.json").is_file())
        .filter(|(name, _)| !gguf::is_later(name))
        .collect();
    models.sort();
    models
}

fn default_model() -> Result<PathBuf> {
    let path = cache_folder()?.join("models").join(DEFAULT.1);
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::Source(format!(
        "the default model is not there: expected {}\nrun `scripts/model.sh` in the project's folder to fetch it, or \
         name a MODEL: a folder, a .gguf file, or random:smollm2-135m",
        path.display()
    )))
}

/// Looks whether the path that `named` is, if it is one, leads anywhere. Nothing is opened.
///
/// # Errors
/// There is nothing at this path.
pub fn check_path(named: &str) -> Result<()> {
    let is_path = !named.is_empty() && named != DEFAULT.0 && !named.starts_with("random:");
    if is_path { check_there(Path::new(named)) } else { Ok(()) }
}

fn check_there(path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let presets: Vec<_> = PRESETS.iter().map(|(name, _)| format!("random:{name}")).collect();
    Err(Error::Source(format!(
        "{}: there is no such file or folder; a MODEL is a folder in Hugging Face layout, a .gguf file, smollm2, \
         {}, or random:path/to/config.json",
        path.display(),
        presets.join(", ")
    )))
}

fn open_path(path: &Path) -> Result<(Origin, Model)> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    if path.is_dir() {
        let name = path.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        let config = path.join("config.json");
        if !config.exists() {
            return Err(Error::file(path, "expected config.json in this folder: is it in Hugging Face layout?"));
        }
        let model = families::of_config_file(&config, &name.unwrap_or_default())?;
        return Ok((Origin::Folder(path.to_owned()), model));
    }
    check_there(path)?;
    match extension.as_str() {
        "bin" | "pt" | "pth" | "pkl" | "ckpt" => Err(pickle_refusal(path)),
        "safetensors" => {
            Err(Error::file(path, "name the folder that holds it, with its config.json and tokenizer.json"))
        }
        _ => {
            let gguf = Gguf::open(path)?;
            if gguf.tensors().is_empty() {
                return Err(Error::file(
                    path,
                    "it has no weights, only a vocabulary: `blockscope tokenize` reads that",
                ));
            }
            let model = families::of_gguf(&gguf)?;
            Ok((Origin::Gguf(Box::new(gguf)), model))
        }
    }
}

fn random_model(named: &str, shape: &str) -> Result<Model> {
    if let Some((_, json)) = PRESETS.iter().find(|(name, _)| *name == shape) {
        return Ok(families::of_config(&Config::parse(json, Path::new(named))?, shape)?);
    }
    let path = Path::new(shape);
    if path.is_file() {
        let folder = path.canonicalize().ok().and_then(|path| Some(path.parent()?.file_name()?.to_owned()));
        return Ok(families::of_config_file(path, &folder.unwrap_or_default().to_string_lossy())?);
    }
    let presets: Vec<_> = PRESETS.iter().map(|(name, _)| *name).collect();
    Err(Error::Source(format!(
        "'{shape}' is neither a preset nor a config.json; the presets are {}",
        presets.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_the_parameters_that_their_names_promise() {
        let parameters = |named| Source::open(named).unwrap().model.n_parameters();
        assert_eq!(parameters("random:smollm2-135m"), 134_515_008);
        assert_eq!(parameters("random:gpt2-124m"), 124_439_808);
        assert_eq!(parameters("random:llama-3.2-1b"), 1_235_814_400);
    }

    #[test]
    fn what_is_no_model_is_refused_with_what_to_do() {
        let refusal = |named: &str| Source::open(named).err().unwrap().to_string();
        assert!(refusal("no/such/folder").contains("Hugging Face layout"));
        assert!(refusal("random:gpt5").contains("gpt2-124m"));
        let folder = tempfile::tempdir().unwrap();
        let pickle = folder.path().join("pytorch_model.bin");
        std::fs::write(&pickle, b"\x80\x02").unwrap();
        assert!(refusal(pickle.to_str().unwrap()).contains("run any code"));
        assert!(refusal(folder.path().to_str().unwrap()).contains("config.json"));
    }
}
