//! What can be done on the Roofline screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{DOWN, END, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Roofline",
    short_name: "Roof",
    key: &[char('3')],
    about: "how close everything comes to what this machine can do",
    shows: Shows::Run,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Up         [UP, LEFT, char('k'), char('h')] "point" + Down, "Point before", "select what took longer";
    Down       [DOWN, RIGHT, char('j'), char('l')] "", "Point after", "select what took less time";
    Phase      [char('p')]       "phase", "Phase", "prefill or decode";
    Grouping   [char('o')]       "parts/blocks/operators", "Points", "a point for each part, each block or each operator";
    MeasurePeaks [char('d')]     "measure roofs", "Measure the roofs", "measure anew what this machine can do; some seconds";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    First      [HOME]            "",      "First point", "what took longest";
    Last       [END]             "",      "Last point", "what took least time";
};
