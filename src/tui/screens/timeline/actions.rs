//! What can be done on the Timeline screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{DOWN, END, ENTER, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, SPACE, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Timeline",
    short_name: "Time",
    key: &[char('2')],
    about: "what happened when, down to operators",
    shows: Shows::Run,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Left       [LEFT, char('h')] "move" + Right, "Slice before", "select the slice before it in its row";
    Right      [RIGHT, char('l')] "",     "Slice after", "select the slice after it in its row";
    Up         [UP, char('k')]   "",      "Out", "select what it lies in, or the row above";
    Down       [DOWN, char('j')] "",      "In", "select what lies in it, or the row below";
    ZoomIn     [char('+'), char('=')] "zoom" + ZoomOut, "Zoom in", "half as much time, about the selected slice";
    ZoomOut    [char('-')]       "",      "Zoom out", "twice as much time";
    Open       [ENTER, SPACE]    "",      "Fill the window", "zoom until the selected slice fills the window";
    Whole      [char('z')]       "all",   "All of it", "show the whole time, and look for nothing";
    NextPass   [char('p')]       "pass",  "Next pass", "show the prefill, then one decode step after the other";
    PreviousPass [char('P')]     "",      "Pass before", "show the pass before";
    Slowest    [char('x')]       "slowest", "Slowest slice", "go to what takes longest itself; again: to the next";
    Find       [char('/')]       "find",  "Find", "find a name; its slices stand out";
    NextFound  [char('n')]       "next" + PreviousFound, "Next found", "go to the next slice of the name";
    PreviousFound [char('N')]    "",      "Found before", "go to the slice of the name before";
    Grouping   [char('o')]       "by name", "By name", "every slice, or operators, or parts or modules added up by name";
    PanLeft    [char('<'), char(',')] "", "Earlier", "move the window a quarter to the left";
    PanRight   [char('>'), char('.')] "", "Later", "move the window a quarter to the right";
    PageUp     [PAGE_UP]         "",      "Track above", "go to the thread or the rank above; in a list a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Track below", "go to the thread or the rank below; in a list a screenful down";
    First      [HOME]            "",      "Beginning", "move the window to the beginning";
    Last       [END]             "",      "End", "move the window to the end";
};
