//! What the parts of a block matter, beside what they cost.

use crate::arch::role::Role;
use crate::record::explored::{Component, Importance};
use crate::record::{Phase, Row, Run};
use crate::units::{Bytes, Flops, Nanos};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a component matters, and its share of what a prefill of the text costs. Shares are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    #[serde(flatten)]
    pub importance: Importance,
    /// Of the time of all parts. Measured; the time of a block's attention is divided evenly among its heads, since a
    /// kernel computes all of them at once.
    pub time_share: f64,
    /// Of the FLOPs. Modelled.
    pub flops_share: f64,
    /// Of the bytes of all keys and values. Modelled: a key/value head is divided among the heads that share it.
    pub kv_share: f64,
}

/// The same of all components, and what the shares are shares of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorthTable {
    pub positions: u32,
    /// What the parts of a prefill take in the median, added up, and of how many prefills.
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
    ///
    /// A pass takes here what its innermost parts take in the median, added up: where other programs interrupt every
    /// pass, but each time in another part, that is what the pass takes without them.
    pub fn of(found: &[Importance], run: &Run, kv: Bytes) -> Option<Self> {
        let repeats = run.wall(Some(Phase::Prefill))?.n;
        let mut pass = Taken::default();
        let mut stages: HashMap<(u32, Role), Taken> = HashMap::new();
        for row in run.rows(Some(Phase::Prefill)) {
            if run.children(Some(row.part)).next().is_some() {
                continue;
            }
            pass.add(&row);
            let part = &run.parts[row.part as usize];
            if let (Some(block), Some(stage)) = (part.block(), part.role().and_then(Role::container)) {
                stages.entry((block, stage)).or_default().add(&row);
            }
        }
        let (n_layers, n_heads) = (f64::from(run.header.model.n_layers), f64::from(run.header.model.n_heads));
        let worth = |&importance: &Importance| {
            let (stage, of_stage, kv_share) = match importance.component {
                // Each block keeps as much as any other, each of its heads reads as much of it.
                Component::Head(_) => (Role::Attn, 1.0 / n_heads, 1.0 / (n_layers * n_heads)),
                Component::Attn(_) => (Role::Attn, 1.0, 1.0 / n_layers),
                Component::Mlp(_) => (Role::Mlp, 1.0, 0.0),
            };
            let taken = stages.get(&(importance.component.block(), stage)).copied().unwrap_or_default();
            Worth {
                importance,
                time_share: of_stage * taken.time.share_of(pass.time),
                flops_share: of_stage * taken.flops.0 as f64 / pass.flops.0.max(1) as f64,
                kv_share,
            }
        };
        Some(Self {
            positions: run.header.prompt_tokens,
            prefill: pass.time,
            repeats,
            flops: pass.flops,
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

/// What parts take together.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    time: Nanos,
    flops: Flops,
}

impl Taken {
    fn add(&mut self, row: &Row) {
        self.time += row.time.median;
        self.flops += row.flops;
    }
}
