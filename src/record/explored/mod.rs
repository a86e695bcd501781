//! What is seen of a model at work on a text: patterns and scores of heads, what the residual stream says on its way,
//! who wrote a logit, what an intervention does, what a part matters. Plain data: it travels to the screen and into
//! files, and no model is needed to look at it.
//!
//! A head is named `block.head`, both from 0: 8.1 is head 1 of block 8.

mod effect;
#[cfg(test)]
pub mod fixture;
mod head;
mod importance;
mod scale;
mod stream;
mod text;

pub use effect::{Effect, Shift};
pub use head::{Area, Head, HeadScores, Pattern, Role, Score, Sink, Thumbnail};
pub use importance::{Component, Importance};
pub use scale::Scale;
pub use stream::{Attribution, LensCell, LensTable, Likely, Neuron, Place, Writer};
pub use text::Text;
