//! An experiment: a claim, and the number that bears it out.

use super::subject::Subject;
use crate::engine::Result;
use std::fmt;

/// What kind of claim it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    /// It follows from the definitions.
    Law,
    /// Training made it so, of this model or of its tokenizer.
    Observation,
}

/// What a number must keep to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// What an experiment came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub value: f64,
    pub bound: Bound,
    /// What else was seen, in a few words.
    pub said: String,
}

/// An experiment.
#[derive(Clone, Copy)]
pub struct Proof {
    pub kind: ClaimKind,
    /// What it proves, as a sentence.
    pub claim: &'static str,
    /// What the number is.
    pub measure: &'static str,
    pub(super) run: fn(&Subject) -> Result<Outcome>,
}

impl Proof {
    /// Runs the experiment.
    ///
    /// # Errors
    /// It cannot be made with this model (without a tokenizer there is no text), or it was cancelled.
    pub fn run(&self, subject: &Subject) -> Result<Outcome> {
        subject.check()?;
        (self.run)(subject)
    }
}

impl Outcome {
    pub(super) fn at_most(value: f64, most: f64, said: impl Into<String>) -> Result<Self> {
        Ok(Self { value, bound: Bound::AtMost(most), said: said.into() })
    }

    pub(super) fn at_least(value: f64, least: f64, said: impl Into<String>) -> Result<Self> {
        Ok(Self { value, bound: Bound::AtLeast(least), said: said.into() })
    }

    /// Whether the number keeps to its bound; one that is none does not.
    pub fn passes(&self) -> bool {
        match self.bound {
            Bound::AtMost(most) => self.value <= most,
            Bound::AtLeast(least) => self.value >= least,
        }
    }
}

impl fmt::Display for Outcome {
    /// `2.4e-7 ≤ 1e-5`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, bound) = match self.bound {
            Bound::AtMost(most) => ('≤', most),
            Bound::AtLeast(least) => ('≥', least),
        };
        let holds = if self.passes() { "" } else { "not " };
        write!(f, "{} {holds}{sign} {}", Short(self.value), Short(bound))
    }
}

/// A number in few characters.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.abs() {
            0.0 => write!(f, "0"),
            size if (0.01..1e4).contains(&size) => {
                let fixed = format!("{:.3}", self.0);
                f.write_str(fixed.trim_end_matches('0').trim_end_matches('.'))
            }
            _ => f.write_str(&format!("{:.1e}", self.0).replace(".0e", "e")),
        }
    }
}

impl fmt::Display for ClaimKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ClaimKind::Law => "law",
            ClaimKind::Observation => "observation",
        })
    }
}
