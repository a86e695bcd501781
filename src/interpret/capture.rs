//! Activations by hook name, copied out of one pass and written as safetensors.

use crate::measure::{Control, Session};
use crate::model::decoder::Wanted;
use crate::model::probe::{Hook, Op, Pass, Place, Probe};
use crate::model::tensor_file;
use crate::model::toggles::Kernel;
use crate::model::{Decoder, Error, Result, Toggles};
use glob::Pattern;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;
use std::path::Path;
use tch::{Kind, Tensor};

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

    /// Refuses a pattern that names no hook of a model with this many blocks.
    fn check(&self, n_layers: usize) -> Result<()> {
        let places = |name: Hook| -> Vec<String> {
            let blocks = if name.is_in_block() { (0..n_layers).map(Some).collect() } else { vec![None] };
            blocks.into_iter().map(|block| Place { block, name }.to_string()).collect()
        };
        let names: Vec<String> = Hook::ALL.into_iter().flat_map(places).collect();
        match self.0.iter().find(|pattern| !names.iter().any(|name| pattern.matches(name))) {
            Some(pattern) => {
                Err(Error::Request(format!("no hook of this model is named '{pattern}'; there are:\n{}", known())))
            }
            None => Ok(()),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(name))
    }

    /// Whether the attention matrices are wanted, which only eager attention makes.
    fn wants_matrices(&self, n_layers: usize) -> bool {
        (0..n_layers).any(|block| {
            [Hook::Scores, Hook::Pattern]
                .iter()
                .any(|&name| self.wants(&Place { block: Some(block), name }.to_string()))
        })
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
        hooks.check(card.spec.n_layers)?;
        let eager = hooks.wants_matrices(card.spec.n_layers).then(|| {
            let toggles = Toggles { attention: card.toggles.attention.made_eager(), ..card.toggles.clone() };
            Decoder::new(&card.spec, self.parameters(), &toggles)
        });
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
        tensor_file::write(path, views, None)
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
    fn enter(&mut self, _op: Place<Op>) -> Result<()> {
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
    let in_block = Hook::ALL.iter().filter(|hook| hook.is_in_block()).map(|hook| format!("  blocks.*.{}", hook.path()));
    let outside = Hook::ALL.iter().filter(|hook| !hook.is_in_block()).map(|hook| format!("  {}", hook.path()));
    in_block.chain(outside).collect::<Vec<_>>().join("\n")
}
