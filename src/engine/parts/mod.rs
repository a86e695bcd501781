//! The parts of a model at work, each in a file of the name that it has in [`crate::arch::parts`]; [`positions`] and
//! [`rotation`] are what [`crate::arch::mask`] and [`crate::arch::rotation`] come to in a pass.

pub mod attention;
pub mod embedding;
pub mod head;
pub mod mlp;
pub mod norm;
pub mod positions;
pub mod rotation;
