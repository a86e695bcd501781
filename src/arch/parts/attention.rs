//! The first branch of a block: every position gathers from those that it attends to (Vaswani et al.,
//! arXiv:1706.03762), with as many key/value heads as the model has (Ainslie et al., arXiv:2305.13245).

use super::norm::Norm;
use super::{Dim, Part, Rows, Surroundings, TensorShape, Weights};
use crate::arch::formats::Fuse;
use crate::arch::hook::Hook;
use crate::arch::mask::Mask;
use crate::arch::role::Role;
use crate::arch::rotation::Rotation;
use crate::arch::toggles::Kernel;
use crate::arch::weight::Slot;
use crate::arch::work::{Heads, Work};
use serde::{Deserialize, Serialize};

/// Multi-head self-attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attention {
    pub n_heads: usize,
    /// Fewer than `n_heads` is grouped-query attention: one serves `n_heads / n_kv_heads` query heads.
    pub n_kv_heads: usize,
    /// Width of a head; `n_heads · d_head` need not be d_model.
    pub d_head: usize,
    /// Which keys a query attends to.
    pub mask: Mask,
    pub rotation: Option<Rotation>,
    pub alibi: Option<Alibi>,
    /// What q·k is multiplied by.
    pub scale: f64,
    /// c, where scores become c·tanh(score / c).
    pub softcap: Option<f64>,
    /// Whether each head has a learned logit that takes part in its softmax.
    pub sinks: bool,
    pub qk_norm: Option<QkNorm>,
    /// Whether the projections to queries, keys and values add a bias.
    pub qkv_bias: bool,
    /// Whether that of the keys is left out: the softmax would take it away again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unbiased_keys: bool,
    pub out_bias: bool,
    /// Before it; `None` where the block has one for both branches, or none.
    pub norm: Option<Norm>,
    /// After it, before its result is added.
    pub post_norm: Option<Norm>,
    /// Of the sum, after its result was added: what the stream is from there on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum_norm: Option<Norm>,
    /// What keys and values are made of, where that is the result of another stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The result of a stack that is read: so many positions of such a width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub positions: usize,
    pub d_model: usize,
}

/// A penalty on scores that grows with the distance, head by head (Press et al., arXiv:2108.12409).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alibi {
    /// Whether the penalty is multiplied by the scale of the scores, too.
    pub scaled: bool,
}

/// Norms of queries and of keys.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QkNorm {
    pub norm: Norm,
    pub over: QkNormOver,
}

