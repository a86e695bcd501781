//! What recorded runs and studies amount to, worked out from the records alone: no model is needed.
//!
//! | of | is made |
//! |---|---|
//! | a traced run | [`Account`]: work, traffic and memory by part and operator; [`findings`]: what to do about it |
//! | a run, or another profiler's trace ([`chrome`]) | [`timeline`]: slices on tracks |
//! | a study | [`Comparison`], [`Sweep`], [`pareto`], on [`statistics`]; [`gate`] holds it against limits |
//! | a run and what its parts matter | [`worth`] |

pub mod account;
pub mod chrome;
pub mod comparison;
pub mod findings;
pub mod gate;
pub mod overhead;
pub mod pareto;
pub mod roofline;
pub mod statistics;
pub mod sweep;
pub mod timeline;
pub mod work;
pub mod worth;

pub use account::Account;
pub use comparison::Comparison;
pub use findings::{Finding, findings};
pub use overhead::Overhead;
pub use statistics::{Ratio, Verdict};
pub use sweep::Sweep;
pub use worth::{Worth, WorthTable};
