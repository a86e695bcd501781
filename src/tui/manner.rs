//! How a run is made.

/// How a run is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Every part is timed.
    Timed,
    /// Every operator and every allocation is recorded, beside a plain run.
    Traced,
    /// It halts after every part.
    Stepped,
}
