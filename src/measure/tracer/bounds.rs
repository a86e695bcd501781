//! How much a traced pass may leave behind.

/// How much one pass may leave behind. What does not fit is left out and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Bounds {
    pub operators: u32,
    /// Numbers that say the shapes of their arguments and results; some 30 an operator.
    pub words: u32,
    pub allocations: u32,
}

impl Default for Bounds {
    /// A pass of 15 times SmolLM2's operators; 23 MB.
    fn default() -> Self {
        Self { operators: 1 << 16, words: 1 << 21, allocations: 1 << 16 }
    }
}
