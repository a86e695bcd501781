//! A model as a described tree: an embedding, a stack of blocks, a final norm and a head, each of which says what it is.
//! Weights, cost, hooks and the rows to come are read from here.

use super::formats::{Formats, Precision};
use super::hook::Hook;
use super::mask::Mask;
use super::parts::attention::Attention;
use super::parts::embedding::Embedding;
use super::parts::head::Head;
use super::parts::mlp::Mlp;
use super::parts::norm::Norm;
use super::parts::{Part, Surroundings};
use super::path::{Path, Place, StackName};
use super::role::Role;
use super::toggles::Toggles;
use super::weight::{Parameter, Slot};
use super::work::Work;
use serde::{Deserialize, Serialize};

/// A transformer, described. Sizes in the field's standard letters.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// A name to show.
    pub name: String,
    /// The name of its family in [`super::families`].
    pub family: &'static str,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Tokens in the vocabulary.
    pub d_vocab: usize,
    /// Most positions that the model was made for.
    pub n_ctx: usize,
    pub embedding: Embedding,
    pub blocks: Vec<Block>,
    pub final_norm: Option<Norm>,
    pub head: Head,
    /// The token that a text begins with, where the model wants one.
    pub bos: Option<u32>,
    /// Tokens that end a text or a turn.
    pub eos: Vec<u32>,
}

/// One block: two branches, each of which reads the residual stream and adds to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub attn: Attention,
    pub mlp: Mlp,
    pub order: Order,
    /// What the results of the branches are multiplied by before they are added.
    pub multiplier: f64,
}

/// In which order the branches read and write the residual stream.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The MLP reads what attention has added to.
    Sequential,
    /// Both read what enters the block (Wang & Komatsuzaki, GPT-J, 2021), through one norm where there is one here.
    Parallel { norm: Option<Norm> },
}

impl Model {
    /// Every part under these toggles, parents before children, in the order of a pass.
    pub fn parts(&self, toggles: &Toggles) -> Vec<Part> {
        let mut parts = self.before_blocks(toggles);
        for (number, block) in self.blocks.iter().enumerate() {
            parts.extend(block.describe(&self.around(toggles, Some(number))));
        }
        parts.extend(self.after_blocks(toggles));
        parts
    }

    /// What is directly in the model, in the order of a pass: the parts around the blocks, and the blocks.
    pub fn top_level(&self, toggles: &Toggles) -> Vec<Path> {
        let blocks = (0..self.n_layers()).map(|block| Path::new(Some(block), Role::Block));
        let of = |parts: Vec<Part>| parts.into_iter().map(|part| part.path);
        of(self.before_blocks(toggles)).chain(blocks).chain(of(self.after_blocks(toggles))).collect()
    }

    /// What a block has inside, parents before children, in the order of a pass; nothing if there is no such block.
    pub fn inside_block(&self, toggles: &Toggles, block: usize) -> Vec<Path> {
        let described = self.blocks.get(block).map(|it| it.describe(&self.around(toggles, Some(block))));
        let paths = described.into_iter().flatten().map(|part| part.path);
        paths.filter(|path| path.name != Role::Block).collect()
    }

    fn before_blocks(&self, toggles: &Toggles) -> Vec<Part> {
        self.embedding.describe(self.d_vocab, &self.around(toggles, None))
    }

    fn after_blocks(&self, toggles: &Toggles) -> Vec<Part> {
        let around = self.around(toggles, None);
        let norm = self.final_norm.map(|norm| Part {
            hooks: vec![Hook::FinalNormalized],
            ..norm.describe(Role::FinalNorm, Slot::FinalNorm, &around)
        });
        norm.into_iter().chain([self.head.describe(self.d_vocab, &around)]).collect()
    }

