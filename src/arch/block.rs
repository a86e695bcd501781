//! A block: branches, each of which reads the residual stream and adds to it.

use super::hook::Hook;
use super::parts::attention::Attention;
use super::parts::mlp::Mlp;
use super::parts::norm::Norm;
use super::parts::{Part, Surroundings};
use super::path::Instance;
use super::role::Role;
use super::weight::Slot;
use super::work::Work;
use serde::{Deserialize, Serialize};

/// One block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub attn: Attention,
    /// The attention that reads another stack, after the first and before the MLP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross: Option<Attention>,
    pub mlp: Mlp,
    pub order: Order,
    /// What the results of the branches are multiplied by before they are added.
    pub multiplier: f64,
}

/// In which order the branches read and write the residual stream.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The MLP reads what attention has added to.
    Sequential,
    /// Both read what enters the block (Wang & Komatsuzaki, GPT-J, 2021), through one norm where there is one here.
    Parallel { norm: Option<Norm> },
}

impl Block {
    /// Self-attention and an MLP, one after the other.
    pub fn sequential(attn: Attention, mlp: Mlp) -> Self {
        Self { attn, cross: None, mlp, order: Order::Sequential, multiplier: 1.0 }
    }

    pub fn describe(&self, around: &Surroundings) -> Vec<Part> {
        let mut parts = vec![Part { hooks: vec![Hook::ResidPre], ..around.on_stream(Role::Block, Work::Contains) }];
        match self.order {
            Order::Sequential => {
                parts.extend(self.attn.describe(around));
                parts.extend(added(around, Role::AttnResidual, Hook::ResidMid, self.attn.sum_norm));
                if let Some(cross) = &self.cross {
                    let around = around.within(Instance::Cross);
                    parts.extend(cross.describe(&around));
                    parts.extend(added(&around, Role::AttnResidual, Hook::ResidMid, cross.sum_norm));
                }
                parts.extend(self.mlp.describe(around));
                parts.extend(added(around, Role::MlpResidual, Hook::ResidPost, self.mlp.sum_norm));
            }
            Order::Parallel { norm } => {
                parts.extend(norm.map(|norm| norm.describe(Role::Norm, Slot::Norm, around)));
                parts.extend(self.attn.describe(around));
                parts.extend(self.mlp.describe(around));
                parts.push(around.residual(Role::Residual, 2, &[Hook::ResidPost]));
            }
        }
        parts
    }
}

/// What adds a branch to the residual stream, and the norm of the sum where there is one: it makes what follows reads.
fn added(around: &Surroundings, name: Role, hook: Hook, norm: Option<Norm>) -> Vec<Part> {
    let Some(norm) = norm else { return vec![around.residual(name, 1, &[hook])] };
    let (role, slot) = match name {
        Role::AttnResidual => (Role::AttnSumNorm, Slot::AttnSumNorm),
        _ => (Role::MlpSumNorm, Slot::MlpSumNorm),
    };
    vec![around.residual(name, 1, &[]), Part { hooks: vec![hook], ..norm.describe(role, slot, around) }]
}

impl Order {
    pub fn is_parallel(self) -> bool {
        matches!(self, Order::Parallel { .. })
    }
}
