//! Mistral: Llama with a window in every layer (Jiang et al., arXiv:2310.06825). In GGUF it is a llama without one.

use super::family::Family;
use super::{common, llama};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::mask::Mask;
use crate::arch::model::Model;

pub const FAMILY: Family = Family {
    model_types: &["mistral"],
    architecture: "",
    describe: base,
    stored: llama::stored,
    stored_in_gguf: common::stored_in_gguf_interleaved,
};

/// The shape: what a mixture of experts is described as a difference from.
pub fn base(entries: &Entries) -> Result<Model> {
    let mut model = llama::base(entries, false)?;
    if let Some(window) = entries.optional_size("sliding_window")? {
        let slides = entries.sliding_layers(model.n_layers(), |_| true)?;
        model.each_attention(|layer, attn| {
            if slides[layer] {
                attn.mask = Mask::Window { sinks: 0, window };
            }
        });
    }
    Ok(model)
}
