//! Something of two arms.

use crate::units::Bytes;

/// Something of the baseline, and the same of the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Both<T> {
    pub baseline: T,
    pub candidate: T,
}

impl<T> Both<T> {
    pub fn map<U>(self, mut of: impl FnMut(T) -> U) -> Both<U> {
        Both { baseline: of(self.baseline), candidate: of(self.candidate) }
    }
}

impl<T> Both<Option<T>> {
    /// Both, where there are both.
    pub fn both(self) -> Option<Both<T>> {
        Some(Both { baseline: self.baseline?, candidate: self.candidate? })
    }
}

impl Both<Bytes> {
    /// Candidate ÷ baseline; `None` where the baseline has none.
    pub fn ratio(&self) -> Option<f64> {
        (self.baseline.0 > 0).then(|| self.candidate.0 as f64 / self.baseline.0 as f64)
    }
}
