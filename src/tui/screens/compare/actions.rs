//! What can be done on the Compare screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{DOWN, END, ENTER, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, SPACE, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Compare",
    short_name: "Cmp",
    key: &[char('7')],
    about: "what other toggles buy: time, memory, quality",
    shows: Shows::Study,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Choose     [char('c')]       "compare", "Compare", "choose other toggles, and measure both side by side";
    Up         [UP, char('k')]   "move" + Down, "Row above", "select the part above";
    Down       [DOWN, char('j')] "",      "Row below", "select the part below";
    Open       [RIGHT, ENTER, char('l'), SPACE] "open", "Open", "open a block into its parts; Enter closes it again";
    Close      [LEFT, char('h')] "",      "Close", "close it, or go to what contains it";
    Phase      [char('p')]       "phase", "Phase", "the parts in prefill or in decode";
    OpenAll    [char('+'), char('=')] "", "Open all", "open every block and stage";
    CloseAll   [char('-')]       "",      "Close all", "close every block and stage";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    First      [HOME]            "",      "First row", "go to the first part";
    Last       [END]             "",      "Last row", "go to the last part";
};
