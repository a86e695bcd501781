//! **Blockscope shows a transformer at work, block by block, in the terminal**: what each part
//! computes, what it costs, and what every optimisation really buys.
//!
//! The code is layered; a module imports only from the floors below its own
//! (`tests/architecture.rs` holds this).
//!
//! | floor | module | is |
//! |---|---|---|
//! | 6 | [`tui`] | the terminal interface: state, one `update`, one file a screen |
//! | 6 | [`cli`] | the command line: one file a subcommand |
//! | 5 | [`worker`] | the thread that owns the model |
//! | 4 | [`interpret`] | what a model does with a text, and what changing a part of it does |
//! | 3 | [`measure`] | runs a model and measures |
//! | 3 | [`report`] | a run or a study as tables, JSON, pictures |
//! | 2 | [`analyse`] | what recorded runs and studies amount to |
//! | 1 | [`record`] | what was measured or seen, as plain data; its files |
//! | 1 | [`learn`] | the lessons, their worked examples and the glossary, as plain data |
//! | 1 | [`model`] | the transformer, on LibTorch |
//! | 1 | [`text`] | tokenizers, chat templates, how a token is shown |
//! | 0 | [`gguf`] | the GGUF container and its number formats |
//! | 0 | [`units`] | quantities and how they print |

pub mod analyse;
pub mod arch;
pub mod cli;
pub mod engine;
pub mod gguf;
pub mod interpret;
pub mod learn;
pub mod measure;
pub mod record;
pub mod report;
pub mod text;
pub mod tui;
pub mod units;
pub mod worker;
