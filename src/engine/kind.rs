//! Number formats in LibTorch's terms.

use crate::arch::formats::Precision;
use tch::Kind;

/// The kind of tensor that holds numbers of a format.
pub trait TorchKind {
    /// The numbers themselves; of four bits, two share a byte.
    fn kind(self) -> Kind;
}

impl TorchKind for Precision {
    fn kind(self) -> Kind {
        match self {
            Precision::F32 => Kind::Float,
            Precision::Bf16 => Kind::BFloat16,
            Precision::F16 => Kind::Half,
            Precision::Int8 => Kind::Int8,
            Precision::Int4 => Kind::Uint8,
        }
    }
}
