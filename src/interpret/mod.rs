//! What a model does with a text: what its heads attend to, what the residual stream says, what parts
//! matter, what changes when one of them is changed, and whether what the lessons say of it is so.

pub mod capture;
pub mod explore;
pub mod inspector;
pub mod intervene;
pub mod proof;

pub use capture::{Capture, Hooks};
pub use explore::Exploration;
pub use inspector::Inspector;
pub use intervene::{Change, Intervention, Interventions, Sources, Target};
