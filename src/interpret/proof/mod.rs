//! What the lessons claim, proved on the loaded model: one experiment a lesson, each of which comes to a number that must
//! keep within a bound.
//!
//! A *law* holds for every model, whatever its weights: a number beyond the bound means that something is broken. An
//! *observation* is what training made of this model; one that is not made is no error of the program.
//!
//! ```text
//! Subject (session, text) ─▶ Proof::run ─▶ Outcome { value, bound, said }
//! ```
//!
//! What a learner predicts before is measured here, too: [`measured`] has a function for every quantity of `learn`.
//!
//! Nothing of the session is changed: where other toggles are wanted, the model is put together anew from the same weights.

mod attention;
mod cost;
mod experiment;
mod measured;
mod numbers;
mod stack;
mod subject;
mod text;

#[cfg(test)]
mod tests;

pub use experiment::{Bound, ClaimKind, Outcome, Proof};
pub use measured::measured;
pub use subject::Subject;

/// One a lesson, in their order.
pub const PROOFS: [Proof; 26] = [
    text::IN_AND_OUT,
    text::MERGES,
    text::SCRIPTS,
    text::UNIGRAM,
    text::EMBEDDING,
    attention::POSITIONS,
    attention::AVERAGE,
    attention::QUERIES_AND_KEYS,
    attention::SCALING,
    attention::HEADS,
    attention::MASK,
    stack::MLP,
    stack::RESIDUAL,
    stack::LENS,
    stack::PREDICTING,
    stack::INDUCTION,
    stack::ATTRIBUTION,
    stack::PATCHES,
    cost::FLOPS,
    cost::CACHE,
    cost::GROUPS,
    cost::FUSED,
    numbers::FORMATS,
    cost::WINDOWS,
    numbers::SPECULATION,
    numbers::GRADIENT,
];