/// What is brought to unit scale together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QkNormOver {
    /// Each head, all with the same scale. γ [d_head]
    Head,
    /// Each head, with a scale of its own. γ [heads, d_head]
    OwnHead,
    /// All heads of a position. γ [heads · d_head]
    AllHeads,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Attention {
    /// Causal, with scores scaled by 1/√d_head, and nothing else.
    pub fn plain(n_heads: usize, n_kv_heads: usize, d_head: usize) -> Self {
        Self {
            n_heads,
            n_kv_heads,
            d_head,
            mask: Mask::Causal,
            rotation: None,
            alibi: None,
            scale: 1.0 / (d_head as f64).sqrt(),
            softcap: None,
            sinks: false,
            qk_norm: None,
            qkv_bias: false,
            out_bias: false,
            unbiased_keys: false,
            norm: None,
            post_norm: None,
            sum_norm: None,
            source: None,
        }
    }

    /// Width of all query heads together.
    pub fn d_attn(&self) -> usize {
        self.n_heads * self.d_head
    }

    /// Width of all key heads together.
    pub fn d_kv(&self) -> usize {
        self.n_kv_heads * self.d_head
    }

    pub fn describe(&self, around: &Surroundings) -> Vec<Part> {
        let (h, g, d) = (Dim::Size(self.n_heads), Dim::Size(self.n_kv_heads), Dim::Size(self.d_head));
        let part = |name, work| around.on_stream(name, work);
        let heads = Heads {
            n_heads: self.n_heads,
            n_kv_heads: self.n_kv_heads,
            d_head: self.d_head,
            mask: self.mask.narrowed(around.toggles.attention.mask),
            source: self.source.map(|source| source.positions),
            activations: around.activations(),
        };
        let new = around.positions();
        let keys = match (self.source, new) {
            (Some(source), _) => Dim::Size(source.positions),
            (None, Dim::New) => Dim::Keys,
            (None, fixed) => fixed,
        };
        let (q, k) = (TensorShape::new("Q", &[h, new, d]), TensorShape::new("K", &[g, new, d]));
        let kv = |label, positions| TensorShape::new(label, &[g, positions, d]);
        let pattern = || vec![TensorShape::new("", &[h, new, keys])];
        let z = || vec![TensorShape::new("", &[h, new, d])];

        let mut parts = vec![Part { hooks: vec![Hook::AttnOut], ..part(Role::Attn, Work::Contains) }];
        if let Some(norm) = self.norm {
            parts.push(norm.describe(Role::AttnNorm, Slot::AttnNorm, around));
        }
        match self.source {
            None => parts.push(Part {
                makes: vec![q.clone(), kv("K V", new)],
                hooks: vec![Hook::Q, Hook::K, Hook::V],
                ..self.projections(around)
            }),
            Some(source) => parts.extend([
                Part { makes: vec![q.clone()], hooks: vec![Hook::Q], ..self.query(around) },
                Part { makes: vec![kv("K V", keys)], hooks: vec![Hook::K, Hook::V], ..self.key_value(source, around) },
            ]),
        }
        if let Some(qk_norm) = self.qk_norm {
            parts.push(Part {
                takes: vec![q.clone(), k.clone()],
                makes: vec![q.clone(), k.clone()],
                ..qk_norm.describe(self, around)
            });
        }
        if let Some(rotation) = &self.rotation {
            let turned = 2 * (self.n_heads + self.n_kv_heads) * rotation.dims;
            let work = Work::Elementwise {
                per_row: turned,
                per_position: rotation.dims,
                once: 0,
                of_logits: false,
                activations: around.activations(),
            };
            let both = vec![q.clone(), k.clone()];
            parts.push(Part { takes: both.clone(), makes: both, ..part(Role::Rope, work) });
        }
        // What sees the whole input at once, or another stack's result, has no past to keep.
        if around.toggles.kv_cache && self.source.is_none() && self.mask != Mask::Full {
            let work = Work::Cache { heads, kept: around.toggles.kv_dtype() };
            parts.push(Part {
                takes: vec![kv("K V", Dim::New)],
                makes: vec![kv("K V", Dim::PastAndNew)],
                ..part(Role::Cache, work)
            });
        }
        let sinks = if self.sinks {
            vec![Weights::Vector { slot: Slot::Sinks, shape: vec![self.n_heads], bias: false }]
        } else {
            Vec::new()
        };
        match around.toggles.attention.kernel {
            Kernel::Eager => parts.extend([
                Part {
                    takes: vec![q, kv("K", keys)],
                    makes: pattern(),
                    hooks: vec![Hook::RotQ, Hook::RotK, Hook::Scores],
                    ..part(Role::Scores, Work::Scores { heads })
                },
                Part {
                    weights: sinks,
                    takes: pattern(),
                    makes: pattern(),
                    hooks: vec![Hook::Pattern],
                    ..part(Role::Softmax, Work::Softmax { heads })
                },
                Part {
                    takes: vec![TensorShape::new("", &[h, new, keys]), kv("V", keys)],
                    makes: z(),
                    hooks: vec![Hook::Z],
                    ..part(Role::Values, Work::Values { heads })
                },
            ]),
            Kernel::Fused => parts.push(Part {
                weights: sinks,
                takes: vec![q, kv("K V", keys)],
                makes: z(),
                hooks: vec![Hook::RotQ, Hook::RotK, Hook::Z],
                ..part(Role::Fused, Work::Fused { heads })
            }),
        }
        parts.push(around.product(Role::Out, &[(Slot::Out, around.d_model)], self.d_attn(), self.out_bias));
        if let Some(norm) = self.post_norm {
            parts.push(norm.describe(Role::AttnPostNorm, Slot::AttnPostNorm, around));
        }
        parts
    }

    /// To queries, keys and values: three products or one.
    fn projections(&self, around: &Surroundings) -> Part {
        let rows = [(Slot::Q, self.d_attn()), (Slot::K, self.d_kv()), (Slot::V, self.d_kv())];
        // As they read the same input, they cost the same.
        let joined = around.product(Role::Qkv, &rows, around.d_model, self.qkv_bias);
        match around.toggles.fuse {
            Fuse::Joined if !self.unbiased_keys => joined,
            Fuse::Joined | Fuse::Separate => Part { weights: self.weights(&rows, around.d_model), ..joined },
        }
    }

    /// To queries alone.
    fn query(&self, around: &Surroundings) -> Part {
        around.product(Role::Query, &[(Slot::Q, self.d_attn())], around.d_model, self.qkv_bias)
    }

    /// To keys and values of another stack's result, once for an input.
    fn key_value(&self, source: Source, around: &Surroundings) -> Part {
        let rows = [(Slot::K, self.d_kv()), (Slot::V, self.d_kv())];
        let around = Surroundings { rows: Rows::Fixed(source.positions), ..*around };
        let both = around.product(Role::KeyValue, &rows, source.d_model, self.qkv_bias);
        Part { weights: self.weights(&rows, source.d_model), ..both }
    }

    /// A product for each slot.
    fn weights(&self, rows: &[(Slot, usize)], inner: usize) -> Vec<Weights> {
        let bias = |slot| self.qkv_bias && !(self.unbiased_keys && slot == Slot::K);
        rows.iter().map(|&(slot, n)| Weights::Product { rows: vec![(slot, n)], inner, bias: bias(slot) }).collect()
    }
}

