//! **Blockscope shows a transformer at work, block by block, in the terminal**: what each part
//! computes, what it costs, and what every optimisation really buys.
//!
//! The code is layered; a module imports only from the floors below its own
//! (`tests/architecture` holds this).
//!
//! | floor | module | is |
//! |---|---|---|
//! | 8 | [`tui`] | the terminal interface: state, one `update`, one file a screen |
//! | 8 | [`cli`] | the command line: one file a subcommand |
//! | 7 | [`worker`] | the thread that owns the model |
//! | 6 | [`interpret`] | what a model does with a text, and what changing a part of it does |
//! | 5 | [`measure`] | runs a model and measures |
//! | 5 | [`report`] | a run or a study as tables, JSON, pictures |
//! | 4 | [`analyse`] | what recorded runs and studies amount to |
//! | 3 | [`record`] | what was measured or seen, as plain data; its files |
//! | 3 | [`engine`] | a described model as tensors, and its forward pass, on LibTorch |
//! | 2 | [`arch`] | what a model is, as plain data: its parts, families, toggles |
//! | 2 | [`learn`] | the lessons, their worked examples and the glossary, as plain data |
//! | 2 | [`text`] | tokenizers, chat templates, how a token is shown |
//! | 1 | [`gguf`] | the GGUF container and its number formats |
//! | 0 | [`units`] | quantities and how they print |
//! | 0 | [`system`] | signals, foreign files, processes that can be ended |

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
pub mod system;
pub mod text;
pub mod tui;
pub mod units;
pub mod worker;
