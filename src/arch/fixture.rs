//! Descriptions for tests: of every family, and of every way in which one of a family can differ.

use super::entries::Config;
use super::model::Model;
use super::parts::connector::Connector;
use super::parts::experts::Experts;
use super::parts::mlp::Activation;
use super::path::StackName;
use super::stack::Stack;
use super::{Toggles, families};
use std::path::{Path, PathBuf};

/// Of every description among the fixtures; there is one of every family at least.
pub fn models() -> Vec<Model> {
    let models: Vec<Model> =
        [folders("golden"), folders("described")].concat().iter().map(|it| described(it)).collect();
    assert!(families::ALL.iter().all(|family| models.iter().any(|model| model.family == family.name())));
    models
}

/// Shapes that no family has yet: a stack that sees beside a text, and experts beside one that every position passes.
pub fn composed() -> Vec<Model> {
    let of = |family: &str| models().into_iter().find(|model| model.family == family).unwrap();
    let (mut text, mut mixture) = (of("llama"), of("mixtral"));
    let connector = Connector { width: text.stack.d_model, activation: Activation::Gelu, bias: true };
    let seeing = Stack { name: StackName::Vision, connector: Some(connector), ..of("vit").stack };
    text.stack.name = StackName::Text;
    text.sources = vec![seeing];
    mixture.each_mlp(|mlp| mlp.experts = mlp.experts.map(|experts| Experts { shared: Some(64), ..experts }));
    vec![text, mixture]
}

/// The folders with a `config.json` among fixtures: those with the reference's results in `golden`, those that have the
/// names and shapes of tensors only in `described`.
pub fn folders(of: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(of);
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|path| path.join("config.json").is_file()).collect()
}

/// The model in a folder.
pub fn described(folder: &Path) -> Model {
    families::of_config(&Config::open(&folder.join("config.json")).unwrap(), "tiny").unwrap()
}

/// Toggles under which a model has other parts.
pub fn builds() -> Vec<Toggles> {
    ["", "attention=eager", "kv_cache=off", "fuse=joined", "attention=eager,kv_cache=off,fuse=joined"]
        .map(|toggles| Toggles::default().with(toggles).unwrap())
        .into()
}
