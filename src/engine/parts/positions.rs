//! What the blocks of a pass share: the rotations of the new positions, and which keys they attend to.

use super::rotation::{Rotary, Rotation};
use crate::arch::mask::{Mask, QueryChunk};
use crate::arch::parts::attention::{Alibi, Attention};
use tch::{Device, Kind, Tensor};

/// What differs between the layers of a model, each kind once.
pub struct Layouts {
    rotaries: Vec<(crate::arch::rotation::Rotation, Rotary)>,
    views: Vec<Layout>,
    /// Whether attention is computed by one kernel that never holds the matrix.
    is_fused: bool,
    is_native: bool,
    kind: Kind,
    device: Device,
}

/// Which keys some layers attend to, and how scores fall with the distance.
#[derive(Clone, PartialEq)]
struct Layout {
    mask: Mask,
    /// What a position further away takes from a score of each head; empty without ALiBi. [n_heads]
    slopes: Vec<f32>,
}

/// Which of these a layer has.
#[derive(Debug, Clone, Copy)]
pub struct LayerLayout {
    rotation: Option<usize>,
    view: usize,
}

/// What the layers of one pass share.
pub struct Positions {
    rotations: Vec<Rotation>,
    /// By kind of layer: the new positions, cut as they are computed; one of all of them, unless a window is narrow.
    views: Vec<Vec<View>>,
}

/// Queries that are computed together, the keys that they look at, and what of these is hidden from them.
pub struct View {
    chunk: QueryChunk,
    /// What is added to the scores. [queries, keys], or [1, n_heads, queries, keys]; absent where nothing is hidden, or the
    /// kernel does it.
    pub bias: Option<Tensor>,
    /// Whether the kernel itself is to hide what comes later.
    pub is_causal: bool,
    /// How many positions a query sees, where the kernel itself is to hide what is further away.
    pub window: Option<i64>,
}

impl Layouts {
    pub fn new(is_fused: bool, is_native: bool, kind: Kind, device: Device) -> Self {
        Self { rotaries: Vec::new(), views: Vec::new(), is_fused, is_native, kind, device }
    }

    /// The kind that a layer has, whose mask is `mask`.
    pub fn of_layer(&mut self, attn: &Attention, mask: Mask) -> LayerLayout {
        let rotation = attn.rotation.as_ref().map(|described| {
            let known = self.rotaries.iter().position(|(known, _)| known == described);
            known.unwrap_or_else(|| {
                let rotary = Rotary::new(described, self.device, self.is_native);
                self.rotaries.push((described.clone(), rotary));
                self.rotaries.len() - 1
            })
        });
        let layout = Layout { mask, slopes: slopes(attn) };
        let known = self.views.iter().position(|known| *known == layout);
        let view = known.unwrap_or_else(|| {
            self.views.push(layout);
            self.views.len() - 1
        });
        LayerLayout { rotation, view }
    }

    /// What positions `past .. past + new` share.
    pub fn of_pass(&self, past: usize, new: usize) -> Positions {
        Positions {
            rotations: self.rotaries.iter().map(|(_, rotary)| rotary.rotation(past, new, self.kind)).collect(),
            views: self.views.iter().map(|layout| self.cut(layout, past, new)).collect(),
        }
    }

    fn cut(&self, layout: &Layout, past: usize, new: usize) -> Vec<View> {
        let mask = layout.mask;
        let chunks = if self.is_fused { mask.chunks(past, new) } else { vec![mask.whole(past, new)] };
        chunks.into_iter().map(|chunk| self.view(layout, chunk, past, new)).collect()
    }

    fn view(&self, layout: &Layout, chunk: QueryChunk, past: usize, new: usize) -> View {
        // Our kernel knows the distance of keys that lie in the order of their positions: in a window's cache they do not.
        let by_our_kernel = self.is_fused && self.is_native && layout.mask == Mask::Causal;
        let has_slopes = !layout.slopes.is_empty() && !by_our_kernel;
        // Who looks from one position sees everything that was kept for it.
        let sees_all = new == 1 && !matches!(layout.mask, Mask::Chunks { .. });
        let by_kernel = match layout.mask {
            _ if !self.is_fused || has_slopes => false,
            // From the start, the fused kernel knows the triangle itself; ours knows its rest, too.
            Mask::Causal => past == 0 || self.is_native,
            // Keys that lie in the order of their positions.
            Mask::Window { sinks: 0, .. } => past == 0 && self.is_native,
            _ => false,
        };
        let bias =
            if has_slopes || !(sees_all || by_kernel) { Some(self.bias(layout, &chunk, past, new)) } else { None };
        let window = match layout.mask {
            Mask::Window { window, .. } if by_kernel && !sees_all => Some(window as i64),
            _ => None,
        };
        View { chunk, bias, is_causal: by_kernel && !sees_all, window }
    }

