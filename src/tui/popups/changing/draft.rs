//! What is to be changed in the model or the text: the state of its popup.

use crate::interpret::{Change, Target};
use crate::record::explored::{Head, Place};
use crate::tui::explorer::{Explorer, Selection};
use crate::tui::screens::list::Screen;

/// What is being put together. Its rows are what, how, and below them the changes that there are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changing {
    pub row: usize,
    /// Which of the targets, and of the ways.
    pub what: usize,
    pub how: usize,
    /// The text of a token that is to stand there.
    pub text: String,
}

/// Rows before those of the changes.
pub const FIRST: usize = 2;

/// In how many ways a part is changed.
pub const WAYS: [(Change, &str); 6] = [
    (Change::Zero, "off: zero in its place"),
    (Change::Mean, "its mean over this text"),
    (Change::Scale(0.5), "half of it"),
    (Change::Scale(2.0), "twice as much"),
    (Change::Scale(-1.0), "the opposite of it"),
    (Change::Patch, "what it was on the pinned text"),
];

impl Changing {
    /// What can be changed from where the cursor is.
    pub fn targets(screen: Screen, selection: &Selection, explorer: &Explorer) -> Vec<Target> {
        let position = selection.query.min(explorer.text.tokens.len().saturating_sub(1)) as u32;
        let (head, place) = match screen {
            Screen::Lens => {
                let block = explorer.block_of(selection);
                let place = match (block, selection.place.min(2 * explorer.text.n_layers) % 2) {
                    (None, _) => Place::Embedded,
                    (Some(block), 1) => Place::Mid(block),
                    (Some(block), _) => Place::Post(block),
                };
                (Head { block: block.unwrap_or(0) as u32, head: selection.selected.head }, place)
            }
            _ => (selection.selected, Place::Post(selection.selected.block as usize)),
        };
        let (block, shared) = (head.block, explorer.text.n_heads / explorer.text.n_kv_heads.max(1));
        let mut targets = vec![Target::Head(head)];
        if shared > 1 {
            targets.push(Target::Group { block, group: head.head / shared as u32 });
        }
        targets.extend([Target::Attn(block), Target::Mlp(block), Target::Block(block)]);
        targets.extend([Target::Stream { place, position }, Target::Token { position }]);
        targets
    }

    /// What it is now.
    pub fn target(&self, screen: Screen, selection: &Selection, explorer: &Explorer) -> Target {
        let targets = Self::targets(screen, selection, explorer);
        targets[self.what.min(targets.len() - 1)]
    }

    /// The way that is chosen.
    pub fn way(&self) -> (Change, &'static str) {
        WAYS[self.how.min(WAYS.len() - 1)]
    }

    /// Text that is typed or pasted, into the token's field.
    pub fn paste(&mut self, text: &str) {
        self.text.extend(text.chars().filter(|c| crate::tui::sanitize::keeps(*c)));
    }
}
