//! Gemma 2: norms before and after each branch, soft caps on scores and logits, a window in every other layer (Gemma
//! Team, arXiv:2408.00118).

use super::common::{self, MlpShape, decoder, rms};
use super::family::Family;
use super::llama;
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::mask::Mask;
use crate::arch::model::Model;
use crate::arch::parts::mlp::{Activation, MlpKind};
use crate::arch::weight::{Parameter, Slot, Stored, View};

pub const FAMILY: Family = Family {
    model_types: &["gemma2"],
    architecture: "gemma2",
    describe,
    stored,
    stored_in_gguf: common::stored_in_gguf,
};

/// Positions that a sliding layer sees where a file does not say.
const WINDOW: usize = 4096;

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = base(entries)?;
    llama::rotate(&mut model, entries)?;
    windows(&mut model, entries, WINDOW, |layer| layer % 2 == 0)?;
    Ok(model)
}

/// What Gemma 2 and 3 share. GGUF files do not keep the scale of scores: there it is that of all but the largest models.
pub fn base(entries: &Entries) -> Result<Model> {
    entries.refuse("use_bidirectional_attention")?;
    let named = entries.text("hidden_activation")?.or(entries.text("hidden_act")?).unwrap_or("gelu_pytorch_tanh");
    let act = Activation::named(named).filter(|&act| matches!(act, Activation::Gelu | Activation::GeluTanh));
    // Older files say "gelu" and mean its tanh form.
    let act = act.ok_or_else(|| entries.unsupported(&format!("the activation '{named}' is not one of this family")))?;
    let act = if entries.text("hidden_activation")?.is_some() { act } else { Activation::GeluTanh };
    let norm = rms(entries)?;
    let mut model = decoder(entries, norm, MlpShape { kind: MlpKind::Gated, activation: act }, true)?;
    let multiplier = (model.stack.d_model as f64).sqrt();
    model.stack.change_embedding(|embedding| embedding.multiplier = multiplier);
    model.head.softcap = entries.number("final_logit_softcapping")?;
    let (softcap, scalar) = (entries.number("attn_logit_softcapping")?, entries.number("query_pre_attn_scalar")?);
    if let Some(scalar) = scalar.filter(|&scalar| scalar <= 0.0) {
        return Err(entries.problem(&format!("'query_pre_attn_scalar' is {scalar}; expected a number above 0")));
    }
    let bias = entries.biased("attention_bias", false, "blk.0.attn_q.bias")?;
    model.each_attention(|_, attn| {
        (attn.qkv_bias, attn.out_bias) = (bias, bias);
        attn.scale = 1.0 / scalar.unwrap_or(attn.d_head as f64).sqrt();
        attn.softcap = softcap;
        attn.post_norm = Some(norm);
    });
    model.each_mlp(|mlp| mlp.post_norm = Some(norm));
    Ok(model)
}

/// Gives layers that slide their window.
pub fn windows(
    model: &mut Model,
    entries: &Entries,
    default: usize,
    slides: impl Fn(usize) -> bool,
) -> Result<Vec<bool>> {
    let window = entries.optional_size("sliding_window")?.unwrap_or(default);
    let slides = entries.sliding_layers(model.n_layers(), slides)?;
    model.each_attention(|layer, attn| {
        if slides[layer] {
            attn.mask = Mask::Window { sinks: 0, window };
        }
    });
    Ok(slides)
}

/// Scales of norms are stored less 1.
pub fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let is_norm = parameter.key.slot.is_norm();
    let stored = match parameter.key.slot {
        Slot::MlpNorm => common::stored(parameter, "model.layers", "pre_feedforward_layernorm"),
        _ => llama::stored(model, parameter),
    };
    if is_norm { Stored { view: View::LessOne, ..stored } } else { stored }
}
