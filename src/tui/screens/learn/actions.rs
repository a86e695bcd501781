//! What can be done on the Learn screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{BACKSPACE, DOWN, END, ENTER, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Learn",
    short_name: "Learn",
    key: &[char('y')],
    about: "the lessons; from another screen back to where the open one takes place",
    shows: Shows::Lessons,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Up         [UP, char('k')]   "move" + Down, "Lesson above", "select the lesson above";
    Down       [DOWN, char('j')] "",      "Lesson below", "select the lesson below";
    Open       [ENTER]           "open",  "Open", "open the selected lesson, at the first page that was not read";
    Left       [LEFT, char('h')] "step" + Right, "Step before", "one step back in the example";
    Right      [RIGHT, char('l')] "",     "Next step", "one step on in the example";
    Close      [BACKSPACE]       "lessons", "Lessons", "from the example back to the list of lessons";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    First      [HOME]            "",      "First", "the first lesson, or the first step";
    Last       [END]             "",      "Last", "the last lesson, or the last step";
};
