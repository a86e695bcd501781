//! The parts of a model: what each is made of, and what it says of itself. The forward pass of a part is in the file of
//! the same name in `engine/parts`.

pub mod attention;
pub mod connector;
pub mod embedding;
pub mod experts;
pub mod frames;
pub mod head;
pub mod mlp;
pub mod norm;
pub mod patches;

use super::formats::Precision;
use super::hook::Hook;
use super::path::{Instance, Path, StackName};
use super::role::Role;
use super::toggles::Toggles;
use super::weight::{Key, Parameter, Slot};
use super::work::{Cost, PassShape, Work};
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
    /// At how many positions it works.
    pub rows: Rows,
}

/// At how many positions a part works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// At all that are new in the pass.
    New,
    /// At so many of each sequence, once: those of a picture or of a stretch of sound, in the first pass.
    Fixed(usize),
    /// At those that a router gives to this expert: modelled as an even share.
    Routed { number: usize, experts: usize, per_token: usize },
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
    /// The shift of a product whose matrix is that of another part. [rows]
    Shift { slot: Slot, rows: usize },
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
    /// Those of the new positions that a router gives to an expert.
    Routed,
    Size(usize),
}

/// What a part needs to know to describe itself.
pub struct Surroundings<'a> {
    pub stack: StackName,
    pub block: Option<usize>,
    /// In which of the attentions or MLPs of the block.
    pub instance: Instance,
    pub d_model: usize,
    /// Whether the LM head is the embedding, transposed.
    pub tied: bool,
    pub rows: Rows,
    pub toggles: &'a Toggles,
}

impl<'a> Surroundings<'a> {
    /// Of a part of a block that works at every new position.
    pub fn new(stack: StackName, block: Option<usize>, d_model: usize, tied: bool, toggles: &'a Toggles) -> Self {
        Self { stack, block, instance: Instance::Main, d_model, tied, rows: Rows::New, toggles }
    }

    /// In one of several attentions or MLPs of the same block.
    pub fn within(&self, instance: Instance) -> Self {
        Self { instance, ..*self }
    }

    /// The positions at which it works, as a size.
    pub fn positions(&self) -> Dim {
        match self.rows {
            Rows::New => Dim::New,
            Rows::Fixed(positions) => Dim::Size(positions),
            Rows::Routed { .. } => Dim::Routed,
        }
    }

    /// The format of the activations.
    pub fn activations(&self) -> Precision {
        self.toggles.compute
    }

    /// The format in which a weight rests.
    pub fn format(&self, slot: Slot) -> Precision {
        self.key(slot, false).format(self.tied, &self.toggles.formats())
    }

    pub fn key(&self, slot: Slot, bias: bool) -> Key {
        Key { stack: self.stack, slot, block: self.block, instance: self.instance, bias }
    }

    /// The residual stream. [T, d_model]
    pub fn stream(&self) -> Vec<TensorShape> {
        vec![self.wide(self.d_model)]
    }

    /// So many numbers of each position. [T, width]
    pub fn wide(&self, width: usize) -> TensorShape {
        TensorShape::new("", &[self.positions(), Dim::Size(width)])
    }

    /// Work that reads and writes so many numbers at each position.
    pub fn elementwise(&self, per_row: usize) -> Work {
        Work::Elementwise { per_row, per_position: 0, once: 0, of_logits: false, activations: self.activations() }
    }

    /// A part that reads the residual stream, or what is as wide, and makes the same shape.
    pub fn on_stream(&self, name: Role, work: Work) -> Part {
        Part {
            path: Path { stack: self.stack, block: self.block, instance: self.instance, name },
            weights: Vec::new(),
            takes: self.stream(),
            makes: self.stream(),
            hooks: Vec::new(),
            work,
            rows: self.rows,
        }
    }

    /// What adds `branches` results of the same width to the residual stream.
    pub fn residual(&self, name: Role, branches: usize, hooks: &[Hook]) -> Part {
        let work = self.elementwise((2 + branches) * self.d_model);
        Part { hooks: hooks.to_vec(), ..self.on_stream(name, work) }
    }

    /// A product that reads `inner` numbers of each position and makes those of its slots.
    pub fn product(&self, name: Role, rows: &[(Slot, usize)], inner: usize, bias: bool) -> Part {
        let out = rows.iter().map(|(_, rows)| rows).sum();
        let weights = self.format(rows[0].0);
        Part {
            weights: vec![Weights::Product { rows: rows.to_vec(), inner, bias }],
            takes: vec![self.wide(inner)],
            makes: vec![self.wide(out)],
            ..self.on_stream(
                name,
                Work::Product {
                    inner,
                    out,
                    shifts: if bias { out } else { 0 },
                    weights,
                    activations: self.activations(),
                },
            )
        }
    }
}

impl Part {
    /// Its weights one by one, with their shapes.
    pub fn parameters(&self) -> Vec<Parameter> {
        let Path { stack, block, instance, .. } = self.path;
        let of = |slot, bias, shape| Parameter { key: Key { stack, slot, block, instance, bias }, shape };
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
                &Weights::Shift { slot, rows } => vec![of(slot, true, vec![rows])],
            })
            .collect()
    }

    /// What it should cost in a pass.
    pub fn cost(&self, shape: PassShape) -> Cost {
        match self.rows {
            Rows::New => self.work.cost(shape),
            Rows::Fixed(_) if shape.past > 0 => Cost::default(),
            Rows::Fixed(positions) => {
                self.work.cost(PassShape { batch: shape.batch, new: positions, past: 0, logits: positions })
            }
            Rows::Routed { number, experts, per_token } => {
                let given = shape.batch * shape.new * per_token;
                let before = |number: usize| number * given / experts;
                match before(number + 1) - before(number) {
                    // Its weights are not even read.
                    0 => Cost::default(),
                    rows => self.work.cost(PassShape { batch: 1, new: rows, past: 0, logits: 0 }),
                }
            }
        }
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

    fn shown(&self, new: usize, past: usize) -> String {
        let size = |dim: &Dim| match dim {
            Dim::New => new.to_string(),
            Dim::Keys => (past + new).to_string(),
            Dim::PastAndNew => format!("{past}+{new}"),
            Dim::Routed => dim.to_string(),
            Dim::Size(size) => size.to_string(),
        };
        let dims = self.dims.iter().map(size).collect::<Vec<_>>().join(", ");
        if self.label.is_empty() { format!("[{dims}]") } else { format!("{} [{dims}]", self.label) }
    }
}

impl fmt::Display for Dim {
    /// `T`, `keys`, `past+T`, `routed`, or the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::New => f.write_str("T"),
            Dim::Keys => f.write_str("keys"),
            Dim::PastAndNew => f.write_str("past+T"),
            Dim::Routed => f.write_str("routed"),
            Dim::Size(size) => write!(f, "{size}"),
        }
    }
}
