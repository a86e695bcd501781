//! What can be done on the Memory screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{DOWN, END, HOME, PAGE_DOWN, PAGE_UP, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Memory",
    short_name: "Mem",
    key: &[char('4')],
    about: "what is alive when, and what for",
    shows: Shows::Run,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Up         [UP, char('k')]   "move" + Down, "Row above", "select the row above";
    Down       [DOWN, char('j')] "",      "Row below", "select the row below";
    Phase      [char('p')]       "phase", "Phase", "prefill or decode";
    Grouping   [char('o')]       "parts/blocks", "Rows", "a row for each part or for each block";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    First      [HOME]            "",      "First row", "go to the highest peak";
    Last       [END]             "",      "Last row", "go to the lowest peak";
};
