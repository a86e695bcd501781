//! The keys and values of past positions, kept so that they are computed once.

use super::allocator::{Tag, tagged};
use super::matrix::in_eight_bits;
use super::{TorchKind, native};
use crate::arch::Model;
use crate::arch::block::Block;
use crate::arch::formats::Precision;
use crate::arch::mask::Mask;
use tch::{Device, Kind, Tensor};

/// Room is added in steps of this many positions, or of half of what there is if that is more: a
/// token hardly ever pays for copying the ones before it.
const STEP: usize = 256;

/// One cache for each block.
pub struct KvCache {
    layers: Vec<LayerCache>,
}

/// The keys and values of one block.
pub struct LayerCache {
    keys: Store,
    values: Store,
    mask: Mask,
    /// Positions that came so far. A window does not keep all of them.
    len: usize,
}

/// Numbers by position, in the format in which they rest. [batch, n_kv_heads, capacity, d_head]
enum Store {
    Float {
        numbers: Tensor,
        /// The format in which they are read.
        kind: Kind,
        /// Whether an operator of this program's own writes them.
        is_native: bool,
    },
    Int8 {
        numbers: Tensor,
        /// What one step is, for each head and position, bf16. [batch, n_kv_heads, capacity, 1]
        scale: Tensor,
        kind: Kind,
    },
}

/// How caches are made.
#[derive(Debug, Clone, Copy)]
pub struct CacheOptions {
    /// What the user chose beside the layers' own masks.
    pub mask: Mask,
    /// The format in which keys and values rest.
    pub precision: Precision,
    /// Whether an operator of this program's own writes.
    pub is_native: bool,
    /// The format of the activations, and where they are.
    pub activations: (Kind, Device),
}

impl KvCache {
    /// An empty cache for `batch` sequences, with room for `capacity` positions of each.
    pub fn new(model: &Model, options: CacheOptions, batch: usize, capacity: usize) -> Self {
        let _tagged = tagged(Tag::KvCache);
        let layer = |block: &Block| {
            let mask = block.attn.mask.narrowed(options.mask);
            let room = match mask {
                Mask::Window { .. } => mask.kept(model.stack.n_ctx),
                Mask::Causal | Mask::Chunks { .. } | Mask::Full => {
                    capacity.next_multiple_of(STEP).min(model.stack.n_ctx.max(capacity))
                }
            };
            let shape = [batch, block.attn.n_kv_heads, room, block.attn.d_head].map(|size| size as i64);
            let empty = || Store::new(shape, &options);
            LayerCache { keys: empty(), values: empty(), mask, len: 0 }
        };
        Self { layers: model.stack.blocks.iter().map(layer).collect() }
    }

    /// Positions that came so far.
    pub fn len(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.len)
    }

    /// Whether none has come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cache of one block.
    pub fn layer(&mut self, block: usize) -> &mut LayerCache {
        &mut self.layers[block]
    }
}

impl LayerCache {
    /// Takes in the new positions, and returns the keys and values of [`Mask::keys`] positions.
    /// [batch, n_kv_heads, T, d_head] → [batch, n_kv_heads, keys, d_head]
    pub fn append(&mut self, keys: &Tensor, values: &Tensor) -> (Tensor, Tensor) {
        let (past, new) = (self.len, keys.size()[2] as usize);
        self.len += new;
        let (mask, len) = (self.mask, self.len);
        let append = |store: &mut Store, numbers: &Tensor| match mask {
            Mask::Causal | Mask::Chunks { .. } | Mask::Full => {
                store.reserve(past, len);
                store.written(past, numbers, len)
            }
            // It takes the place of what has left the window; in which order keys lie does not matter.
            Mask::Window { .. } if new == 1 => store.written(mask.slot(past), numbers, mask.kept(len)),
            // Each of several sees what the later ones push out.
            Mask::Window { .. } => {
                let numbers = store.rounded(numbers);
                let all = if past == 0 {
                    numbers.shallow_clone()
                } else {
                    Tensor::cat(&[&store.read(mask.kept(past)), &numbers], 2)
                };
                for (slot, positions) in mask.written(past, len) {
                    let (start, length) = (positions.start - past, positions.len());
                    store.write(slot, &numbers.narrow(2, start as i64, length as i64));
                }
                all
            }
        };
        (append(&mut self.keys, keys), append(&mut self.values, values))
    }
}

