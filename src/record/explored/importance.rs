//! What the parts of a block matter to a text.

use super::Head;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Part of a block that adds to the residual stream, and can be switched off by itself. Blocks count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    Head(Head),
    /// The first stage of a block: all its heads, and the bias of their output.
    Attn(u32),
    /// The second stage.
    Mlp(u32),
}

/// What becomes of the predictions of a text when a component writes zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    pub component: Component,
    /// KL(clean ‖ off), mean over the positions, in nats.
    pub kl: f32,
    /// By how much the mean −ln p of the text's tokens grows, in nats; below 0 where the text became likelier.
    pub more_nll: f32,
}

impl Component {
    /// Those of a block: its heads, its whole attention, its MLP.
    pub fn of_block(block: u32, n_heads: u32) -> Vec<Self> {
        let heads = (0..n_heads).map(|head| Component::Head(Head { block, head }));
        heads.chain([Component::Attn(block), Component::Mlp(block)]).collect()
    }

    /// The block that it is in.
    pub fn block(self) -> u32 {
        match self {
            Component::Head(Head { block, .. }) | Component::Attn(block) | Component::Mlp(block) => block,
        }
    }

    pub fn is_head(self) -> bool {
        matches!(self, Component::Head(_))
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Component::Head(head) => f.pad(&format!("head {head}")),
            Component::Attn(block) => f.pad(&format!("attention {block}")),
            Component::Mlp(block) => f.pad(&format!("mlp {block}")),
        }
    }
}
