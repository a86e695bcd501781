//! The limits of this machine, measured while the interface is open.

use crate::units::Nanos;

/// How far the measuring has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measuring {
    pub stage: String,
    pub done: u64,
    pub total: u64,
    pub since: Nanos,
    /// Whether it was told to end and has not yet.
    pub cancelled: bool,
}
