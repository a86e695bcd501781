//! A described model at work on LibTorch: read top to bottom, it is the architecture.
//!
//! [`source`] finds a model, [`weights`] brings its tensors, [`decoder`] runs it: [`block`], and [`parts`] of the same
//! names as in [`crate::arch`], which say what they are. [`cache`] keeps keys and values, [`linear`] multiplies by a
//! [`matrix`]. [`device`] is where it lies and computes; [`probe`] is how anybody watches; [`native`] are operators of
//! this program's own; [`tensor_file`] is how tensors lie in files.

pub mod allocator;
pub mod block;
pub mod cache;
pub mod cuda;
pub mod decoder;
pub mod device;
mod error;
mod kind;
pub mod linear;
pub mod matrix;
pub mod native;
pub mod parts;
pub mod probe;
pub mod source;
pub mod support;
pub mod tensor_file;
pub mod weights;

pub use decoder::Decoder;
pub use device::Device;
pub use error::{Error, Result};
pub use kind::TorchKind;