    fn around<'t>(&self, toggles: &'t Toggles, block: Option<usize>) -> Surroundings<'t> {
        Surroundings { stack: StackName::Decoder, block, d_model: self.d_model, tied: self.head.tied, toggles }
    }

    /// The part at a path under these toggles, if it has one.
    pub fn part(&self, toggles: &Toggles, path: Path) -> Option<Part> {
        let parts = match path.block {
            Some(block) => self.blocks.get(block)?.describe(&self.around(toggles, path.block)),
            None => [self.before_blocks(toggles), self.after_blocks(toggles)].concat(),
        };
        parts.into_iter().find(|part| part.path == path)
    }

    /// Every activation that a pass under these toggles lends, in the order of [`Hook::ALL`] within a block.
    pub fn hooks(&self, toggles: &Toggles) -> Vec<Place<Hook>> {
        let of_part = |part: &Part| {
            let Path { stack, block, .. } = part.path;
            part.hooks.iter().map(move |&name| Place { stack, block, name }).collect::<Vec<_>>()
        };
        self.parts(toggles).iter().flat_map(of_part).collect()
    }

    /// Every weight, each once: a tied LM head is not counted again.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.parts(&Toggles::default()).iter().flat_map(Part::parameters).collect()
    }

    /// Number of weights.
    pub fn n_parameters(&self) -> u64 {
        self.parameters().iter().map(Parameter::count).sum()
    }

    /// Bytes of all weights as they lie in memory, scales included.
    pub fn weight_bytes(&self, formats: &Formats) -> u64 {
        self.parameters().iter().map(|parameter| parameter.bytes(self.head.tied, formats)).sum()
    }

    /// Bytes of the keys and values of `tokens` positions of one sequence under a chosen mask, and where the format has
    /// scales, one for each head and position.
    pub fn kv_bytes(&self, tokens: usize, chosen: Mask, precision: Precision) -> u64 {
        let of_block = |block: &Block| {
            let attn = &block.attn;
            let kept = attn.mask.narrowed(chosen).kept(tokens);
            // A file may name any sizes: what is too large for a number is the largest.
            let rows = (kept as u64).saturating_mul(2 * attn.n_kv_heads as u64);
            rows.saturating_mul(precision.row_bytes(attn.d_head as u64))
        };
        self.blocks.iter().map(of_block).fold(0, u64::saturating_add)
    }

    pub fn n_layers(&self) -> usize {
        self.blocks.len()
    }

    /// Query heads of the block that has the most.
    pub fn n_heads(&self) -> usize {
        self.most(|block| block.attn.n_heads)
    }

    /// Key/value heads of the block that has the most.
    pub fn n_kv_heads(&self) -> usize {
        self.most(|block| block.attn.n_kv_heads)
    }

    /// Width of the widest head.
    pub fn d_head(&self) -> usize {
        self.most(|block| block.attn.d_head)
    }

    /// Hidden width of the widest MLP.
    pub fn d_mlp(&self) -> usize {
        self.most(|block| block.mlp.d_mlp)
    }

    fn most(&self, of: impl Fn(&Block) -> usize) -> usize {
        self.blocks.iter().map(of).max().unwrap_or(0)
    }

    /// Changes every attention: what a family says of all its layers.
    pub fn each_attention(&mut self, mut change: impl FnMut(usize, &mut Attention)) {
        self.blocks.iter_mut().enumerate().for_each(|(number, block)| change(number, &mut block.attn));
    }

    /// Changes every MLP.
    pub fn each_mlp(&mut self, mut change: impl FnMut(&mut Mlp)) {
        self.blocks.iter_mut().for_each(|block| change(&mut block.mlp));
    }

    /// Whether these sizes can be a model at all. Past this check no product of two of them overflows.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn validate(&self) -> Result<(), String> {
        // Wide enough for any model that exists; narrow enough that their products fit in 64 bits.
        const MOST: usize = 1 << 24;
        let sized = |name: &str, size: usize| match size {
            1..=MOST => Ok(()),
            _ => Err(format!("{name} is {size}; expected a number from 1 to {MOST}")),
        };
        let factor = |what: &str, by: f64| match by.is_finite() && by != 0.0 {
            true => Ok(()),
            false => Err(format!("{what} would be multiplied by {by}; expected a finite number other than 0")),
        };
        let above_zero = |what: &str, number: f64| match number.is_finite() && number > 0.0 {
            true => Ok(()),
            false => Err(format!("{what} is {number}; expected a number above 0")),
        };
        sized("n_layers", self.n_layers())?;
        factor("the embedding", self.embedding.multiplier)?;
        factor("logits", self.head.multiplier)?;
        self.head.softcap.map_or(Ok(()), |cap| above_zero("the cap of logits", cap))?;
        [self.embedding.norm, self.final_norm].into_iter().flatten().try_for_each(Norm::validate)?;
        if let Some(positions) = self.embedding.positions {
            sized("the number of learned positions", positions)?;
        }
        for (name, size) in [("d_model", self.d_model), ("d_vocab", self.d_vocab), ("n_ctx", self.n_ctx)] {
            sized(name, size)?;
        }
        // A file can name more blocks than it could hold weights for: each is checked by name later.
        if self.n_layers() > MOST_LAYERS || self.n_heads() > 10_000 {
            return Err(format!("{} layers of {} heads: no model is like that", self.n_layers(), self.n_heads()));
        }
        for block in &self.blocks {
            let attn = &block.attn;
            for (name, size) in [
                ("n_heads", attn.n_heads),
                ("n_kv_heads", attn.n_kv_heads),
                ("d_head", attn.d_head),
                ("d_mlp", block.mlp.d_mlp),
            ] {
                sized(name, size)?;
            }
            if !attn.n_heads.is_multiple_of(attn.n_kv_heads) {
                return Err(format!(
                    "{} query heads cannot share {} key/value heads evenly",
                    attn.n_heads, attn.n_kv_heads
                ));
            }
            if let Some(rotation) = &attn.rotation {
                rotation.validate(attn.d_head)?;
            }
            match attn.mask {
                Mask::Window { window: size, .. } | Mask::Chunks { size } => sized("the attention window", size)?,
                Mask::Causal => {}
            }
            factor("scores", attn.scale)?;
            factor("what a branch adds", block.multiplier)?;
            attn.softcap.map_or(Ok(()), |cap| above_zero("the cap of scores", cap))?;
            let norms = [attn.norm, attn.post_norm, block.mlp.norm, block.mlp.post_norm];
            norms.into_iter().flatten().try_for_each(Norm::validate)?;
        }
        Ok(())
    }
}

