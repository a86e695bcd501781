//! What can be done on the Blocks screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{DOWN, END, ENTER, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, SPACE, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Blocks",
    short_name: "Blocks",
    key: &[char('1')],
    about: "time and work of every part of the model",
    shows: Shows::Run,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Up         [UP, char('k')]   "move" + Down, "Row above", "select the part above";
    Down       [DOWN, char('j')] "",      "Row below", "select the part below";
    Open       [RIGHT, ENTER, char('l'), SPACE] "open", "Open", "open a block into its parts, a traced part into its operators; Enter closes it again";
    Close      [LEFT, char('h')] "",      "Close", "close it, or go to what contains it";
    Phase      [char('p')]       "phase", "Phase", "prefill, decode, or both added up";
    PerStep    [char('u')]       "",      "Per step or total", "times and work of one decode step, or of all of them";
    Slowest    [char('x')]       "slowest", "Slowest part", "jump to the part with the longest time of its own";
    Choose     [char('c')]       "compare", "Compare", "choose other toggles, and measure what they buy";
    Findings   [char('f')]       "findings", "Findings", "what stands out in a traced phase, and what would help";
    OpenAll    [char('+'), char('=')] "", "Open all", "open every block and stage";
    CloseAll   [char('-')]       "",      "Close all", "close every block and stage";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    First      [HOME]            "",      "First row", "go to the first part";
    Last       [END]             "",      "Last row", "go to the last part";
};
