//! Mixtral: Mistral with experts in place of one MLP, of which a router chooses two for each position (Jiang et al.,
//! arXiv:2401.04088).

use super::family::Family;
use super::{common, llama, mistral};
use crate::arch::Result;
use crate::arch::entries::Entries;
use crate::arch::model::Model;
use crate::arch::parts::experts::Experts;
use crate::arch::path::Instance;
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family =
    Family { model_types: &["mixtral"], architecture: "", describe, stored, stored_in_gguf: common::stored_in_gguf };

fn describe(entries: &Entries) -> Result<Model> {
    let mut model = mistral::base(entries)?;
    let n = entries.size("num_local_experts")?;
    let experts = Experts { n, per_token: entries.size("num_experts_per_tok")?, normalized: true, shared: None };
    // Both are of training.
    entries.ignore(&["output_router_logits", "router_aux_loss_coef", "router_jitter_noise"]);
    model.each_mlp(|mlp| mlp.experts = Some(experts));
    Ok(model)
}

fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match (parameter.key.slot, parameter.key.instance) {
        (Slot::Router, _) => "block_sparse_moe.gate".to_owned(),
        (slot, Instance::Expert(number)) => {
            let product = match slot {
                Slot::Gate => "w1",
                Slot::Down => "w2",
                _ => "w3",
            };
            format!("block_sparse_moe.experts.{number}.{product}")
        }
        _ => return llama::stored(model, parameter),
    };
    common::stored(parameter, "model.layers", &module)
}
