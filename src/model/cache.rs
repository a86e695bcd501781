//! The keys and values of past positions, kept so that they are computed once.

use super::allocator::{Tag, tagged};
use super::matrix::in_eight_bits;
use super::native;
use super::spec::Spec;
use super::toggles::{Kernels, Precision, Reach};
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
    reach: Reach,
    /// Positions that came so far. A window does not keep all of them.
    len: usize,
}

/// Numbers by position, in the format in which they rest. [batch, n_kv_heads, capacity, d_head]
enum Store {
    Float {
        numbers: Tensor,
        /// The format in which they are read.
        kind: Kind,
        kernels: Kernels,
    },
    Int8 {
        numbers: Tensor,
        /// What one step is, for each head and position, bf16. [batch, n_kv_heads, capacity, 1]
        scale: Tensor,
        kind: Kind,
    },
}

impl KvCache {
    /// An empty cache with room for `capacity` positions. It keeps `precision`, and gives what the activations are.
    pub fn new(
        spec: &Spec,
        (reach, precision, kernels): (Reach, Precision, Kernels),
        batch: usize,
        capacity: usize,
        activations: (Kind, Device),
    ) -> Self {
        let room = match reach {
            Reach::All => capacity.next_multiple_of(STEP).min(spec.n_ctx.max(capacity)),
            Reach::Near { .. } => reach.kept(spec.n_ctx),
        };
        let shape = [batch as i64, spec.n_kv_heads as i64, room as i64, spec.d_head as i64];
        let _tagged = tagged(Tag::KvCache);
        let empty = || Store::new(shape, (precision, kernels), activations);
        let layer = |_| LayerCache { keys: empty(), values: empty(), reach, len: 0 };
        Self { layers: (0..spec.n_layers).map(layer).collect() }
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
    /// Takes in the new positions, and returns the keys and values of [`Reach::keys`] positions.
    /// [batch, n_kv_heads, T, d_head] → [batch, n_kv_heads, keys, d_head]
    pub fn append(&mut self, keys: &Tensor, values: &Tensor) -> (Tensor, Tensor) {
        let (past, new) = (self.len, keys.size()[2] as usize);
        self.len += new;
        let (reach, len) = (self.reach, self.len);
        let append = |store: &mut Store, numbers: &Tensor| match reach {
            Reach::All => {
                store.reserve(past, len);
                store.written(past, numbers, len)
            }
            // It takes the place of what has left the window; in which order keys lie does not matter.
            Reach::Near { .. } if new == 1 => store.written(reach.slot(past), numbers, reach.kept(len)),
            // Each of several sees what the later ones push out.
            Reach::Near { .. } => {
                let numbers = store.rounded(numbers);
                let all = if past == 0 {
                    numbers.shallow_clone()
                } else {
                    Tensor::cat(&[&store.read(reach.kept(past)), &numbers], 2)
                };
                for (slot, positions) in reach.written(past, len) {
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
    fn new(shape: [i64; 4], (precision, kernels): (Precision, Kernels), (kind, device): (Kind, Device)) -> Self {
        let numbers = Tensor::empty(shape, (precision.kind(), device));
        if precision.is_float() {
            return Self::Float { numbers, kind, kernels };
        }
        let [batch, heads, capacity, _] = shape;
        Self::Int8 { numbers, scale: Tensor::empty([batch, heads, capacity, 1], (Kind::BFloat16, device)), kind }
    }

    /// Writes from slot `start` on, and reads the first `len` slots.
    fn written(&mut self, start: usize, new: &Tensor, len: usize) -> Tensor {
        match self {
            Self::Float { numbers, kind, kernels: Kernels::Native } if [numbers.kind(), *kind] == [new.kind(); 2] => {
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
