//! What learners predict, measured on the loaded model and text: one function a [`Quantity`].
//!
//! ```text
//! Subject (session, text) ─▶ measured(Quantity) ─▶ Measured: a number, or a value for each thing to be put in order
//! ```

mod common;
mod heads;
mod stream;
mod text;
mod work;

use super::subject::Subject;
use crate::engine::{Error, Result};
use crate::learn::{Measured, Quantity};

/// Measures a quantity, in the unit that [`Quantity::about`] names.
///
/// # Errors
/// This model or text has no such thing, or it was cancelled.
pub fn measured(quantity: Quantity, subject: &Subject) -> Result<Measured> {
    subject.check()?;
    let _no_grad = tch::no_grad_guard();
    let number = |value: Result<f64>| value.map(Measured::Number);
    let found = match quantity {
        Quantity::TopProbability => number(text::top_probability(subject)),
        Quantity::CharactersPerToken => number(text::characters_per_token(subject)),
        Quantity::TokensPerCharacter => text::tokens_per_character(subject).map(Measured::Order),
        Quantity::EmbeddingCosine => number(text::embedding_cosine(subject)),
        Quantity::SlowestTurn => number(heads::slowest_turn(subject)),
        Quantity::LargestWeight => number(heads::largest_weight(subject)),
        Quantity::NegativeScores => number(heads::negative_scores(subject)),
        Quantity::ScoreSpread => number(heads::score_spread(subject)),
        Quantity::StrongestHead => number(heads::strongest_head(subject)),
        Quantity::FutureWeight => number(heads::future_weight(subject)),
        Quantity::OpenGates => number(stream::open_gates(subject)),
        Quantity::StreamGrowth => number(stream::growth(subject)),
        Quantity::DecisionDepth => number(stream::decision_depth(subject)),
        Quantity::FirstChoices => number(text::first_choices(subject)),
        Quantity::RestingHeads => number(heads::resting_heads(subject)),
        Quantity::Writers => stream::writers(subject).map(Measured::Order),
        Quantity::Work => Ok(Measured::Order(work::by_part(subject))),
        Quantity::WithoutCache => number(work::without_cache(subject)),
        Quantity::SharedPatterns => number(heads::shared_patterns(subject)),
        Quantity::Repairs => number(heads::repairs(subject)),
        Quantity::FourBits => number(text::four_bits(subject)),
        Quantity::HalfWindow => number(work::half_window(subject)),
        Quantity::Accepted => number(text::accepted(subject)),
    }?;
    match found.is_finite() {
        true => Ok(found),
        false => Err(Error::Request("what was measured is no number on this model and text: try another text".into())),
    }
}
