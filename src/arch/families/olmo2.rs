//! OLMo 2: Llama with norms after the branches only, and one norm over all queries and one over all keys (arXiv:2501.00656).

use super::common::rms;
use super::family::Family;
use super::{common, llama};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::attention::{QkNorm, QkNormOver};

pub const FAMILY: Family = Family {
    model_types: &["olmo2"],
    architecture: "olmo2",
    describe,
    stored: llama::stored,
    stored_in_gguf: common::stored_in_gguf,
};

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = llama::base(entries, false)?;
    let norm = rms(entries)?;
    let bias = entries.biased("attention_bias", false, "blk.0.attn_q.bias")?;
    model.each_attention(|_, attn| {
        (attn.norm, attn.post_norm) = (None, Some(norm));
        attn.qk_norm = Some(QkNorm { norm, over: QkNormOver::AllHeads });
        (attn.qkv_bias, attn.out_bias) = (bias, bias);
    });
    model.each_mlp(|mlp| (mlp.norm, mlp.post_norm) = (None, Some(norm)));
    Ok(model)
}
