//! Number formats of weights, activations and the KV cache.

/// A number format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    F32,
    Bf16,
    F16,
    /// Eight bits, with a scale for each row (for each head and position, in the KV cache).
    Int8,
    /// Four bits, with a scale and a minimum for each [`GROUP`] neighbours in a row.
    Int4,
}

/// How many neighbours of a row share a scale in [`Precision::Int4`].
pub const GROUP: usize = 32;

/// Every number format, from the widest to the narrowest.
pub const ALL_PRECISIONS: [Precision; 5] =
    [Precision::F32, Precision::Bf16, Precision::F16, Precision::Int8, Precision::Int4];

/// Whether projections of the same input are one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fuse {
    Separate,
    Joined,
}

/// In what the weights rest: where two sets of toggles agree in it, they can share them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Formats {
    pub weights: Precision,
    pub lm_head: Precision,
    /// Of norms and biases.
    pub compute: Precision,
    pub fuse: Fuse,
}

impl Precision {
    /// `f32`, `int4`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
            Precision::F16 => "f16",
            Precision::Int8 => "int8",
            Precision::Int4 => "int4",
        }
    }

    /// Bytes of a matrix [out, inner] with its scales.
    pub fn matrix_bytes(self, out: u64, inner: u64) -> u64 {
        let numbers = out * inner;
        match self {
            Precision::F32 => numbers * 4,
            Precision::Bf16 | Precision::F16 => numbers * 2,
            Precision::Int8 => numbers + out * 2,
            Precision::Int4 => numbers / 2 + out * inner.div_ceil(GROUP as u64) * 4,
        }
    }

    /// Bytes of a vector of `numbers` that share a scale, where the format has scales.
    pub fn row_bytes(self, numbers: u64) -> u64 {
        self.matrix_bytes(1, numbers)
    }

    /// Whether every number stands for itself.
    pub fn is_float(self) -> bool {
        !matches!(self, Precision::Int8 | Precision::Int4)
    }

    pub(super) fn among(self, allowed: &[Precision]) -> Option<Self> {
        allowed.contains(&self).then_some(self)
    }

    /// By the name that it has in toggles.
    pub fn parse(name: &str) -> Option<Self> {
        ALL_PRECISIONS.into_iter().find(|precision| precision.name() == name)
    }
}
