//! The transformer itself, on LibTorch: read top to bottom, it is the architecture.
//!
//! [`spec`] says what a model is, [`weights`] brings its tensors, [`decoder`] runs it: [`block`],
//! [`attention`], [`mlp`], [`norm`], [`rope`], [`linear`], [`cache`]. [`toggles`] choose among parts
//! when the model is built; [`probe`] is how anybody watches; [`cost`] is what it should cost.

mod error;
pub mod probe;
pub mod spec;
pub mod toggles;

pub use error::{Error, Result};
pub use spec::Spec;
pub use toggles::{Toggle, Toggles};
