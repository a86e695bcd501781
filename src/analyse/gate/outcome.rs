//! What came of gates, for whoever asked for them: what was found, also of those that were reached.

use super::figures::Estimate;

/// What came of one gate for one candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The name of the arm that was held against it.
    pub candidate: String,
    /// The gate as it is written: `decode.tpot_ratio<=1.05`.
    pub gate: String,
    /// Whether it was reached; `None` where it does not apply, since this arm cannot be had.
    pub passed: Option<bool>,
    /// What was found, in the unit of the figure.
    pub found: Option<Estimate>,
    /// The same in a sentence, with the limit and the interval.
    pub said: String,
}

impl Outcome {
    /// Whether a single repeat decided: then there is no interval, and it may be chance.
    pub fn is_of_one_repeat(&self) -> bool {
        self.found.is_some_and(|found| found.repeats == Some(1))
    }
}

/// Whether all gates that apply were reached, and one did.
pub fn all_reached(outcomes: &[Outcome]) -> bool {
    let mut decided = outcomes.iter().filter_map(|outcome| outcome.passed).peekable();
    decided.peek().is_some() && decided.all(|passed| passed)
}
