//! Which run an event belongs to.

/// Numbers runs, so that late events of a cancelled one can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RunId(pub u64);