    /// −∞ for what is hidden, and what the distance takes. [queries, keys], or [1, n_heads, queries, keys] with slopes
    fn bias(&self, layout: &Layout, chunk: &QueryChunk, past: usize, new: usize) -> Tensor {
        let options = (Kind::Float, self.device);
        if layout.mask == Mask::Causal && layout.slopes.is_empty() {
            let all = [new as i64, (past + new) as i64];
            return Tensor::full(all, f64::NEG_INFINITY, (self.kind, self.device)).triu(past as i64 + 1);
        }
        let mut positions = layout.mask.positions(if new == 1 { past + 1 } else { past });
        if new > 1 {
            positions.extend(past..past + new);
        }
        let keys: Vec<usize> = chunk.keys.iter().flat_map(|keys| &positions[keys.clone()]).copied().collect();
        let rows = chunk.queries.clone().map(|query| past + query);
        let hidden = |query: usize, key: usize| if layout.mask.sees(query, key) { 0.0 } else { f32::NEG_INFINITY };
        let bias: Vec<f32> = rows.clone().flat_map(|query| keys.iter().map(move |&key| hidden(query, key))).collect();
        let shape = [chunk.queries.len() as i64, keys.len() as i64];
        let bias = Tensor::from_slice(&bias).view(shape).to_device(options.1);
        if layout.slopes.is_empty() {
            return bias.to_kind(self.kind);
        }
        let numbers = |positions: Vec<f32>| Tensor::from_slice(&positions).to_device(options.1);
        let queries = numbers(rows.map(|query| query as f32).collect()).unsqueeze(1);
        let distance = numbers(keys.iter().map(|&key| key as f32).collect()) - queries; // [queries, keys], at most 0
        let slopes = Tensor::from_slice(&layout.slopes).to_device(options.1).view([-1, 1, 1]);
        (bias + slopes * distance).unsqueeze(0).to_kind(self.kind)
    }
}

/// What a position further away takes from a score of each head. [n_heads]
pub fn slopes(attn: &Attention) -> Vec<f32> {
    match attn.alibi {
        None => Vec::new(),
        Some(alibi) => {
            let scale = if alibi.scaled { attn.scale } else { 1.0 };
            Alibi::slopes(attn.n_heads).into_iter().map(|slope| (slope * scale) as f32).collect()
        }
    }
}

impl Positions {
    pub fn rotation(&self, layer: LayerLayout) -> Option<&Rotation> {
        layer.rotation.map(|number| &self.rotations[number])
    }

    pub fn views(&self, layer: LayerLayout) -> &[View] {
        &self.views[layer.view]
    }
}

impl View {
    /// −∞ where a key comes later than its query, or lies outside of its window: what a kernel does itself, as a mask for
    /// one that cannot. The queries are the last of as many positions as there are keys. [queries, keys]
    pub fn hidden(&self, q: &Tensor, k: &Tensor) -> Tensor {
        let (queries, keys) = (q.size()[2], k.size()[2]);
        let infinite = Tensor::full([queries, keys], f64::NEG_INFINITY, (q.kind(), q.device()));
        let later = infinite.triu(keys - queries + 1);
        match self.window {
            Some(window) => later + infinite.tril(keys - queries - window),
            None => later,
        }
    }

    /// Its queries of all. [batch, n_heads, T, d_head] → [batch, n_heads, queries, d_head]
    pub fn queries(&self, q: &Tensor) -> Tensor {
        let queries = &self.chunk.queries;
        q.narrow(2, queries.start as i64, queries.len() as i64)
    }

    /// Its keys, or their values, of all. [batch, n_kv_heads, all, d_head] → [batch, n_kv_heads, keys, d_head]
    pub fn keys(&self, all: &Tensor) -> Tensor {
        let part = |keys: &std::ops::Range<usize>| all.narrow(2, keys.start as i64, keys.len() as i64);
        match self.chunk.keys.as_slice() {
            [one] => part(one),
            several => Tensor::cat(&several.iter().map(part).collect::<Vec<_>>(), 2),
        }
    }
}
