//! What can be done on the Step screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{SPACE, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Step",
    short_name: "Step",
    key: &[char('6')],
    about: "what each part makes, one at a time",
    shows: Shows::Run,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    StepPart   [SPACE, char('n')] "part", "Next part", "run the next part, then halt";
    StepBlock  [char('b')]       "block", "To the block's end", "run to the end of the block, then halt";
    StepPass   [char('a')]       "pass",  "To the pass's end", "run to the end of the forward pass, then halt";
    StepOn     [char('g')]       "run on", "Run on", "run to the end without halting again";
};
