//! **Blockscope shows a transformer at work, block by block, in the terminal**: what each part
//! computes, what it costs, and what every optimisation really buys.
//!
//! The code is layered; a module imports only from the floors below its own
//! (`tests/architecture.rs` holds this).
//!
//! | floor | module | is |
//! |---|---|---|
//! | 4 | [`tui`] | the terminal interface: state, one `update`, one file a screen |
//! | 4 | [`cli`] | the command line: one file a subcommand |
//! | 3 | [`worker`] | the thread that owns the model |
//! | 2 | [`profile`] | runs a model and measures |
//! | 2 | [`report`] | a run or a study as tables, JSON, pictures |
//! | 1 | [`learn`] | the lessons, their worked examples and the glossary, as plain data |
//! | 1 | [`model`] | the transformer, on LibTorch |
//! | 1 | [`text`] | tokenizers, chat templates, how a token is shown |
//! | 1 | [`trace`] | what was measured, as plain data; run files |
//! | 0 | [`gguf`] | the GGUF container and its number formats |
//! | 0 | [`units`] | quantities and how they print |
//! | 0 | [`system`] | signals, foreign files, processes that can be ended |

pub mod cli;
pub mod gguf;
pub mod learn;
pub mod model;
pub mod profile;
pub mod report;
pub mod system;
pub mod text;
pub mod trace;
pub mod tui;
pub mod units;
pub mod worker;
