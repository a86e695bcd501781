//! The transformer itself, on LibTorch: read top to bottom, it is the architecture.
//!
//! [`spec`] says what a model is, [`weights`] brings its tensors, [`decoder`] runs it: [`block`],
//! [`attention`] (and its [`reach`]), [`mlp`], [`norm`], [`rope`], [`linear`] (and its [`matrix`]), [`cache`]. [`toggles`] choose among parts
//! when the model is built; [`device`] is where it lies and computes; [`probe`] is how anybody watches;
//! [`cost`] is what it should cost; [`tensor_file`] is how tensors lie in files.

pub mod allocator;
pub mod attention;
pub mod block;
pub mod cache;
pub mod config;
pub mod cost;
pub mod cuda;
pub mod decoder;
pub mod device;
mod error;
pub mod family;
pub mod linear;
pub mod matrix;
pub mod memory;
pub mod mlp;
pub mod native;
pub mod norm;
pub mod probe;
pub mod reach;
pub mod rope;
pub mod source;
pub mod spec;
pub mod tensor_file;
pub mod toggles;
pub mod weights;

pub use decoder::Decoder;
pub use device::Device;
pub use error::{Error, Result};
pub use spec::Spec;
pub use toggles::{Toggle, Toggles};
