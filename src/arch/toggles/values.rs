//! The values of the toggles.

use crate::arch::mask::Mask;
use std::fmt;
use std::str::FromStr;

/// How attention is computed, and over which keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attention {
    pub kernel: Kernel,
    /// Beside what the model itself lets a query attend to; [`Mask::Causal`] adds nothing.
    pub mask: Mask,
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
    pub const EAGER: Self = Self { kernel: Kernel::Eager, mask: Mask::Causal };
    pub const FUSED: Self = Self { kernel: Kernel::Fused, mask: Mask::Causal };

    /// Over the same keys, with the matrices in memory: what can be captured, and what others are tested against.
    pub fn made_eager(self) -> Self {
        Self { kernel: Kernel::Eager, ..self }
    }
}

impl fmt::Display for Attention {
    /// `fused`, `window:256`, `sinks:4+252`; with the matrices in memory `eager`, `eager+window:256`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kernel, self.mask) {
            (Kernel::Eager, Mask::Causal) => f.write_str("eager"),
            (Kernel::Fused, Mask::Causal) => f.write_str("fused"),
            (Kernel::Eager, mask) => write!(f, "eager+{mask}"),
            (Kernel::Fused, mask) => mask.fmt(f),
        }
    }
}

impl FromStr for Attention {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kernel, window) = match text.strip_prefix("eager+") {
            Some(window) => (Kernel::Eager, window),
            None if text == "eager" => return Ok(Self::EAGER),
            None if text == "fused" => return Ok(Self::FUSED),
            None => (Kernel::Fused, text),
        };
        match window.parse()? {
            mask @ Mask::Window { .. } => Ok(Self { kernel, mask }),
            // What belongs to a model is no choice.
            Mask::Causal | Mask::Chunks { .. } | Mask::Full => Err(()),
        }
    }
}
