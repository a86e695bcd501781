//! How the text is read: which token is selected, and what is scrolled to.

/// How the Generate screen is read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The selected token; `None` follows the newest.
    pub selected: Option<usize>,
    /// Whether tokens are coloured by their probability.
    pub coloured: bool,
    /// The first line shown, where the user scrolled away from the selection.
    pub scroll: Option<usize>,
}
