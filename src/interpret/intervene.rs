//! Interventions: a part of the model is switched off, scaled, or given what it made of another text, and everything
//! after it is computed from that. They lie in hooks, so they hold with a cache and without, whatever the kernels; an
//! empty list changes no bit.

mod effect;

use super::explore::Exploration;
use crate::arch::Model;
use crate::arch::hook::Hook;
use crate::arch::path::Place as At;
use crate::arch::role::Role;
use crate::engine::probe::Probe;
use crate::engine::{Error, Result};
use crate::measure::Control;
use crate::record::explored::{Head, Place};
use std::fmt;
use std::ops::Range;
use tch::Tensor;

/// What is changed. Blocks and heads count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// What a head read, before the output projection.
    Head(Head),
    /// The same of all heads that share a key/value head.
    Group { block: u32, group: u32 },
    /// What the attention of a block adds.
    Attn(u32),
    /// What the MLP of a block adds.
    Mlp(u32),
    /// What both add.
    Block(u32),
    /// The residual stream at a place, at one position.
    Stream { place: Place, position: u32 },
    /// The token at a position of the text itself.
    Token { position: u32 },
}

/// How it is changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    Zero,
    /// Its mean over the positions of the text.
    Mean,
    Scale(f32),
    /// What it was on another text, at the same position.
    Patch,
    /// Another token in its place.
    Swap(u32),
}

/// Where [`Change::Mean`] and [`Change::Patch`] take values from.
#[derive(Clone, Copy, Default)]
pub struct Sources<'a> {
    /// The text itself.
    pub text: Option<&'a Exploration>,
    /// The one that is patched from.
    pub other: Option<&'a Exploration>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intervention {
    pub target: Target,
    pub change: Change,
}

/// Interventions that are ready for passes of a model.
#[derive(Default)]
pub struct Interventions {
    edits: Vec<Edit>,
    /// Positions, and what stands there instead.
    tokens: Vec<(usize, u32)>,
}

/// A change of one activation.
struct Edit {
    block: Option<usize>,
    hook: Hook,
    /// Heads, where the activation has them; all else is left alone.
    heads: Option<Range<i64>>,
    value: Value,
}

enum Value {
    Scaled(f64),
    /// In its place at every position. [1, d], or [1, heads, d]
    Everywhere(Tensor),
    /// In its place at some positions. [positions, heads, d] or [positions, d], and the first of them
    At(i64, Tensor),
}

impl Interventions {
    /// Makes them ready.
    ///
    /// # Errors
    /// The model has no such part or token; a source is needed that is not there; a change does not fit its target.
    pub fn new(wanted: &[Intervention], model: &Model, sources: Sources) -> Result<Self> {
        let _no_grad = tch::no_grad_guard();
        let mut ready = Self::default();
        for wanted in wanted {
            match (wanted.target, wanted.change) {
                (Target::Token { position }, Change::Swap(id)) if (id as usize) < model.d_vocab => {
                    ready.tokens.push((position as usize, id));
                }
                (Target::Token { .. }, Change::Swap(id)) => {
                    let problem = format!("token {id} is outside the vocabulary of {}", model.d_vocab);
                    return Err(Error::Request(problem));
                }
                _ => ready.edits.extend(edits(wanted, model, sources)?),
            }
        }
        Ok(ready)
    }

    /// The text with its tokens swapped.
    ///
    /// # Errors
    /// It has no such position.
    pub fn swapped(&self, ids: &[u32]) -> Result<Vec<u32>> {
        let mut ids = ids.to_vec();
        for &(position, id) in &self.tokens {
            let (n, at) = (ids.len(), ids.get_mut(position));
            *at.ok_or_else(|| Error::Request(format!("there is no position {position}: the text has {n}")))? = id;
        }
        Ok(ids)
    }

    /// The probe for a pass whose first position is `past`.
    pub fn pass<'a>(&'a self, past: usize, control: &'a Control) -> impl Probe + 'a {
        Intervening { edits: &self.edits, past: past as i64, control }
    }
}

