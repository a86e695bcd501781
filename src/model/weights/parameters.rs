//! All weights of a model, loaded into the formats that were asked for.

use super::{Key, Slot, WeightSource};
use crate::model::allocator::{Tag, tagged};
use crate::model::linear::Linear;
use crate::model::matrix::{Groups, Int4, Matrix};
use crate::model::spec::{MlpKind, Spec};
use crate::model::toggles::{Formats, Fuse, Precision};
use crate::model::{Device, Error, Result};
use std::collections::HashMap;
use tch::Tensor;

/// Queries, keys and values, which read the same input.
pub const QKV: &[Slot] = &[Slot::Q, Slot::K, Slot::V];
/// The two up-projections of a gated MLP, which read the same input.
pub const GATE_UP: &[Slot] = &[Slot::Gate, Slot::Up];

/// All weights of a model. What is taken out of it shares its memory.
pub struct Parameters {
    embed: Matrix,
    /// Norms and positions.
    vectors: HashMap<Key, Tensor>,
    /// By the slots whose rows stand below each other in it.
    linears: HashMap<(&'static [Slot], Option<usize>), Linear>,
}

impl Parameters {
    /// Checks that `source` has every weight of `spec` in its right shape, then loads them to `device`.
    /// `progress` is told how many of them are done and how many there are, and may end it.
    ///
    /// # Errors
    /// All missing and misshapen tensors together; or the first that cannot be read;
    /// [`Error::Cancelled`] when `progress` returns false.
    pub fn load(
        source: &dyn WeightSource,
        spec: &Spec,
        formats: &Formats,
        device: Device,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Self> {
        let keys = Key::of(spec);
        check(source, spec, &keys)?;
        let mut loader = Loader { source, spec, formats, device, progress, done: 0, all: keys.len() };
        let mut linears = HashMap::new();
        for block in (0..spec.n_layers).map(Some) {
            for slots in products(spec, formats.fuse) {
                linears.insert((slots, block), loader.linear(slots, block)?);
            }
        }
        if !spec.tied {
            linears.insert((&[Slot::LmHead], None), loader.linear(&[Slot::LmHead], None)?);
        }
        let mut vectors = HashMap::new();
        let is_vector =
            |key: &&Key| matches!(key.slot, Slot::AttnNorm | Slot::MlpNorm | Slot::FinalNorm | Slot::Positions);
        for &key in keys.iter().filter(is_vector) {
            vectors.insert(key, loader.vector(key)?);
        }
        let embed = loader.matrix(&[Slot::Embed], None)?;
        (loader.progress)(keys.len(), keys.len());
        Ok(Self { embed, vectors, linears })
    }

    /// The table of the embedding. [d_vocab, d_model]
    pub fn embed(&self) -> Matrix {
        self.embed.shared()
    }

    /// Learned positions, where the model has them. [n_ctx, d_model]
    pub fn positions(&self) -> Option<Tensor> {
        self.vectors.get(&Key { slot: Slot::Positions, block: None, bias: false }).map(Tensor::shallow_clone)
    }

    /// The scale of a norm, and its shift where it has one. [d_model]
    ///
    /// # Panics
    /// The spec that these were loaded for has no such norm.
    pub fn norm(&self, slot: Slot, block: Option<usize>) -> (Tensor, Option<Tensor>) {
        let get = |bias| self.vectors.get(&Key { slot, block, bias }).map(Tensor::shallow_clone);
        (get(false).expect("every norm has a scale"), get(true))
    }

    /// The product of these slots, which were loaded as one.
    ///
    /// # Panics
    /// They were not.
    pub fn linear(&self, slots: &'static [Slot], block: Option<usize>) -> Linear {
        self.linears[&(slots, block)].shared()
    }

    /// The last product, which may be the embedding once more.
    pub fn lm_head(&self) -> Linear {
        match self.linears.get(&(&[Slot::LmHead] as &[Slot], None)) {
            Some(head) => head.shared(),
            None => Linear::new(self.embed(), None),
        }
    }

    /// Every tensor, each once.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        let linears = self.linears.values().flat_map(Linear::tensors);
        self.embed.tensors().into_iter().chain(self.vectors.values()).chain(linears)
    }
}

/// The products of a block, by the slots that are joined in them.
fn products(spec: &Spec, fuse: Fuse) -> Vec<&'static [Slot]> {
    let mut products: Vec<&'static [Slot]> = match fuse {
        Fuse::Joined => vec![QKV],
        Fuse::Separate => vec![&[Slot::Q], &[Slot::K], &[Slot::V]],
    };
    products.push(&[Slot::Out]);
    match (spec.mlp, fuse) {
        (MlpKind::Gated(_), Fuse::Joined) => products.push(GATE_UP),
        (MlpKind::Gated(_), Fuse::Separate) => products.extend([&[Slot::Gate] as &[Slot], &[Slot::Up]]),
        (MlpKind::Plain(_), _) => products.push(&[Slot::Up]),
    }
    products.push(&[Slot::Down]);
    products
}

