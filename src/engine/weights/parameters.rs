//! All weights of a model, loaded into the formats that were asked for.

use super::{WeightSource, read, viewed};
use crate::arch::Model;
use crate::arch::formats::{Formats, Precision};
use crate::arch::inventory;
use crate::arch::parts::Weights;
use crate::arch::path::{Instance, StackName};
use crate::arch::toggles::Toggles;
use crate::arch::weight::{Key, Parameter, Slot, View};
use crate::engine::allocator::{Tag, tagged};
use crate::engine::linear::Linear;
use crate::engine::matrix::{Groups, Int4, Matrix};
use crate::engine::{Device, Error, Result, TorchKind};
use std::collections::HashMap;
use tch::Tensor;

/// Queries, keys and values, which read the same input.
pub const QKV: &[Slot] = &[Slot::Q, Slot::K, Slot::V];
/// The two up-projections of a gated MLP, which read the same input.
pub const GATE_UP: &[Slot] = &[Slot::Gate, Slot::Up];

/// All weights of a model. What is taken out of it shares its memory.
pub struct Parameters {
    embed: Matrix,
    /// Norms, positions, and whatever else is no product.
    vectors: HashMap<Key, Tensor>,
    /// By the slots whose rows stand below each other in it.
    linears: HashMap<(Vec<Slot>, Option<usize>), Linear>,
    device: tch::Device,
}

impl Parameters {
    /// Checks that `source` has every weight of `model` in its right shape, then loads them to `device`.
    /// `progress` is told how many of them are done and how many there are, and may end it.
    ///
    /// # Errors
    /// All missing and misshapen tensors together; or the first that cannot be read;
    /// [`Error::Cancelled`] when `progress` returns false.
    pub fn load(
        source: &dyn WeightSource,
        model: &Model,
        formats: &Formats,
        device: Device,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Self> {
        let parameters = model.parameters();
        let problems = inventory::problems(model, &parameters, source);
        if !problems.is_empty() {
            return Err(Error::Tensors { path: source.path().to_owned(), problems });
        }
        if let Some(reason) = inventory::unreadable(model, &parameters, source) {
            return Err(Error::file(source.path(), reason));
        }
        let all = parameters.len();
        let mut loader = Loader { source, model, formats, device, progress, done: 0, all };
        let (mut linears, mut vectors, mut embed) = (HashMap::new(), HashMap::new(), None);
        let toggles = Toggles { fuse: formats.fuse, ..Toggles::default() };
        // The embedding last: it may be the LM head, too, which is in a format of its own.
        for part in model.parts(&toggles) {
            let own = part.parameters();
            let of = |slot, bias| own.iter().find(|parameter| (parameter.key.slot, parameter.key.bias) == (slot, bias));
            for weights in &part.weights {
                match weights {
                    Weights::Product { rows, .. } => {
                        let slots: Vec<Slot> = rows.iter().map(|(slot, _)| *slot).collect();
                        let matrices: Vec<&Parameter> = slots.iter().filter_map(|&slot| of(slot, false)).collect();
                        let biases: Vec<&Parameter> = slots.iter().filter_map(|&slot| of(slot, true)).collect();
                        linears.insert((slots, part.path.block), loader.linear(&matrices, &biases)?);
                    }
                    &Weights::Table { slot, .. } => {
                        if let Some(parameter) = of(slot, false) {
                            embed = Some(loader.matrix(&[parameter])?);
                        }
                    }
                    // Of a head that shares the embedding's matrix and has a shift: see support.
                    Weights::Shift { .. } => {}
                    Weights::Vector { slot, .. } => {
                        for parameter in [of(*slot, false), of(*slot, true)].into_iter().flatten() {
                            vectors.insert(parameter.key, loader.vector(parameter)?);
                        }
                    }
                }
            }
        }
        (loader.progress)(all, all);
        let embed = embed.ok_or_else(|| Error::unsupported("a model without an embedding"))?;
        Ok(Self { embed, vectors, linears, device: device.torch() })
    }

    /// Where they lie.
    pub fn device(&self) -> tch::Device {
        self.device
    }

    /// The table of the embedding. [d_vocab, d_model]
    pub fn embed(&self) -> Matrix {
        self.embed.shared()
    }

    /// A weight that is no matrix of a product, where the model has it.
    pub fn vector(&self, slot: Slot, block: Option<usize>) -> Option<Tensor> {
        self.at(slot, block, false)
    }

    /// The scale of a norm, and its shift where it has one.
    ///
    /// # Panics
    /// The model that these were loaded for has no such norm.
    pub fn norm(&self, slot: Slot, block: Option<usize>) -> (Tensor, Option<Tensor>) {
        (self.at(slot, block, false).expect("every norm has a scale"), self.at(slot, block, true))
    }

    /// The product of these slots, which were loaded as one.
    ///
    /// # Panics
    /// They were not.
    pub fn linear(&self, slots: &[Slot], block: Option<usize>) -> Linear {
        self.linears[&(slots.to_vec(), block)].shared()
    }

    /// The last product, which may be the embedding once more.
    pub fn lm_head(&self) -> Linear {
        match self.linears.get(&(vec![Slot::LmHead], None)) {
            Some(head) => head.shared(),
            None => Linear::new(self.embed(), None),
        }
    }

    /// Every tensor, each once.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        let linears = self.linears.values().flat_map(Linear::tensors);
        self.embed.tensors().into_iter().chain(self.vectors.values()).chain(linears)
    }

