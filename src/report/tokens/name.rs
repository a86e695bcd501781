//! How a tokenizer is called in a table.

use crate::text::{Cut, shown};

/// Columns at most of a name or a word in a table.
pub const NAME: usize = 24;

/// The last of its name, where that is long.
pub fn name(cut: &Cut) -> String {
    shown::truncate_start(&shown::line(&cut.tokenizer), NAME).into_owned()
}
