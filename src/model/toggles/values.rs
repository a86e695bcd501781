//! The values of the toggles.

use std::fmt;
use std::str::FromStr;

/// How attention is computed, and over which keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attention {
    pub kernel: Kernel,
    pub reach: Reach,
}

/// How the heads are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// Scores, softmax and values as three products, with the whole T×T matrix in memory.
    Eager,
    /// One kernel that never holds the matrix (LibTorch's scaled dot product attention; Dao et al.,
    /// arXiv:2205.14135).
    Fused,
}

/// Which of the keys before it a query sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    All,
    /// The first `sinks` positions and the `window` nearest ones, itself among them (Beltagy et al.,
    /// arXiv:2004.05150; with sinks Xiao et al., arXiv:2309.17453).
    Near {
        sinks: usize,
        window: usize,
    },
}

/// A number format, of weights, activations or the KV cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    F32,
    Bf16,
    F16,
    /// Eight bits, with a scale for each row (for each head and position, in the KV cache).
    Int8,
    /// Four bits, with a scale and a least number for each [`GROUP`] neighbours in a row.
    Int4,
}

/// How many neighbours of a row share a scale in [`Precision::Int4`].
pub const GROUP: usize = 32;

/// Whether projections of the same input are one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fuse {
    Separate,
    Joined,
}

/// Whose operators compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kernels {
    /// LibTorch's own.
    LibTorch,
    /// This program's, where it has one that is faster (`native/`).
    Native,
}

/// For which positions of a prefill the LM head computes logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Logits {
    All,
    Last,
}

impl Attention {
    pub const EAGER: Self = Self { kernel: Kernel::Eager, reach: Reach::All };
    pub const FUSED: Self = Self { kernel: Kernel::Fused, reach: Reach::All };

    /// Over the same keys, with the matrices in memory: what can be captured, and what others are tested against.
    pub fn made_eager(self) -> Self {
        Self { kernel: Kernel::Eager, ..self }
    }
}

impl fmt::Display for Attention {
    /// `fused`, `window:256`, `sinks:4+252`; with the matrices in memory `eager`, `eager+window:256`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kernel, self.reach) {
            (Kernel::Eager, Reach::All) => f.write_str("eager"),
            (Kernel::Fused, Reach::All) => f.write_str("fused"),
            (Kernel::Eager, reach) => write!(f, "eager+{reach}"),
            (Kernel::Fused, reach) => reach.fmt(f),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::All => f.write_str("all"),
            Reach::Near { sinks: 0, window } => write!(f, "window:{window}"),
            Reach::Near { sinks, window } => write!(f, "sinks:{sinks}+{window}"),
        }
    }
}

impl FromStr for Attention {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.parse().ok().filter(|n| (1..=1 << 24).contains(n)).ok_or(());
        let (kernel, reach) = match text.strip_prefix("eager+") {
            Some(reach) => (Kernel::Eager, reach),
            None if text == "eager" => return Ok(Self::EAGER),
            None if text == "fused" => return Ok(Self::FUSED),
            None => (Kernel::Fused, text),
        };
        let (sinks, window) = match (reach.strip_prefix("window:"), reach.strip_prefix("sinks:")) {
            (Some(window), _) => (0, number(window)?),
            (_, Some(both)) => {
                let (sinks, window) = both.split_once('+').ok_or(())?;
                (number(sinks)?, number(window)?)
            }
            _ => return Err(()),
        };
        Ok(Self { kernel, reach: Reach::Near { sinks, window } })
    }
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

    pub(super) fn parse(name: &str) -> Option<Self> {
        super::ALL_PRECISIONS.into_iter().find(|precision| precision.name() == name)
    }
}
