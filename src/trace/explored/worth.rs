//! What the parts of a block matter, beside what they cost.

use super::{Component, Importance};
use crate::trace::{Phase, Run};
use crate::units::{Bytes, Flops, Nanos};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a component matters, and its share of what a prefill of the text costs. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    #[serde(flatten)]
    pub importance: Importance,
    /// Of the time of the pass. Measured; the time of a block's attention is divided evenly among its heads, since a
    /// kernel computes all of them at once.
    pub time_share: f64,
    /// Of the FLOPs of the pass. Modelled.
    pub flops_share: f64,
    /// Of the bytes of all keys and values. Modelled: a key/value head is divided among the heads that share it.
    pub kv_share: f64,
}

/// The same of all components, and what the shares are shares of.
#[derive(Debug, Clone, PartialEq)]
pub struct WorthTable {
    pub positions: u32,
    /// The median time of a prefill whose parts were timed, and how many there were.
    pub prefill: Nanos,
    pub repeats: usize,
    /// The FLOPs of a prefill, by formula.
    pub flops: Flops,
    /// What keys and values of the text take, by formula.
    pub kv: Bytes,
    /// In the order of the model.
    pub worths: Vec<Worth>,
}

impl WorthTable {
    /// Holds what was found against a run whose prefill was timed part by part: `None` if there is none in it. `kv` are
    /// the bytes of all keys and values.
    pub fn of(found: &[Importance], run: &Run, kv: Bytes) -> Option<Self> {
        let wall = run.wall(Some(Phase::Prefill))?;
        let rows = run.rows(Some(Phase::Prefill));
        let flops: Flops =
            rows.iter().filter(|row| run.parts[row.part as usize].parent.is_none()).map(|row| row.flops).sum();
        let parts: HashMap<&str, (Nanos, Flops)> =
            rows.iter().map(|row| (run.parts[row.part as usize].path.as_str(), (row.time.median, row.flops))).collect();
        let model = &run.header.model;
        let (n_layers, n_heads) = (f64::from(model.n_layers), f64::from(model.n_heads));
        let worth = |&importance: &Importance| {
            let component = importance.component;
            let (stage, of_stage, kv_share) = match component {
                // Each block keeps as much as any other, each of its heads reads as much of it.
                Component::Head(_) => ("attn", 1.0 / n_heads, 1.0 / (n_layers * n_heads)),
                Component::Attn(_) => ("attn", 1.0, 1.0 / n_layers),
                Component::Mlp(_) => ("mlp", 1.0, 0.0),
            };
            let path = format!("blocks.{}.{stage}", component.block());
            let (time, work) = parts.get(path.as_str()).copied().unwrap_or_default();
            Worth {
                importance,
                time_share: of_stage * time.share_of(wall.median),
                flops_share: of_stage * work.0 as f64 / flops.0.max(1) as f64,
                kv_share,
            }
        };
        Some(Self {
            positions: run.header.prompt_tokens,
            prefill: wall.median,
            repeats: wall.n,
            flops,
            kv,
            worths: found.iter().map(worth).collect(),
        })
    }

    /// The heads, those that matter most first.
    pub fn heads(&self) -> Vec<Worth> {
        let mut heads: Vec<Worth> = self.worths.iter().filter(|w| w.importance.component.is_head()).copied().collect();
        heads.sort_by(|a, b| b.importance.kl.total_cmp(&a.importance.kl));
        heads
    }

    /// What a component is worth, if it was looked at.
    pub fn get(&self, component: Component) -> Option<&Worth> {
        self.worths.iter().find(|worth| worth.importance.component == component)
    }
}