    fn at(&self, slot: Slot, block: Option<usize>, bias: bool) -> Option<Tensor> {
        let key = Key { stack: StackName::Only, slot, block, instance: Instance::Main, bias };
        self.vectors.get(&key).map(Tensor::shallow_clone)
    }
}

/// What loading one weight after the other needs.
struct Loader<'a> {
    source: &'a dyn WeightSource,
    model: &'a Model,
    formats: &'a Formats,
    device: Device,
    progress: &'a mut dyn FnMut(usize, usize) -> bool,
    done: usize,
    all: usize,
}

impl Loader<'_> {
    /// The product of these rows, one below the other, and its bias.
    fn linear(&mut self, matrices: &[&Parameter], biases: &[&Parameter]) -> Result<Linear> {
        let matrix = self.matrix(matrices)?;
        if biases.is_empty() {
            return Ok(Linear::new(matrix, None));
        }
        let parts: Result<Vec<Tensor>> = biases.iter().map(|bias| self.vector(bias)).collect();
        Ok(Linear::new(matrix, Some(self.placed(&Tensor::f_cat(&parts?, 0)?)?)))
    }

    fn matrix(&mut self, rows: &[&Parameter]) -> Result<Matrix> {
        let precision = rows[0].key.format(self.model.head.tied, self.formats);
        let made = if precision == Precision::Int4 {
            let groups: Result<Vec<Groups>> = rows.iter().map(|rows| self.groups(rows)).collect();
            Matrix::Int4(Int4::pack(&Groups::stacked(&groups?)?)?)
        } else {
            let parts: Result<Vec<Tensor>> = rows.iter().map(|rows| self.numbers(rows)).collect();
            match parts?.as_slice() {
                [one] => Matrix::of(one, precision)?,
                several => Matrix::of(&Tensor::f_cat(several, 0)?, precision)?,
            }
        };
        made.placed(|tensor| self.placed(tensor))
    }

    /// A copy where it will stay. What was made on the way is free again, and in no gap between what stays.
    fn placed(&self, tensor: &Tensor) -> Result<Tensor> {
        let _tagged = tagged(Tag::Weights);
        let mut placed = Tensor::f_empty(tensor.size(), (tensor.kind(), self.device.torch()))?;
        placed.f_copy_(tensor)?;
        Ok(placed)
    }

    fn groups(&mut self, parameter: &Parameter) -> Result<Groups> {
        let stored = self.source.stored(self.model, parameter);
        let keeps_rows = !matches!(stored.view, View::Transposed | View::LessOne | View::Rows { transposed: true, .. });
        match self.source.groups(&stored.name)? {
            Some(groups) if keeps_rows => {
                self.count()?;
                let of = |tensor: &Tensor| viewed(stored.view, tensor);
                Ok(Groups { q: of(&groups.q)?, scale: of(&groups.scale)?, least: of(&groups.least)? })
            }
            _ => Groups::of(&self.numbers(parameter)?.f_to_kind(tch::Kind::Float)?.f_contiguous()?),
        }
    }

    fn vector(&mut self, parameter: &Parameter) -> Result<Tensor> {
        let numbers = self.numbers(parameter)?;
        self.placed(&numbers.f_to_kind(self.formats.compute.kind())?)
    }

    /// The weight in the format in which its source has it, or wider.
    fn numbers(&mut self, parameter: &Parameter) -> Result<Tensor> {
        self.count()?;
        read(self.source, &self.source.stored(self.model, parameter))
    }

    fn count(&mut self) -> Result<()> {
        let goes_on = (self.progress)(self.done, self.all);
        self.done += 1;
        if goes_on { Ok(()) } else { Err(Error::Cancelled) }
    }
}