impl QkNorm {
    fn describe(self, attention: &Attention, around: &Surroundings) -> Part {
        let shape = |heads: usize| match self.over {
            QkNormOver::Head => vec![attention.d_head],
            QkNormOver::OwnHead => vec![heads, attention.d_head],
            QkNormOver::AllHeads => vec![heads * attention.d_head],
        };
        let (of_q, of_k) = (shape(attention.n_heads), shape(attention.n_kv_heads));
        let numbers = |shape: &[usize]| shape.iter().product::<usize>() * if self.norm.shift { 2 } else { 1 };
        let work = Work::Elementwise {
            per_row: 2 * (attention.d_attn() + attention.d_kv()),
            per_position: 0,
            once: numbers(&of_q) + numbers(&of_k),
            of_logits: false,
            activations: around.activations(),
        };
        Part {
            weights: vec![
                Weights::Vector { slot: Slot::QNorm, shape: of_q, bias: self.norm.shift },
                Weights::Vector { slot: Slot::KNorm, shape: of_k, bias: self.norm.shift },
            ],
            ..around.on_stream(Role::QkNorm, work)
        }
    }
}

impl Alibi {
    /// The slope of each head: a geometric series whose ratio is 2^(−8/n), and where n is no power of two, every other
    /// one of the next power's. [n_heads]
    pub fn slopes(n_heads: usize) -> Vec<f64> {
        let series = |n: usize| move |k: usize| 2f64.powf(-8.0 * k as f64 / n as f64);
        let power = if n_heads.is_power_of_two() { n_heads } else { n_heads.next_power_of_two() / 2 };
        let first = (1..=power).map(series(power));
        first.chain((0..).map(|k| 2 * k + 1).map(series(2 * power))).take(n_heads).collect()
    }
}
