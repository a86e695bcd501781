//! What a model is, as plain data: a tree of parts, each of which says once what it is.
//!
//! [`families`] read a description out of a file's [`entries`] into a [`Model`]; its [`parts`] say which weights they
//! have ([`weight`]), what they should cost ([`work`]) and what they are called ([`path`], [`role`], [`hook`]). A model is
//! stacks of blocks and a head: most have one [`stack`]; what reads a picture beside a text, or sound, has more.
//! [`mask`] and [`rotation`] are the arithmetic of what a query attends to and of positions; [`toggles`] are the
//! optimisations that can be chosen, [`formats`] the number formats among them, [`memory`] whether it all fits, [`description`] how a model is written to a file.

pub mod block;
pub mod description;
pub mod entries;
mod error;
pub mod families;
#[cfg(test)]
pub mod fixture;
pub mod formats;
pub mod hook;
pub mod inventory;
pub mod mask;
pub mod memory;
pub mod model;
pub mod parts;
pub mod path;
pub mod role;
pub mod rotation;
pub mod stack;
pub mod toggles;
mod validation;
pub mod weight;
pub mod words;
pub mod work;

pub use error::{Error, Result};
pub use model::Model;
pub use toggles::{Toggle, Toggles};