/// What loading one weight after the other needs.
struct Loader<'a> {
    source: &'a dyn WeightSource,
    spec: &'a Spec,
    formats: &'a Formats,
    device: Device,
    progress: &'a mut dyn FnMut(usize, usize) -> bool,
    done: usize,
    all: usize,
}

impl Loader<'_> {
    fn linear(&mut self, slots: &[Slot], block: Option<usize>) -> Result<Linear> {
        let matrix = self.matrix(slots, block)?;
        if !slots[0].is_biased(self.spec) {
            return Ok(Linear::new(matrix, None));
        }
        let parts: Result<Vec<Tensor>> =
            slots.iter().map(|&slot| self.vector(Key { slot, block, bias: true })).collect();
        Ok(Linear::new(matrix, Some(self.placed(&Tensor::f_cat(&parts?, 0)?)?)))
    }

    /// The rows of these slots, one below the other.
    fn matrix(&mut self, slots: &[Slot], block: Option<usize>) -> Result<Matrix> {
        let keys: Vec<Key> = slots.iter().map(|&slot| Key { slot, block, bias: false }).collect();
        let precision = keys[0].format(self.spec, self.formats);
        let made = if precision == Precision::Int4 {
            let groups: Result<Vec<Groups>> = keys.iter().map(|&key| self.groups(key)).collect();
            Matrix::Int4(Int4::pack(&Groups::stacked(&groups?)?)?)
        } else {
            let parts: Result<Vec<Tensor>> = keys.iter().map(|&key| self.numbers(key)).collect();
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

    fn groups(&mut self, key: Key) -> Result<Groups> {
        let stored = self.source.stored(self.spec, key);
        match self.source.groups(&stored.name)? {
            Some(groups) => {
                self.count()?;
                let of = |tensor: &Tensor| stored.view.of(tensor);
                Ok(Groups { q: of(&groups.q)?, scale: of(&groups.scale)?, least: of(&groups.least)? })
            }
            None => Groups::of(&self.numbers(key)?.f_to_kind(tch::Kind::Float)?.f_contiguous()?),
        }
    }

    fn vector(&mut self, key: Key) -> Result<Tensor> {
        let numbers = self.numbers(key)?;
        self.placed(&numbers.f_to_kind(self.formats.compute.kind())?)
    }

    /// The weight in the format in which its source has it, or wider.
    fn numbers(&mut self, key: Key) -> Result<Tensor> {
        self.count()?;
        let stored = self.source.stored(self.spec, key);
        stored.view.of(&self.source.tensor(&stored.name)?)
    }

    fn count(&mut self) -> Result<()> {
        let goes_on = (self.progress)(self.done, self.all);
        self.done += 1;
        if goes_on { Ok(()) } else { Err(Error::Cancelled) }
    }
}

/// All missing and misshapen tensors, in one error.
fn check(source: &dyn WeightSource, spec: &Spec, keys: &[Key]) -> Result<()> {
    let mut problems = Vec::new();
    for &key in keys {
        let stored = source.stored(spec, key);
        let problem = match source.shape(&stored.name) {
            None => format!("  {}: missing; expected shape {:?}", stored.name, stored.shape),
            Some(shape) if shape != stored.shape => {
                format!("  {}: expected shape {:?}, found {shape:?}", stored.name, stored.shape)
            }
            Some(_) => continue,
        };
        // Queries, keys and values may be parts of one tensor: one complaint is enough.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    if !problems.is_empty() {
        return Err(Error::Tensors { path: source.path().to_owned(), problems });
    }
    let names: Vec<String> = keys.iter().map(|&key| source.stored(spec, key).name).collect();
    source.refusal(&names).map_or(Ok(()), |refusal| Err(Error::file(source.path(), refusal)))
}
