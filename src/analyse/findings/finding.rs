//! One thing worth knowing.

use crate::record::event::Phase;
use crate::units::Nanos;

/// Something worth knowing about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: `lm_head`, `eager_attention`. Stays the same from version to version.
    pub id: &'static str,
    pub phase: Phase,
    /// The part that it speaks of; for one that every block has, that of the first block.
    pub part: Option<u32>,
    pub text: String,
    /// What the remedy would save at most, of the phase in one repeat; 0 where nothing can be said.
    pub saves: Nanos,
}