impl Store {
    fn new(shape: [i64; 4], options: &CacheOptions) -> Self {
        let (kind, device) = options.activations;
        let numbers = Tensor::empty(shape, (options.precision.kind(), device));
        if options.precision.is_float() {
            return Self::Float { numbers, kind, is_native: options.is_native };
        }
        let [batch, heads, capacity, _] = shape;
        Self::Int8 { numbers, scale: Tensor::empty([batch, heads, capacity, 1], (Kind::BFloat16, device)), kind }
    }

    /// Writes from slot `start` on, and reads the first `len` slots.
    fn written(&mut self, start: usize, new: &Tensor, len: usize) -> Tensor {
        match self {
            Self::Float { numbers, kind, is_native: true } if [numbers.kind(), *kind] == [new.kind(); 2] => {
                native::cache_written(numbers, new, start as i64, len as i64)
            }
            _ => {
                self.write(start, new);
                self.read(len)
            }
        }
    }

    /// Writes from slot `start` on. [batch, n_kv_heads, T, d_head]
    fn write(&mut self, start: usize, new: &Tensor) {
        let (start, length) = (start as i64, new.size()[2]);
        match self {
            Self::Float { numbers, .. } => numbers.narrow(2, start, length).copy_(new),
            Self::Int8 { numbers, scale, .. } => {
                let (steps, step) = quantised(new);
                numbers.narrow(2, start, length).copy_(&steps);
                scale.narrow(2, start, length).copy_(&step);
            }
        }
    }

    /// The first `len` slots, in the format of the activations; as a view where it is that already.
    fn read(&self, len: usize) -> Tensor {
        let first = |tensor: &Tensor| tensor.narrow(2, 0, len as i64);
        match self {
            Self::Float { numbers, kind, .. } => first(numbers).to_kind(*kind),
            Self::Int8 { numbers, scale, kind } => first(numbers).to_kind(*kind) * first(scale).to_kind(*kind),
        }
    }

    /// Numbers as they would be read after they were written.
    fn rounded(&self, new: &Tensor) -> Tensor {
        match self {
            Self::Float { numbers, kind, .. } => new.to_kind(numbers.kind()).to_kind(*kind),
            Self::Int8 { kind, .. } => {
                let (steps, step) = quantised(new);
                steps.to_kind(*kind) * step.to_kind(*kind)
            }
        }
    }

    /// Makes room for `needed` positions, of which the first `used` are kept.
    fn reserve(&mut self, used: usize, needed: usize) {
        let tensors = match self {
            Self::Float { numbers, .. } => vec![numbers],
            Self::Int8 { numbers, scale, .. } => vec![numbers, scale],
        };
        for tensor in tensors {
            let mut shape = tensor.size();
            let capacity = shape[2] as usize;
            if needed <= capacity {
                return;
            }
            shape[2] = needed.max(capacity + STEP.max(capacity / 2)).next_multiple_of(STEP) as i64;
            let larger = {
                let _tagged = tagged(Tag::KvCache);
                Tensor::empty(shape, (tensor.kind(), tensor.device()))
            };
            larger.narrow(2, 0, used as i64).copy_(&tensor.narrow(2, 0, used as i64));
            *tensor = larger;
        }
    }
}

/// In eight bits, with a scale for each head and position.
fn quantised(numbers: &Tensor) -> (Tensor, Tensor) {
    // As LibTorch's plain operators do where there is no memory.
    in_eight_bits(numbers).unwrap_or_else(|error| panic!("{error}"))
}
