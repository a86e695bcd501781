//! Granite: Llama with multipliers of embedding, scores, branches and logits (arXiv:2405.04324).

use super::family::Family;
use super::{common, llama};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;

pub const FAMILY: Family = Family {
    model_types: &["granite"],
    architecture: "granite",
    describe,
    stored: llama::stored,
    stored_in_gguf: common::stored_in_gguf_interleaved,
};

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = (llama::FAMILY.describe)(entries)?;
    let multiplier = entries.number("embedding_multiplier")?.unwrap_or(1.0);
    model.stack.change_embedding(|embedding| embedding.multiplier = multiplier);
    model.head.multiplier = 1.0 / entries.number("logits_scaling")?.unwrap_or(1.0);
    let residual = entries.number("residual_multiplier")?.unwrap_or(1.0);
    let scale = entries.number("attention_multiplier")?.unwrap_or(1.0);
    model.each_attention(|_, attn| attn.scale = scale);
    model.stack.blocks.iter_mut().for_each(|block| block.multiplier = residual);
    Ok(model)
}
