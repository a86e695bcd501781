//! The parts of a model: what each is made of, and what it says of itself. The forward pass of a part is in the file of
//! the same name in `engine/parts`.

pub mod attention;
pub mod embedding;
pub mod head;
pub mod mlp;
pub mod norm;

use super::formats::Precision;
use super::hook::Hook;
use super::path::{Path, StackName};
use super::role::Role;
use super::toggles::Toggles;
use super::weight::{Key, Parameter, Slot};
use super::work::Work;
use std::fmt;

/// What a part says of itself. From these come the weights to load, the cost, the rows of the screen, and what can be
/// captured.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub path: Path,
    /// Weights that are loaded together.
    pub weights: Vec<Weights>,
    /// What it reads.
    pub takes: Vec<TensorShape>,
    /// What it makes.
    pub makes: Vec<TensorShape>,
    /// The activations that it lends; of a part that contains others, those beside theirs.
    pub hooks: Vec<Hook>,
    pub work: Work,
}

/// Weights of a part that are loaded together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weights {
    /// The weight of one product: the rows of each slot, one below the other. [out, inner]
    Product { rows: Vec<(Slot, usize)>, inner: usize, bias: bool },
    /// Rows that are looked up. [rows, width]
    Table { slot: Slot, rows: usize, width: usize },
    /// Anything that is no matrix of a product.
    Vector { slot: Slot, shape: Vec<usize>, bias: bool },
}

/// The shape of an activation, without the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorShape {
    /// `Q`, `K V`; empty where nothing has to be told apart.
    pub label: &'static str,
    pub dims: Vec<Dim>,
}

/// A size of an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// Positions that are computed.
    New,
    /// Positions whose keys are attended to.
    Keys,
    /// Positions in the cache, and the new ones.
    PastAndNew,
    Size(usize),
}

/// What a part needs to know to describe itself.
pub struct Surroundings<'a> {
    pub stack: StackName,
    pub block: Option<usize>,
    pub d_model: usize,
    /// Whether the LM head is the embedding, transposed.
    pub tied: bool,
    pub toggles: &'a Toggles,
}

impl Surroundings<'_> {
    /// The format of the activations.
    pub fn activations(&self) -> Precision {
        self.toggles.compute
    }

    /// The format in which a weight rests.
    pub fn format(&self, slot: Slot) -> Precision {
        self.key(slot, false).format(self.tied, &self.toggles.formats())
    }

    pub fn key(&self, slot: Slot, bias: bool) -> Key {
        Key { stack: self.stack, slot, block: self.block, bias }
    }

    /// The residual stream. [T, d_model]
    pub fn stream(&self) -> Vec<TensorShape> {
        vec![TensorShape::rows(self.d_model)]
    }

    /// A part that reads the residual stream, or what is as wide, and makes the same shape.
    pub fn on_stream(&self, name: Role, work: Work) -> Part {
        Part {
            path: Path { stack: self.stack, block: self.block, name },
            weights: Vec::new(),
            takes: self.stream(),
            makes: self.stream(),
            hooks: Vec::new(),
            work,
        }
    }

    /// What adds `branches` results of the same width to the residual stream.
    pub fn residual(&self, name: Role, branches: usize, hooks: &[Hook]) -> Part {
        let per_row = (2 + branches) * self.d_model;
        let work =
            Work::Elementwise { per_row, per_position: 0, once: 0, of_logits: false, activations: self.activations() };
        Part { hooks: hooks.to_vec(), ..self.on_stream(name, work) }
    }

    /// A product that reads `inner` numbers of each position and makes those of its slots.
    pub fn product(&self, name: Role, rows: &[(Slot, usize)], inner: usize, bias: bool) -> Part {
        let out = rows.iter().map(|(_, rows)| rows).sum();
        let weights = self.format(rows[0].0);
        Part {
            weights: vec![Weights::Product { rows: rows.to_vec(), inner, bias }],
            takes: vec![TensorShape::rows(inner)],
            makes: vec![TensorShape::rows(out)],
            ..self.on_stream(name, Work::Product { inner, out, bias, weights, activations: self.activations() })
        }
    }
}

impl Part {
    /// Its weights one by one, with their shapes.
    pub fn parameters(&self) -> Vec<Parameter> {
        let Path { stack, block, .. } = self.path;
        let of = |slot, bias, shape| Parameter { key: Key { stack, slot, block, bias }, shape };
        self.weights
            .iter()
            .flat_map(|weights| match weights {
                Weights::Product { rows, inner, bias } => rows
                    .iter()
                    .flat_map(|&(slot, rows)| {
                        let bias = bias.then(|| of(slot, true, vec![rows]));
                        [Some(of(slot, false, vec![rows, *inner])), bias].into_iter().flatten()
                    })
                    .collect::<Vec<_>>(),
                &Weights::Table { slot, rows, width } => vec![of(slot, false, vec![rows, width])],
                Weights::Vector { slot, shape, bias } => {
                    let bias = bias.then(|| of(*slot, true, shape.clone()));
                    [Some(of(*slot, false, shape.clone())), bias].into_iter().flatten().collect()
                }
            })
            .collect()
    }

    /// What goes in and what comes out, for people, where `new` positions are computed after `past` cached ones.
    pub fn shapes(&self, new: usize, past: usize) -> String {
        let shown =
            |shapes: &[TensorShape]| shapes.iter().map(|shape| shape.shown(new, past)).collect::<Vec<_>>().join("  ");
        format!("{} → {}", shown(&self.takes), shown(&self.makes))
    }
}

impl TensorShape {
    pub fn new(label: &'static str, dims: &[Dim]) -> Self {
        Self { label, dims: dims.to_vec() }
    }

    /// So many numbers of each new position. [T, width]
    pub fn rows(width: usize) -> Self {
        Self::new("", &[Dim::New, Dim::Size(width)])
    }

    fn shown(&self, new: usize, past: usize) -> String {
        let size = |dim: &Dim| match dim {
            Dim::New => new.to_string(),
            Dim::Keys => (past + new).to_string(),
            Dim::PastAndNew => format!("{past}+{new}"),
            Dim::Size(size) => size.to_string(),
        };
        let dims = self.dims.iter().map(size).collect::<Vec<_>>().join(", ");
        if self.label.is_empty() { format!("[{dims}]") } else { format!("{} [{dims}]", self.label) }
    }
}

impl fmt::Display for Dim {
    /// `T`, `keys`, `T_past+T`, or the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::New => f.write_str("T"),
            Dim::Keys => f.write_str("keys"),
            Dim::PastAndNew => f.write_str("past+T"),
            Dim::Size(size) => write!(f, "{size}"),
        }
    }
}
