//! What can be done on the Matrix screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{DOWN, END, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Matrix",
    short_name: "Mat",
    key: &[char('8')],
    about: "many configurations side by side",
    shows: Shows::Study,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Choose     [char('c')]       "compare all", "Compare all values", "measure every value of one toggle against the present toggles";
    Up         [UP, char('k')]   "move" + Down, "Row above", "select the row above";
    Down       [DOWN, char('j')] "",      "Row below", "select the row below";
    Left       [LEFT, char('h')] "sort" + Right, "Sort by the column before", "sort by the column to the left";
    Right      [RIGHT, char('l')] "",     "Sort by the next column", "sort by the column to the right";
    Reverse    [char('x')]       "reverse", "Reverse", "turn the order round";
    Phase      [char('p')]       "phase", "Phase", "ratio and plot of prefill or of decode";
    Grouping   [char('o')]       "table/plot", "Table or plot", "the table, or speed against quality with what is best on both";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    First      [HOME]            "",      "First row", "go to the first row";
    Last       [END]             "",      "Last row", "go to the last row";
};
