//! Which of the models that can be described the engine computes: decoders of text. What else a description can have is
//! refused by name, before a weight is read.

use super::{Error, Result};
use crate::arch::Model;
use crate::arch::block::Block;
use crate::arch::mask::Mask;

/// Refuses a model that is described, but not computed.
///
/// # Errors
/// What it has that the engine does not compute.
pub fn check(model: &Model) -> Result<()> {
    match beyond(model) {
        None => Ok(()),
        Some(what) => Err(Error::Source(format!(
            "{}: this version describes models of the family {}, but does not compute them: it has {what}; \
             `blockscope inspect` shows what it is",
            model.name, model.family
        ))),
    }
}

/// The first thing that it has and the engine does not compute.
fn beyond(model: &Model) -> Option<String> {
    if let Some(source) = model.sources.first() {
        return Some(format!("a second stack of blocks, \"{}\"", source.name.name()));
    }
    let Some(embedding) = model.stack.embedding() else { return Some("no tokens as its input".into()) };
    let of_block = |block: &Block| {
        let (attn, mlp) = (&block.attn, &block.mlp);
        let has = [
            (block.cross.is_some() || attn.source.is_some(), "attention to another stack"),
            (mlp.experts.is_some(), "a mixture of experts"),
            (attn.sum_norm.is_some() || mlp.sum_norm.is_some(), "norms of the residual stream itself (post-norm)"),
            (attn.mask == Mask::Full, "attention to what comes later"),
            (attn.unbiased_keys, "biases of queries and values without one of keys"),
        ];
        has.into_iter().find(|(has, _)| *has).map(|(_, what)| what)
    };
    let of_model = [
        (embedding.token_types.is_some(), "vectors for kinds of tokens"),
        (model.head.labels.is_some(), "labels in place of a vocabulary"),
        (model.head.transform.is_some(), "a transform before its head"),
        (model.head.tied && model.head.bias, "a tied head with a bias"),
    ];
    let in_blocks = model.stack.blocks.iter().find_map(of_block);
    in_blocks.or_else(|| of_model.into_iter().find(|(has, _)| *has).map(|(_, what)| what)).map(str::to_owned)
}
