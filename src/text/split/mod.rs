//! How a text is split into words before merging, by the names that GGUF files use. Each expression splits further
//! what the ones before it left, matches and gaps alike.

mod pre_tokenizer;
mod splitting;
mod table;
mod threes;

pub(super) use pre_tokenizer::PreTokenizer;
pub(super) use splitting::Splitting;
