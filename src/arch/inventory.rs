//! How much of a model each of its parts is, in which formats it rests in its file, and whether the file has all of it.

use super::model::Model;
use super::weight::{Parameter, Stored};
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// What a file, or a generator, says of its tensors without reading any.
pub trait TensorIndex {
    /// What it is called in messages.
    fn path(&self) -> &Path;

    /// Where it keeps a weight.
    fn stored(&self, model: &Model, parameter: &Parameter) -> Stored;

    /// The shape of the tensor called `name`; `None` if there is no such tensor.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Its number format, and its bytes in the file; `None` if there is no such tensor, or it rests in no file.
    fn format(&self, _name: &str) -> Option<(String, u64)> {
        None
    }

    /// Why some of these tensors cannot be read, before any is.
    fn refusal(&self, _names: &[String]) -> Option<String> {
        None
    }
}

/// Problems that are told one by one: a file that lacks one tensor may lack them all.
pub const LISTED: usize = 20;

/// The weights of a model, part by part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// Only parts that the model has.
    pub parts: Vec<PartWeights>,
    /// Weights that are missing from the file, have another shape there or cannot be read.
    pub problems: Vec<String>,
}

/// The weights of one part, over all blocks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartWeights {
    pub name: String,
    pub parameters: u64,
    /// Bytes in the file; 0 where there is none.
    pub file_bytes: u64,
    /// Number of tensors in the file by their number format, the commonest first.
    pub formats: Vec<(String, usize)>,
}

/// Takes stock of the weights of `model`; `file` is where they lie, if anywhere.
pub fn of(model: &Model, file: Option<&dyn TensorIndex>) -> Inventory {
    let mut inventory = Inventory::default();
    let mut seen = HashSet::new();
    let parameters = model.parameters();
    for parameter in &parameters {
        let part = inventory.part(&parameter.key.group());
        part.parameters += parameter.count();
        let Some(file) = file else { continue };
        for name in file.stored(model, parameter).names() {
            // Queries, keys and values may be rows of one tensor.
            if seen.insert(name.clone())
                && let Some((format, bytes)) = file.format(&name)
            {
                part.add(&format, 1, bytes);
            }
        }
    }
    if let Some(file) = file {
        inventory.problems.extend(unreadable(model, &parameters, file));
        inventory.problems.extend(problems(model, &parameters, file));
    }
    inventory.parts.iter_mut().for_each(PartWeights::sort);
    inventory
}

/// Why some of the weights in a file cannot be read.
pub fn unreadable(model: &Model, parameters: &[Parameter], file: &dyn TensorIndex) -> Option<String> {
    // In their order, which the message shows, and each once.
    let names: BTreeSet<String> =
        parameters.iter().flat_map(|parameter| file.stored(model, parameter).names()).collect();
    file.refusal(&names.into_iter().collect::<Vec<_>>())
}

/// All weights that are missing or misshapen in a file, each once.
pub fn problems(model: &Model, parameters: &[Parameter], file: &dyn TensorIndex) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    for parameter in parameters {
        let stored = file.stored(model, parameter);
        for name in stored.names() {
            let problem = match file.shape(&name) {
                None => format!("{name}: missing; expected shape {:?}", stored.shape),
                Some(shape) if shape != stored.shape => {
                    format!("{name}: expected shape {:?}, found {shape:?}", stored.shape)
                }
                Some(_) => continue,
            };
            if seen.insert(problem.clone()) {
                problems.push(problem);
            }
        }
    }
    problems.extend(beyond(model, parameters, file));
    problems
}

/// A block that the file has, and its description has not.
fn beyond(model: &Model, parameters: &[Parameter], file: &dyn TensorIndex) -> Option<String> {
    let first = parameters.iter().find(|parameter| parameter.key.block == Some(0))?;
    let name = file.stored(model, first).names().into_iter().next()?;
    let next = name.replacen(".0.", &format!(".{}.", model.n_layers()), 1);
    let is_there = next != name && file.shape(&next).is_some();
    is_there.then(|| format!("{next}: is there, but the description has {} blocks only", model.n_layers()))
}

impl Inventory {
    /// All parts together.
    pub fn total(&self) -> PartWeights {
        let mut total = PartWeights { name: "all".to_owned(), ..PartWeights::default() };
        for part in &self.parts {
            total.parameters += part.parameters;
            total.file_bytes += part.file_bytes;
            part.formats.iter().for_each(|(format, n)| total.add(format, *n, 0));
        }
        total.sort();
        total
    }

    fn part(&mut self, name: &str) -> &mut PartWeights {
        let index = self.parts.iter().position(|part| part.name == name).unwrap_or_else(|| {
            self.parts.push(PartWeights { name: name.to_owned(), ..PartWeights::default() });
            self.parts.len() - 1
        });
        &mut self.parts[index]
    }
}

impl PartWeights {
    fn add(&mut self, format: &str, tensors: usize, bytes: u64) {
        self.file_bytes += bytes;
        match self.formats.iter_mut().find(|(known, _)| known == format) {
            Some((_, n)) => *n += tensors,
            None => self.formats.push((format.to_owned(), tensors)),
        }
    }

    fn sort(&mut self) {
        self.formats.sort_by(|(a, n), (b, m)| m.cmp(n).then(a.cmp(b)));
    }
}
