//! Phi-3 and Phi-4: Llama with joined projections, and factors for each frequency of the rotation in long texts (Abdin
//! et al., arXiv:2404.14219).

use super::common::{self, name, rows_of_joined};
use super::family::Family;
use super::{llama, mistral};
use crate::arch::model::Model;
use crate::arch::weight::{Parameter, Slot, Stored};

pub const FAMILY: Family = Family {
    model_types: &["phi3"],
    architecture: "phi3",
    describe: mistral::FAMILY.describe,
    stored,
    stored_in_gguf: common::stored_in_gguf,
};

fn stored(model: &Model, parameter: &Parameter) -> Stored {
    let module = match parameter.key.slot {
        Slot::Q | Slot::K | Slot::V => "self_attn.qkv_proj",
        Slot::Gate | Slot::Up => "mlp.gate_up_proj",
        _ => return llama::stored(model, parameter),
    };
    let (start, all) = rows_of_joined(model, parameter);
    Stored::rows(name(parameter, "model.layers", module), parameter, start, all)
}
