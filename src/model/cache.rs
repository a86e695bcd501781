//! The keys and values of past positions, kept so that they are computed once.

use super::allocator::{Tag, tagged};
use super::spec::Spec;
use tch::{Device, Kind, Tensor};

/// Room is added in steps of this many positions, or of half of what there is if that is more: a
/// token hardly ever pays for copying the ones before it.
const STEP: usize = 256;

/// One cache for each block.
pub struct KvCache {
    layers: Vec<LayerCache>,
}

/// The keys and values of one block. [batch, n_kv_heads, capacity, d_head]
pub struct LayerCache {
    keys: Tensor,
    values: Tensor,
    /// Positions in use.
    len: usize,
}

impl KvCache {
    /// An empty cache with room for `capacity` positions, in the activations' format and where they are.
    pub fn new(spec: &Spec, batch: usize, capacity: usize, options: (Kind, Device)) -> Self {
        let room = capacity.next_multiple_of(STEP).min(spec.n_ctx.max(capacity));
        let shape = [batch as i64, spec.n_kv_heads as i64, room as i64, spec.d_head as i64];
        let _tagged = tagged(Tag::KvCache);
        let empty = || Tensor::empty(shape, options);
        Self { layers: (0..spec.n_layers).map(|_| LayerCache { keys: empty(), values: empty(), len: 0 }).collect() }
    }

    /// Positions in it.
    pub fn len(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.len)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cache of one block.
    pub fn layer(&mut self, block: usize) -> &mut LayerCache {
        &mut self.layers[block]
    }

    /// Forgets everything after the first `len` positions.
    pub fn truncate(&mut self, len: usize) {
        for layer in &mut self.layers {
            layer.len = layer.len.min(len);
        }
    }
}

impl LayerCache {
    /// Writes the new positions behind the old ones, and returns all of them as views.
    /// [batch, n_kv_heads, T, d_head] → [batch, n_kv_heads, past + T, d_head]
    pub fn append(&mut self, keys: &Tensor, values: &Tensor) -> (Tensor, Tensor) {
        let (past, new) = (self.len as i64, keys.size()[2]);
        self.reserve((past + new) as usize);
        self.keys.narrow(2, past, new).copy_(keys);
        self.values.narrow(2, past, new).copy_(values);
        self.len += new as usize;
        (self.keys.narrow(2, 0, past + new), self.values.narrow(2, 0, past + new))
    }

    fn reserve(&mut self, needed: usize) {
        let capacity = self.keys.size()[2] as usize;
        if needed <= capacity {
            return;
        }
        let room = needed.max(capacity + STEP.max(capacity / 2)).next_multiple_of(STEP);
        for tensor in [&mut self.keys, &mut self.values] {
            let mut shape = tensor.size();
            shape[2] = room as i64;
            let larger = {
                let _tagged = tagged(Tag::KvCache);
                Tensor::empty(shape, (tensor.kind(), tensor.device()))
            };
            larger.narrow(2, 0, self.len as i64).copy_(&tensor.narrow(2, 0, self.len as i64));
            *tensor = larger;
        }
    }
}
