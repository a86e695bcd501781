//! The selected cell of the lens.

use crate::record::explored::{LensCell, LensTable, Place};

/// Where it lies in the table.
#[derive(Clone, Copy)]
pub struct Selected<'l> {
    pub lens: &'l LensTable,
    /// The row, in the order of the pass.
    pub place: usize,
    /// Counted from the first position of the table.
    pub column: usize,
}

impl<'l> Selected<'l> {
    /// Its place and what it says; `None` where there is no such cell.
    pub fn cell(self) -> Option<(Place, &'l LensCell)> {
        let (place, cells) = self.lens.places.get(self.place)?;
        Some((*place, cells.get(self.column)?))
    }

    /// Of the text.
    pub fn position(self) -> usize {
        self.lens.first + self.column
    }
}
