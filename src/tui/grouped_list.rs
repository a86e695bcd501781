//! A list of points or of memory, by parts, blocks or operators, with a selected row.

use super::action::Act;
use super::going::moved;

/// What a row of it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// A part with nothing inside, added up over all blocks.
    #[default]
    Parts,
    /// A block, or a part outside of blocks.
    Blocks,
    /// All calls of operators of one name.
    Operators,
}

/// How the list is read.
#[derive(Debug, Clone, Default)]
pub struct GroupedList {
    pub grouping: Grouping,
    /// The name of the selected row; the first one if it is not there.
    pub selected: String,
}

impl Grouping {
    pub const ALL: [Grouping; 3] = [Grouping::Parts, Grouping::Blocks, Grouping::Operators];

    pub fn name(self) -> &'static str {
        match self {
            Grouping::Parts => "parts",
            Grouping::Blocks => "blocks",
            Grouping::Operators => "operators",
        }
    }
}

impl GroupedList {
    /// Where the selection lies among these rows.
    pub fn index<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> usize {
        names.position(|name| name == self.selected).unwrap_or(0)
    }

    /// Moves the selection among rows of these names, `seen` of which there is room for, or turns to the next of the first
    /// so many groupings.
    pub fn perform(&mut self, act: Act, names: &[String], seen: usize, groupings: usize) {
        if act == Act::Grouping {
            self.grouping = Grouping::ALL[(self.grouping as usize + 1) % groupings];
            return;
        }
        let at = self.index(names.iter().map(String::as_str));
        if let Some(name) = names.get(moved(act, at, names.len(), seen)) {
            self.selected = name.clone();
        }
    }
}
