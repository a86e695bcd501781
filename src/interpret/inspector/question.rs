//! What can be asked of a pass over a text.

use crate::interpret::Intervention;
use crate::record::explored::{Area, Head};
use std::ops::Range;

/// Something to look at, in the exploration that there is.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Part of a head's pattern, of every `bin` × `bin` cells the largest.
    Pattern { of: WhichPass, head: Head, area: Area, bin: usize },
    /// Where one query of a head looks: its share for each key.
    Links { head: Head, query: usize },
    /// What each key of a head receives, and how spread each query of it is.
    Margins { head: Head },
    /// The lens at every place, for some positions.
    Lens { positions: Range<usize>, top: usize },
    /// Who wrote the logit of a token, or the difference to another's.
    Attribution { position: usize, token: u32, versus: Option<u32> },
    /// The strongest neurons of a block's MLP at a position.
    Neurons { block: usize, position: usize },
    /// What becomes of the text when parts of the model are changed. Means are those over the text itself, patches come
    /// from the pinned one.
    Effect { interventions: Vec<Intervention>, new_tokens: usize },
    /// The tokens of a piece of text.
    Encode { text: String },
}

/// Of which pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichPass {
    /// The present one.
    Present,
    /// The one that was pinned.
    Pinned,
}
