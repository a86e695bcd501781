//! How much of a model each of its parts is, and in which formats it rests in its file.

use super::{Key, Slot, WeightSource};
use crate::model::spec::Spec;
use std::collections::BTreeSet;

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
    pub name: &'static str,
    pub parameters: u64,
    /// Bytes in the file; 0 where there is none.
    pub file_bytes: u64,
    /// Number of tensors in the file by their number format, the commonest first.
    pub formats: Vec<(String, usize)>,
}

/// Takes stock of the weights of `spec`. `source` is where they lie, if anywhere, and `format` gives the
/// number format and the bytes of a tensor there.
pub fn of(spec: &Spec, source: Option<&dyn WeightSource>, format: &dyn Fn(&str) -> Option<(String, u64)>) -> Inventory {
    let mut inventory = Inventory::default();
    let mut seen = BTreeSet::new(); // in the order of their names, as what is said of them
    for key in Key::of(spec) {
        let part = inventory.part(part_of(key.slot));
        part.parameters += key.shape(spec).iter().product::<usize>() as u64;
        let Some(source) = source else { continue };
        let stored = source.stored(spec, key);
        // Queries, keys and values may be rows of one tensor.
        if !seen.insert(stored.name.clone()) {
            continue;
        }
        match (source.shape(&stored.name), format(&stored.name)) {
            (Some(shape), Some((format, bytes))) => {
                part.add(&format, 1, bytes);
                if shape != stored.shape {
                    let problem = format!("{}: expected shape {:?}, found {shape:?}", stored.name, stored.shape);
                    inventory.problems.push(problem);
                }
            }
            _ => {
                let problem = format!("{}: missing; expected shape {:?}", stored.name, stored.shape);
                inventory.problems.push(problem);
            }
        }
    }
    let names: Vec<String> = seen.into_iter().collect();
    inventory.problems.splice(0..0, source.and_then(|source| source.refusal(&names)));
    inventory.parts.iter_mut().for_each(PartWeights::sort);
    inventory
}

impl Inventory {
    /// All parts together.
    pub fn total(&self) -> PartWeights {
        let mut total = PartWeights { name: "all", ..PartWeights::default() };
        for part in &self.parts {
            total.parameters += part.parameters;
            total.file_bytes += part.file_bytes;
            part.formats.iter().for_each(|(format, n)| total.add(format, *n, 0));
        }
        total.sort();
        total
    }

    fn part(&mut self, name: &'static str) -> &mut PartWeights {
        let index = self.parts.iter().position(|part| part.name == name).unwrap_or_else(|| {
            self.parts.push(PartWeights { name, ..PartWeights::default() });
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

fn part_of(slot: Slot) -> &'static str {
    match slot {
        Slot::Embed => "embedding",
        Slot::Positions => "positions",
        Slot::Q | Slot::K | Slot::V | Slot::Out => "attention",
        Slot::Gate | Slot::Up | Slot::Down => "MLP",
        Slot::AttnNorm | Slot::MlpNorm | Slot::FinalNorm => "norms",
        Slot::LmHead => "lm head",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::Source;

    #[test]
    fn a_tensor_that_holds_several_weights_is_counted_once() {
        let source = Source::open("tests/fixtures/golden/gpt2").unwrap();
        let folder = crate::model::weights::safetensors::Folder::open(source.path().unwrap()).unwrap();
        let inventory = of(&source.spec, Some(&folder), &|name| folder.format(name));
        let attention = inventory.parts.iter().find(|part| part.name == "attention").unwrap();
        // Queries, keys and values joined, and the output: a weight and a bias of each, in two blocks.
        assert_eq!(attention.formats, [("F32".to_owned(), 8)]);
        assert_eq!(attention.file_bytes, 4 * attention.parameters);
        assert_eq!(inventory.problems, [""; 0]);
    }

    #[test]
    fn the_parts_add_up_to_the_model() {
        for named in ["random:smollm2-135m", "random:gpt2-124m", "random:llama-3.2-1b"] {
            let spec = Source::open(named).unwrap().spec;
            let inventory = of(&spec, None, &|_| None);
            assert_eq!(inventory.total().parameters, spec.parameters(), "{named}");
            assert_eq!(inventory.problems, [""; 0]);
        }
    }
}