fn edits(wanted: &Intervention, model: &Model, sources: Sources) -> Result<Vec<Edit>> {
    check(wanted.target, model)?;
    let places: Vec<(Option<usize>, Hook, Option<Range<i64>>)> = match wanted.target {
        Target::Head(Head { block, head }) => {
            vec![(Some(block as usize), Hook::Z, Some(i64::from(head)..i64::from(head) + 1))]
        }
        Target::Group { block, group } => {
            let attn = &model.stack.blocks[block as usize].attn;
            let n = (attn.n_heads / attn.n_kv_heads) as i64;
            let first = i64::from(group) * n;
            vec![(Some(block as usize), Hook::Z, Some(first..first + n))]
        }
        Target::Attn(block) => vec![(Some(block as usize), Hook::AttnOut, None)],
        Target::Mlp(block) => vec![(Some(block as usize), Hook::MlpOut, None)],
        Target::Block(block) => {
            vec![(Some(block as usize), Hook::AttnOut, None), (Some(block as usize), Hook::MlpOut, None)]
        }
        Target::Stream { place: Place::Embedded, .. } => vec![(None, Hook::Embed, None)],
        Target::Stream { place: Place::Mid(block), .. } => vec![(Some(block), Hook::ResidMid, None)],
        Target::Stream { place: Place::Post(block), .. } => vec![(Some(block), Hook::ResidPost, None)],
        Target::Token { .. } => return Err(mismatched(wanted)),
    };
    let edit = |(block, hook, heads): (Option<usize>, Hook, Option<Range<i64>>)| {
        let was = || {
            let from = if wanted.change == Change::Patch { sources.other } else { sources.text };
            let from = from.ok_or_else(|| {
                Error::Request(format!("{wanted}: there is no text to take the value from; pin one, or name one"))
            })?;
            let all = from.activation(block, hook);
            Ok::<Tensor, Error>(match &heads {
                Some(heads) => all.narrow(1, heads.start, heads.end - heads.start),
                None => all,
            })
        };
        let value = match (wanted.change, wanted.target) {
            (Change::Zero, Target::Stream { position, .. }) => Value::At(
                i64::from(position),
                Tensor::zeros([1, model.stack.d_model as i64], (tch::Kind::Float, tch::Device::Cpu)),
            ),
            (Change::Zero, _) => Value::Scaled(0.0),
            (Change::Scale(by), _) => Value::Scaled(f64::from(by)),
            (Change::Mean, _) => Value::Everywhere(was()?.mean_dim([0].as_slice(), true, tch::Kind::Float)),
            (Change::Patch, Target::Stream { position, .. }) => {
                let was = was()?;
                if i64::from(position) >= was.size()[0] {
                    let problem = format!("{wanted}: the other text has {} positions", was.size()[0]);
                    return Err(Error::Request(problem));
                }
                Value::At(i64::from(position), was.narrow(0, i64::from(position), 1))
            }
            (Change::Patch, _) => Value::At(0, was()?),
            (Change::Swap(_), _) => return Err(mismatched(wanted)),
        };
        Ok(Edit { block, hook, heads, value })
    };
    places.into_iter().map(edit).collect()
}

fn mismatched(wanted: &Intervention) -> Error {
    Error::Request(format!(
        "{wanted}: expected a token that is swapped for another; nothing else can be, nor a token otherwise"
    ))
}

/// Refuses a part that the model does not have.
fn check(target: Target, model: &Model) -> Result<()> {
    let block = match target {
        Target::Head(Head { block, .. }) | Target::Group { block, .. } => block as usize,
        Target::Attn(block) | Target::Mlp(block) | Target::Block(block) => block as usize,
        Target::Stream { place: Place::Mid(block) | Place::Post(block), .. } => block,
        Target::Stream { place: Place::Embedded, .. } | Target::Token { .. } => 0,
    };
    let (of, what, n) = match target {
        _ if block >= model.n_layers() => (block, "block", model.n_layers()),
        Target::Head(Head { head, .. }) => (head as usize, "head", model.stack.blocks[block].attn.n_heads),
        Target::Group { group, .. } => (group as usize, "key/value head", model.stack.blocks[block].attn.n_kv_heads),
        Target::Stream { place: Place::Mid(_), .. } if model.stack.blocks[block].order.is_parallel() => {
            return Err(Error::Request(format!(
                "block {block} of this model has its branches side by side: there is no residual stream between them"
            )));
        }
        _ => return Ok(()),
    };
    if of < n {
        return Ok(());
    }
    Err(Error::Request(format!("there is no {what} {of} in this model: they count from 0 to {}", n - 1)))
}

/// The probe of one pass.
struct Intervening<'a> {
    edits: &'a [Edit],
    past: i64,
    control: &'a Control,
}

impl Probe for Intervening<'_> {
    fn enter(&mut self, _op: At<Role>) -> Result<()> {
        if self.control.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn hook(&mut self, hook: At<Hook>, activation: Tensor) -> Tensor {
        let mine = self.edits.iter().filter(|edit| (edit.block, edit.hook) == (hook.block, hook.name));
        mine.fold(activation, |activation, edit| edit.of(&activation, self.past))
    }
}

impl Edit {
    /// The activation with the change. [batch, T, (heads,) d] → the same shape
    fn of(&self, activation: &Tensor, past: i64) -> Tensor {
        let changed = activation.copy();
        let mut part = match &self.heads {
            Some(heads) => changed.narrow(2, heads.start, heads.end - heads.start),
            None => changed.shallow_clone(),
        };
        match &self.value {
            Value::Scaled(by) if *by == 0.0 => drop(part.zero_()),
            Value::Scaled(by) => part *= *by,
            Value::Everywhere(value) => {
                part.copy_(&value.to_kind(part.kind()).to_device(part.device()).expand_as(&part))
            }
            Value::At(first, value) => {
                // Those of its positions that are in this pass.
                let new = part.size()[1];
                let begin = (*first).max(past);
                let end = (first + value.size()[0]).min(past + new);
                if begin < end {
                    let mut there = part.narrow(1, begin - past, end - begin);
                    let value = value.narrow(0, begin - first, end - begin);
                    there.copy_(&value.to_kind(there.kind()).to_device(there.device()).expand_as(&there));
                }
            }
        }
        changed
    }
}

impl fmt::Display for Intervention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target {
            Target::Head(head) => write!(f, "head {head}"),
            Target::Group { block, group } => write!(f, "key/value head {block}.{group}"),
            Target::Attn(block) => write!(f, "attention {block}"),
            Target::Mlp(block) => write!(f, "mlp {block}"),
            Target::Block(block) => write!(f, "block {block}"),
            Target::Stream { place, position } => write!(f, "residual stream after {place} at {position}"),
            Target::Token { position } => write!(f, "token {position}"),
        }?;
        match self.change {
            Change::Zero => f.write_str(" off"),
            Change::Mean => f.write_str(" at its mean"),
            Change::Scale(by) => write!(f, " × {by}"),
            Change::Patch => f.write_str(" patched"),
            Change::Swap(id) => write!(f, " swapped for #{id}"),
        }
    }
}
