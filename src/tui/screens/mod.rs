//! The screens: a folder each, with its state, its actions and its drawing.

pub mod blocks;
pub mod compare;
pub mod generate;
pub mod heads;
pub mod learn;
pub mod lens;
pub mod matrix;
pub mod memory;
pub mod roofline;
pub mod step;
pub mod sweep;
pub mod timeline;
