//! Gemma 3, its text model: Gemma 2 with normed queries and keys in place of soft caps, five layers with a window to one
//! without, and a base of the rotation for each kind (Gemma Team, arXiv:2503.19786).

use super::common::{self, rms};
use super::family::Family;
use super::gemma2;
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::attention::{QkNorm, QkNormOver};
use crate::arch::rotation::{Rotation, Scaling};

pub const FAMILY: Family = Family {
    model_types: &["gemma3_text", "gemma3"],
    architecture: "gemma3",
    describe,
    stored: gemma2::stored,
    stored_in_gguf: common::stored_in_gguf,
};

const WINDOW: usize = 4096;
/// The base of the rotation in layers with a window, and in the others, where a file does not say.
const BASES: (f64, f64) = (10_000.0, 1_000_000.0);

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = gemma2::base(entries)?;
    let pattern = match entries.optional_size("sliding_window_pattern")? {
        Some(pattern) => pattern,
        None => entries.optional_size("_sliding_window_pattern")?.unwrap_or(6),
    };
    let slides = gemma2::windows(&mut model, entries, WINDOW, |layer| (layer + 1) % pattern != 0)?;
    let d_head = model.d_head();
    let everywhere = entries.rotation_of_layers(d_head, Some("full_attention"))?;
    let near = match entries.number("rope_local_base_freq")? {
        // Only the others are stretched.
        Some(base) => Rotation { base, scaling: Scaling::None, ..everywhere.clone() },
        None if entries.gguf().is_some() => Rotation { base: BASES.0, scaling: Scaling::None, ..everywhere.clone() },
        None => entries.rotation_of_layers(d_head, Some("sliding_attention"))?,
    };
    let everywhere = if entries.number("rope_theta")?.is_none() && entries.gguf().is_some() {
        Rotation { base: BASES.1, ..everywhere }
    } else {
        everywhere
    };
    let norm = rms(entries)?;
    model.each_attention(|layer, attn| {
        attn.qk_norm = Some(QkNorm { norm, over: QkNormOver::Head });
        attn.rotation = Some(if slides[layer] { near.clone() } else { everywhere.clone() });
    });
    Ok(model)
}
