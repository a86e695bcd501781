//! Qwen3: Llama with queries and keys normed head by head (arXiv:2505.09388).

use super::common::rms;
use super::family::Family;
use super::{common, llama, qwen2};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::attention::{QkNorm, QkNormOver};

pub const FAMILY: Family = Family {
    model_types: &["qwen3"],
    architecture: "qwen3",
    describe,
    stored: llama::stored,
    stored_in_gguf: common::stored_in_gguf,
};

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = llama::base(entries, false)?;
    let bias = entries.biased("attention_bias", false, "blk.0.attn_q.bias")?;
    let norm = rms(entries)?;
    model.each_attention(|_, attn| {
        (attn.qkv_bias, attn.out_bias) = (bias, bias);
        attn.qk_norm = Some(QkNorm { norm, over: QkNormOver::Head });
    });
    qwen2::windows_above(&mut model, entries)?;
    Ok(model)
}