/// More blocks than any model has: refused before they are described one by one.
pub const MOST_LAYERS: usize = 10_000;

impl Block {
    pub fn describe(&self, around: &Surroundings) -> Vec<Part> {
        let mut parts = vec![Part { hooks: vec![Hook::ResidPre], ..around.on_stream(Role::Block, Work::Contains) }];
        match self.order {
            Order::Sequential => {
                parts.extend(self.attn.describe(around));
                parts.push(around.residual(Role::AttnResidual, 1, &[Hook::ResidMid]));
                parts.extend(self.mlp.describe(around));
                parts.push(around.residual(Role::MlpResidual, 1, &[Hook::ResidPost]));
            }
            Order::Parallel { norm } => {
                parts.extend(norm.map(|norm| norm.describe(Role::Norm, Slot::Norm, around)));
                parts.extend(self.attn.describe(around));
                parts.extend(self.mlp.describe(around));
                parts.push(around.residual(Role::Residual, 2, &[Hook::ResidPost]));
            }
        }
        parts
    }
}

impl Order {
    pub fn is_parallel(self) -> bool {
        matches!(self, Order::Parallel { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::{builds, models};
    use std::collections::HashSet;

    #[test]
    fn every_part_of_every_family_says_what_it_is() {
        let mut roles = HashSet::new();
        for (model, toggles) in models().iter().flat_map(|model| builds().into_iter().map(move |it| (model, it))) {
            let parts = model.parts(&toggles);
            for (number, part) in parts.iter().enumerate() {
                let what = format!("{} of {}", part.path, model.family);
                roles.insert(part.path.name);
                assert!(!part.takes.is_empty() && !part.makes.is_empty(), "{what} has shapes");
                assert_eq!(part.work == Work::Contains, part.path.name.contains_parts(), "{what}");
                let is_before = |path| parts[..number].iter().any(|other| other.path == path);
                assert!(part.path.parent().is_none_or(is_before), "{what}: its parent stands before it");
                assert_eq!(model.part(&toggles, part.path).as_ref(), Some(part), "{what} is found by its path");
            }
            let paths: HashSet<Path> = parts.iter().map(|part| part.path).collect();
            assert_eq!(paths.len(), parts.len(), "{}: no path stands twice", model.family);
            let inside = (0..model.n_layers()).flat_map(|block| model.inside_block(&toggles, block));
            let all: HashSet<Path> = model.top_level(&toggles).into_iter().chain(inside).collect();
            assert_eq!(all, paths, "{}", model.family);
        }
        assert_eq!(roles, Role::ALL.iter().copied().collect(), "every role is a part of some model");
    }
}
