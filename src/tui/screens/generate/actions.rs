//! What can be done on the Generate screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{DOWN, END, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Generate",
    short_name: "Text",
    key: &[char('5')],
    about: "the text, its probabilities, latency per token",
    shows: Shows::Run,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Left       [LEFT, char('h')] "token" + Right, "Token before", "select the token before";
    Right      [RIGHT, char('l')] "",     "Token after", "select the token after";
    Up         [UP, char('k')]   "",      "Line above", "select the token above";
    Down       [DOWN, char('j')] "",      "Line below", "select the token below";
    Colour     [char('c')]       "colour", "Colour by probability", "colour each token by how likely the model found it";
    Follow     [char('f'), END]  "follow", "Follow", "select the newest token, and stay with it";
    First      [HOME]            "",      "First token", "select the first new token";
    PageUp     [PAGE_UP]         "",      "Page up", "scroll the text up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "scroll the text down";
};
