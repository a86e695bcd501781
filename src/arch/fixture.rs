//! The models that tests ask: one of every family, and of every way in which one of a family can differ.

use super::entries::Config;
use super::model::Model;
use super::{Toggles, families};
use std::path::Path;

/// Of every description among the fixtures; there is one of every family at least.
pub fn models() -> Vec<Model> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden");
    let folders = std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path().join("config.json"));
    let configs = folders.filter(|path| path.is_file());
    let models: Vec<Model> =
        configs.map(|path| families::of_config(&Config::open(&path).unwrap(), "tiny").unwrap()).collect();
    assert!(families::ALL.iter().all(|family| models.iter().any(|model| model.family == family.name())));
    models
}

/// Toggles under which a model has other parts.
pub fn builds() -> Vec<Toggles> {
    ["", "attention=eager", "kv_cache=off", "fuse=joined", "attention=eager,kv_cache=off,fuse=joined"]
        .map(|toggles| Toggles::default().with(toggles).unwrap())
        .into()
}
