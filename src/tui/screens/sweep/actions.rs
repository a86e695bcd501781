//! What can be done on the Sweep screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{DOWN, END, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Sweep",
    short_name: "Sweep",
    key: &[char('9')],
    about: "how time grows along a setting",
    shows: Shows::Study,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Choose     [char('c')]       "sweep", "Sweep", "measure prompts of growing length, with one or two sets of toggles";
    Up         [UP, LEFT, char('k'), char('h')] "point" + Down, "Point before", "select the point before";
    Down       [DOWN, RIGHT, char('j'), char('l')] "", "Point after", "select the point after";
    Phase      [char('p')]       "phase", "Phase", "prefill or decode";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    First      [HOME]            "",      "First point", "go to the first point";
    Last       [END]             "",      "Last point", "go to the last point";
};
