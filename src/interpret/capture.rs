//! Activations by hook name, copied out of one pass and written as safetensors.

use crate::arch::Toggles;
use crate::arch::hook::Hook;
use crate::arch::path::{Place, in_every_block};
use crate::arch::role::Role;
use crate::arch::toggles::Kernel;
use crate::engine::decoder::Wanted;
use crate::engine::probe::{Pass, Probe};
use crate::engine::tensor_file;
use crate::engine::{Decoder, Error, Result};
use crate::measure::{Control, Session};
use glob::Pattern;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use tch::{Kind, Tensor};

/// How the file says in its metadata what its names mean. In the first version, which did not say so, `hook_q` and
/// `hook_k` were after the rotation, and heads stood before positions.
const VERSION: (&str, &str) = ("hooks", "2");

/// What a capture pass kept, as plain bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// By hook name, with a leading batch dimension; `input_ids` beside them.
    pub tensors: BTreeMap<String, CapturedTensor>,
    /// Whether attention was computed eagerly although the toggles say otherwise: only so are there matrices.
    pub was_made_eager: bool,
}

/// One tensor: f32, or i64 for token ids.
#[derive(Debug, Clone, PartialEq)]
pub struct CapturedTensor {
    pub shape: Vec<usize>,
    pub is_ids: bool,
    /// Little-endian, row-major.
    pub bytes: Vec<u8>,
}

/// Which hooks are wanted: a list of names with `*` in them.
pub struct Hooks(Vec<Pattern>);

impl Hooks {
    /// Reads `blocks.*.attn.hook_pattern,logits`.
    ///
    /// # Errors
    /// A pattern is not well-formed, or the list is empty.
    pub fn parse(list: &str) -> Result<Self> {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        let patterns: Result<Vec<Pattern>> = names
            .map(|name| Pattern::new(name).map_err(|error| Error::Request(format!("hook pattern '{name}': {error}"))))
            .collect();
        let patterns = patterns?;
        if patterns.is_empty() {
            return Err(Error::Request(format!("no hooks were named; there are:\n{}", known())));
        }
        Ok(Self(patterns))
    }

    /// Refuses a pattern that names no hook among those that there are.
    fn check(&self, hooks: &[Place<Hook>]) -> Result<()> {
        let names: Vec<String> = hooks.iter().map(Place::to_string).collect();
        match self.0.iter().find(|pattern| !names.iter().any(|name| pattern.matches(name))) {
            Some(pattern) => Err(Error::Request(format!(
                "no hook of this model is named '{pattern}'; there are:\n{}",
                listed(hooks.iter().map(|hook| hook.name))
            ))),
            None => Ok(()),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(name))
    }

    /// Whether the attention matrices are wanted, which only eager attention makes.
    fn wants_matrices(&self, hooks: &[Place<Hook>]) -> bool {
        let matrices = hooks.iter().filter(|hook| matches!(hook.name, Hook::Scores | Hook::Pattern));
        matrices.into_iter().any(|hook| self.wants(&hook.to_string()))
    }
}

impl Session {
    /// Runs `ids` once and keeps the activations that `hooks` names. Where the attention matrices are
    /// among them, this pass computes attention eagerly.
    ///
    /// # Errors
    /// No hook of this model is named so; the pass was cancelled.
    pub fn capture(&self, ids: &[u32], hooks: &Hooks, control: &Control) -> Result<Capture> {
        let _no_grad = tch::no_grad_guard();
        let card = self.card();
        let toggles = Toggles { attention: card.toggles.attention.made_eager(), ..card.toggles.clone() };
        let there = card.model.hooks(&toggles);
        hooks.check(&there)?;
        let eager = hooks.wants_matrices(&there).then(|| Decoder::new(&card.model, self.parameters(), &toggles));
        let decoder = eager.as_ref().unwrap_or_else(|| self.decoder());
        let ids: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
        let input = decoder.input(&ids, 1);
        let mut keep = Keeper { hooks, control, kept: BTreeMap::new() };
        let _logits = decoder.forward(&input, None, Wanted::All, &mut Pass::new(&mut keep))?;
        let mut tensors = keep.kept;
        tensors.insert("input_ids".into(), CapturedTensor::of(&input));
        let was_made_eager = eager.is_some() && card.toggles.attention.kernel != Kernel::Eager;
        Ok(Capture { tensors, was_made_eager })
    }
}

impl Capture {
    /// Writes a safetensors file, aside and then renamed: there is a whole file or none.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut views = Vec::with_capacity(self.tensors.len());
        for (name, kept) in &self.tensors {
            let dtype = if kept.is_ids { Dtype::I64 } else { Dtype::F32 };
            let view = TensorView::new(dtype, kept.shape.clone(), &kept.bytes)
                .map_err(|error| Error::file(path, format!("cannot write: {error}")))?;
            views.push((name.clone(), view));
        }
        tensor_file::write(path, views, Some(HashMap::from([(VERSION.0.to_owned(), VERSION.1.to_owned())])))
    }
}

impl CapturedTensor {
    fn of(tensor: &Tensor) -> Self {
        let is_ids = tensor.kind() == Kind::Int64;
        let plain = if is_ids { tensor.contiguous() } else { tensor.to_kind(Kind::Float).contiguous() };
        let mut bytes = vec![0; plain.numel() * if is_ids { 8 } else { 4 }];
        plain.copy_data_u8(&mut bytes, plain.numel());
        Self { shape: plain.size().into_iter().map(|size| size as usize).collect(), is_ids, bytes }
    }
}

/// Copies what is wanted as it comes by.
struct Keeper<'a> {
    hooks: &'a Hooks,
    control: &'a Control,
    kept: BTreeMap<String, CapturedTensor>,
}

impl Probe for Keeper<'_> {
    fn enter(&mut self, _op: Place<Role>) -> Result<()> {
        if self.control.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    fn hook(&mut self, hook: Place<Hook>, activation: Tensor) -> Tensor {
        let name = hook.to_string();
        if self.hooks.wants(&name) {
            self.kept.insert(name, CapturedTensor::of(&activation));
        }
        activation
    }
}

/// Every hook, one a line; `*` stands for the number of a block.
fn known() -> String {
    listed(Hook::ALL.iter().copied())
}

/// Each of these once, one a line.
fn listed(hooks: impl Iterator<Item = Hook>) -> String {
    let all: Vec<Hook> = hooks.collect();
    let named = |hook: &&Hook| all.contains(hook);
    let line = |hook: &Hook| format!("  {}", in_every_block(*hook));
    Hook::ALL.iter().filter(named).map(line).collect::<Vec<_>>().join("\n")
}
