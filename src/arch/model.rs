//! A model as a described tree: stacks of blocks and a head, each of which says what it is. Weights, cost, hooks and the
//! rows to come are read from here.

use super::block::Block;
use super::formats::{Formats, Precision};
use super::hook::Hook;
use super::mask::Mask;
use super::parts::Part;
use super::parts::attention::Attention;
use super::parts::head::Head;
use super::parts::mlp::Mlp;
use super::path::{Path, Place, StackName};
use super::role::Role;
use super::stack::Stack;
use super::toggles::Toggles;
use super::weight::Parameter;

/// A transformer, described. Sizes in the field's standard letters.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// A name to show.
    pub name: String,
    /// The name of its family in [`super::families`].
    pub family: &'static str,
    /// Stacks whose results the last one reads, in the order of a pass: the encoder, what sees. Most models have none.
    pub sources: Vec<Stack>,
    /// The stack that ends in the head.
    pub stack: Stack,
    pub head: Head,
    /// Tokens in the vocabulary; 0 of a model without one.
    pub d_vocab: usize,
    /// The token that a text begins with, where the model wants one.
    pub bos: Option<u32>,
    /// Tokens that end a text or a turn.
    pub eos: Vec<u32>,
}

impl Model {
    /// One stack and a head; what describes it names it, and says what else it has.
    pub fn new(stack: Stack, head: Head) -> Self {
        let (name, sources, eos) = (String::new(), Vec::new(), Vec::new());
        Self { name, family: "", sources, stack, head, d_vocab: 0, bos: None, eos }
    }

    /// Every stack, in the order of a pass.
    pub fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.sources.iter().chain([&self.stack])
    }

    /// The stack of this name, if it has one.
    pub fn stack_named(&self, name: StackName) -> Option<&Stack> {
        self.stacks().find(|stack| stack.name == name)
    }

    /// Every part under these toggles, parents before children, in the order of a pass.
    pub fn parts(&self, toggles: &Toggles) -> Vec<Part> {
        let stacks = self.stacks().flat_map(|stack| stack.parts(self.d_vocab, self.head.tied, toggles));
        stacks.chain(self.after_stacks(toggles)).collect()
    }

    /// What is directly in the model, in the order of a pass: the parts around the blocks, and the blocks.
    pub fn top_level(&self, toggles: &Toggles) -> Vec<Path> {
        let of = |parts: Vec<Part>| parts.into_iter().map(|part| part.path).filter(|path| path.parent().is_none());
        let tied = self.head.tied;
        let of_stack = |stack: &Stack| {
            let block = |number| Path { stack: stack.name, ..Path::new(Some(number), Role::Block) };
            let blocks = (0..stack.blocks.len()).map(block);
            let (before, after) = (stack.before_blocks(self.d_vocab, tied, toggles), stack.after_blocks(tied, toggles));
            of(before).chain(blocks).chain(of(after)).collect::<Vec<_>>()
        };
        self.stacks().flat_map(of_stack).chain(of(self.after_stacks(toggles))).collect()
    }

    /// What a block of the last stack has inside, parents before children, in the order of a pass; nothing if there is no
    /// such block.
    pub fn inside_block(&self, toggles: &Toggles, block: usize) -> Vec<Path> {
        let paths = self.stack.inside(block, self.head.tied, toggles).into_iter().map(|part| part.path);
        paths.filter(|path| path.name != Role::Block).collect()
    }

    fn after_stacks(&self, toggles: &Toggles) -> Vec<Part> {
        self.head.describe(self.d_vocab, &self.stack.around(None, self.head.tied, toggles))
    }

    /// The part at a path under these toggles, if it has one.
    pub fn part(&self, toggles: &Toggles, path: Path) -> Option<Part> {
        let (stack, tied) = (self.stack_named(path.stack)?, self.head.tied);
        let parts = match path.block {
            Some(block) => stack.inside(block, tied, toggles),
            None => [
                stack.before_blocks(self.d_vocab, tied, toggles),
                stack.after_blocks(tied, toggles),
                self.after_stacks(toggles),
            ]
            .concat(),
        };
        parts.into_iter().find(|part| part.path == path)
    }

    /// Every activation that a pass under these toggles lends, in the order of [`Hook::ALL`] within a block.
    pub fn hooks(&self, toggles: &Toggles) -> Vec<Place<Hook>> {
        let of_part = |part: &Part| {
            let Path { stack, block, instance, .. } = part.path;
            part.hooks.iter().map(move |&name| Place { stack, block, instance, name }).collect::<Vec<_>>()
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

    /// Bytes of the keys and values that the last stack keeps of `tokens` positions of one sequence under a chosen mask, and where the format has
    /// scales, one for each head and position.
    pub fn kv_bytes(&self, tokens: usize, chosen: Mask, precision: Precision) -> u64 {
        let of_block = |block: &Block| {
            let attn = &block.attn;
            // What reads the whole input at once keeps nothing of it.
            if attn.mask == Mask::Full {
                return 0;
            }
            let kept = attn.mask.narrowed(chosen).kept(tokens);
            // A file may name any sizes: what is too large for a number is the largest.
            let rows = (kept as u64).saturating_mul(2 * attn.n_kv_heads as u64);
            rows.saturating_mul(precision.row_bytes(attn.d_head as u64))
        };
        self.stack.blocks.iter().map(of_block).fold(0, u64::saturating_add)
    }

    pub fn n_layers(&self) -> usize {
        self.stack.blocks.len()
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
        self.stack.blocks.iter().map(of).max().unwrap_or(0)
    }

    /// Changes every attention: what a family says of all its layers.
    pub fn each_attention(&mut self, mut change: impl FnMut(usize, &mut Attention)) {
        self.stack.blocks.iter_mut().enumerate().for_each(|(number, block)| change(number, &mut block.attn));
    }

    /// Changes every MLP.
    pub fn each_mlp(&mut self, mut change: impl FnMut(&mut Mlp)) {
        self.stack.blocks.iter_mut().for_each(|block| change(&mut block.mlp));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::{builds, composed, models};
    use crate::arch::work::Work;
    use std::collections::HashSet;

    #[test]
    fn every_part_of_every_family_says_what_it_is() {
        let mut roles = HashSet::new();
        for (model, toggles) in
            models().iter().chain(&composed()).flat_map(|model| builds().into_iter().map(move |it| (model, it)))
        {
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
            let outer = |path: &Path| path.stack == model.stack.name || path.block.is_none();
            let expected = paths.iter().copied().filter(|path| outer(path) || path.name == Role::Block);
            let is_in_connector = |path: &Path| path.parent().is_some_and(|outer| outer.name == Role::Connector);
            assert_eq!(all, expected.filter(|path| !is_in_connector(path)).collect(), "{}", model.family);
        }
        assert_eq!(roles, Role::ALL.iter().copied().collect(), "every role is a part of some model");
    }
}
